import OptimKernels
import PluginAPI

/// Options of ``Lion``.
public struct LionOptions: Options {
  public var beta1 = 0.9
  public var beta2 = 0.99
  public var weightDecay = 0.0

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("beta1", \.beta1, in: 0...1, "part of the momentum in the direction of a step"),
      Field("beta2", \.beta2, in: 0...1, "memory of the momentum"),
      Field("weightDecay", \.weightDecay, in: 0...1000, "part of the learning rate the weights shrink by a step"),
    ]
  }
}

/// Lion: steps of one size along the sign of the momentum (Chen et al. 2023, arXiv 2302.06675, algorithm 2).
///
/// c = beta1 m + (1 - beta1) g; w becomes w - rate (sign(c) + weightDecay w); m becomes beta2 m + (1 - beta2) g. The
/// paper takes a rate 3 to 10 times smaller and a decay as much larger than AdamW's.
public final class Lion: Optimizer, KernelRule {
  private let options: LionOptions
  var buffers: ParameterBuffers
  let fused: Bool

  public convenience init(_ options: LionOptions, parameters: [NamedTensor]) throws {
    try self.init(options, parameters: parameters, fused: true)
  }

  /// - Parameter fused: false takes the plain twin, written in tensor operations.
  public init(_ options: LionOptions, parameters: [NamedTensor], fused: Bool) throws {
    self.options = options
    buffers = ParameterBuffers(parameters, [.init(name: "momentum")], of: "lion")
    self.fused = fused && buffers.trained.fitOwnKernels
  }

  func step(over pass: FusedPass, count: Int, learningRate: Double, sampleWeight: Double?) throws {
    let settings = BasinLionStep(
      learningRate: Float(learningRate), shrink: Float(1 - learningRate * options.weightDecay),
      directionWeight: Float(1 - options.beta1), meanWeight: Float(1 - options.beta2))
    try pass.run(basinLionStep, settings, sampleWeight: sampleWeight)
  }

  func stepPlainly(_ batch: ParameterBuffers.Batch, _ learningRate: Double) throws {
    let directions = try batch[0].interpolated(to: batch.gradients, weight: 1 - options.beta1)
    try directions.becomeSigns()
    if options.weightDecay != 0 { try batch.weights.multiply(by: 1 - learningRate * options.weightDecay) }
    try batch.weights.add(directions, scale: -learningRate)
    try batch[0].lerp(to: batch.gradients, weight: 1 - options.beta2)
  }

  /// `momentum/<path>` and the counter `step`.
  public var state: OptimizerState { get throws { try buffers.state } }
  public func restore(_ state: OptimizerState) throws { try buffers.restore(state) }
  public func reset() { buffers.reset() }
}
