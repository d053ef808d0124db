import OptimKernels
import PluginAPI

/// Options of ``RMSprop``.
public struct RMSpropOptions: Options {
  public var alpha = 0.99
  public var epsilon = 1e-8
  public var momentum = 0.0
  public var centered = false
  public var weightDecay = 0.0

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("alpha", \.alpha, in: 0...0.999_999_999, "memory of the mean of the squared gradients"),
      Field("epsilon", \.epsilon, in: 0...1, "added to the denominator"),
      Field("momentum", \.momentum, in: 0...1, "part of the last direction kept for the next step"),
      Field("centered", \.centered, "divide by the standard deviation of the gradients, not by their root mean square"),
      Field("weightDecay", \.weightDecay, in: 0...1000, "L2 penalty, added to the gradient"),
    ]
  }
}

/// RMSprop (Tieleman and Hinton 2012; centered: Graves 2013), as `torch.optim.RMSprop`.
///
/// With g' = g + weightDecay w: v becomes alpha v + (1 - alpha) g'^2; the direction is g' / (sqrt(v) + epsilon), where
/// `centered` takes v - m^2 for v, m the mean of g' with the same memory. With momentum the step goes along
/// b = momentum b + direction.
public final class RMSprop: Optimizer, KernelRule {
  private let options: RMSpropOptions
  var buffers: ParameterBuffers
  let fused: Bool
  /// Where the kinds of buffers that not every run has lie.
  private let meanKind, momentumKind: Int

  public convenience init(_ options: RMSpropOptions, parameters: [NamedTensor]) throws {
    try self.init(options, parameters: parameters, fused: true)
  }

  /// - Parameter fused: false takes the plain twin, written in tensor operations.
  public init(_ options: RMSpropOptions, parameters: [NamedTensor], fused: Bool) throws {
    self.options = options
    var kinds = [ParameterBuffers.Kind(name: "square_avg")]
    meanKind = kinds.count
    if options.centered { kinds.append(.init(name: "grad_avg")) }
    momentumKind = kinds.count
    if options.momentum > 0 { kinds.append(.init(name: "momentum")) }
    buffers = ParameterBuffers(parameters, kinds, of: "rmsprop")
    self.fused = fused && buffers.trained.fitOwnKernels
  }

  func step(over pass: FusedPass, count: Int, learningRate: Double, sampleWeight: Double?) throws {
    let settings = BasinRMSpropStep(
      learningRate: Float(learningRate), weightDecay: Float(options.weightDecay), squareDecay: Float(options.alpha),
      squareWeight: Float(1 - options.alpha), epsilon: Float(options.epsilon), momentum: Float(options.momentum),
      centered: options.centered ? 1 : 0, hasMomentum: options.momentum > 0 ? 1 : 0)
    try pass.run(basinRMSpropStep, settings, sampleWeight: sampleWeight)
  }

  func stepPlainly(_ batch: ParameterBuffers.Batch, _ learningRate: Double) throws {
    let decay = options.weightDecay
    let gradients = decay == 0 ? batch.gradients : try batch.gradients.adding(batch.weights, scale: decay)
    let squares = batch[0]
    try squares.multiply(by: options.alpha)
    try squares.addProduct(gradients, gradients, scale: 1 - options.alpha)
    let denominators: [Tensor]
    if options.centered {
      let means = batch[meanKind]
      try means.lerp(to: gradients, weight: 1 - options.alpha)
      denominators = try squares.addingProduct(means, means, scale: -1)
      // Rounding can make the variance of gradients that hardly vary negative.
      try denominators.raise(to: 0)
      try denominators.becomeSquareRoots()
    } else {
      denominators = try squares.squareRoots()
    }
    try denominators.add(options.epsilon)
    guard options.momentum > 0 else {
      return try batch.weights.addQuotient(gradients, denominators, scale: -learningRate)
    }
    let directions = batch[momentumKind]
    try directions.multiply(by: options.momentum)
    try directions.addQuotient(gradients, denominators, scale: 1)
    try batch.weights.add(directions, scale: -learningRate)
  }

  /// `square_avg/<path>`, with the options `grad_avg/<path>` and `momentum/<path>`, and the counter `step`.
  public var state: OptimizerState { get throws { try buffers.state } }
  public func restore(_ state: OptimizerState) throws { try buffers.restore(state) }
  public func reset() { buffers.reset() }
}
