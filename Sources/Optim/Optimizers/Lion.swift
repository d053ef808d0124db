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
public final class Lion: Optimizer {
  private let options: LionOptions
  private var buffers: ParameterBuffers

  public init(_ options: LionOptions, parameters: [NamedTensor]) throws {
    self.options = options
    buffers = ParameterBuffers(parameters, [.init(name: "momentum")], of: "lion")
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      for batch in try buffers.advance() {
        let directions = try batch[0].interpolated(to: batch.gradients, weight: 1 - options.beta1)
        try directions.becomeSigns()
        if options.weightDecay != 0 { try batch.weights.multiply(by: 1 - learningRate * options.weightDecay) }
        try batch.weights.add(directions, scale: -learningRate)
        try batch[0].lerp(to: batch.gradients, weight: 1 - options.beta2)
      }
    }
  }

  /// `momentum/<path>` and the counter `step`.
  public var state: OptimizerState { get throws { try buffers.state } }
  public func restore(_ state: OptimizerState) throws { try buffers.restore(state) }
  public func reset() { buffers.reset() }
}
