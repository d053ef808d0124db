import PluginAPI

/// Options of ``LAMB``.
public struct LAMBOptions: Options {
  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-6
  public var weightDecay = 0.01

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("beta1", \.beta1, in: 0...0.999_999_999, "memory of the mean of the gradients"),
      Field("beta2", \.beta2, in: 0...0.999_999_999, "memory of the mean of their squares"),
      Field("epsilon", \.epsilon, in: 0...1, "added to the denominator"),
      Field("weightDecay", \.weightDecay, in: 0...1000, "added to the direction before its length is set"),
    ]
  }
}

/// LAMB: Adam's direction, as long in every tensor as the tensor itself (You et al. 2020, arXiv 1904.00962,
/// algorithm 2).
///
/// With Adam's corrected means m' and v': u = m' / (sqrt(v') + epsilon) + weightDecay w; the step is
/// -rate (|w| / |u|) u, norms over a whole tensor, the ratio 1 where one of them is 0. The paper's phi is the identity.
public final class LAMB: Optimizer {
  private let options: LAMBOptions
  private var buffers: ParameterBuffers

  public init(_ options: LAMBOptions, parameters: [NamedTensor]) throws {
    self.options = options
    buffers = ParameterBuffers(parameters, [.init(name: "exp_avg"), .init(name: "exp_avg_sq")], of: "lamb")
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      for batch in try buffers.advance() { try step(batch, learningRate) }
    }
  }

  private func step(_ batch: ParameterBuffers.Batch, _ learningRate: Double) throws {
    let means = batch[0], squares = batch[1]
    try means.lerp(to: batch.gradients, weight: 1 - options.beta1)
    try squares.multiply(by: options.beta2)
    try squares.addProduct(batch.gradients, batch.gradients, scale: 1 - options.beta2)
    // m' / (sqrt(v') + epsilon) with both corrections in the denominator: one pass less.
    let meanCorrection = 1 - power(options.beta1, batch.count)
    let squareCorrection = 1 - power(options.beta2, batch.count)
    let denominators = try squares.squareRoots()
    try denominators.multiply(by: meanCorrection / squareCorrection.squareRoot())
    try denominators.add(meanCorrection * options.epsilon)
    let directions = try means.divided(by: denominators)
    if options.weightDecay != 0 { try directions.add(batch.weights, scale: options.weightDecay) }
    let lengths = zip(try batch.weights.norms(), try directions.norms())
    for ((weight, direction), (weightLength, length)) in zip(zip(batch.weights, directions), lengths) {
      let ratio = weightLength > 0 && length > 0 ? weightLength / length : 1
      try weight.add(direction, scale: -learningRate * ratio)
    }
  }

  /// `exp_avg/<path>`, `exp_avg_sq/<path>` and the counter `step`.
  public var state: OptimizerState { get throws { try buffers.state } }
  public func restore(_ state: OptimizerState) throws { try buffers.restore(state) }
  public func reset() { buffers.reset() }
}
