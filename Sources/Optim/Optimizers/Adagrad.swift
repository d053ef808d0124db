import PluginAPI

/// Options of ``Adagrad``.
public struct AdagradOptions: Options {
  public var lrDecay = 0.0
  public var initialAccumulator = 0.0
  public var epsilon = 1e-10
  public var weightDecay = 0.0

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("lrDecay", \.lrDecay, in: 0...1000, "the rate of step t is divided by 1 + (t - 1) lrDecay"),
      Field("initialAccumulator", \.initialAccumulator, in: 0...1e6, "what the sum of squares starts from"),
      Field("epsilon", \.epsilon, in: 0...1, "added to the denominator"),
      Field("weightDecay", \.weightDecay, in: 0...1000, "L2 penalty, added to the gradient"),
    ]
  }
}

/// Adagrad (Duchi, Hazan and Singer 2011), as `torch.optim.Adagrad`.
///
/// With g' = g + weightDecay w: the sum s grows by g'^2, the step is -rate g' / (sqrt(s) + epsilon).
public final class Adagrad: Optimizer {
  private let options: AdagradOptions
  private var buffers: ParameterBuffers
  private let fused: Bool
  private static let fusedOperator = Operator("aten::_fused_adagrad_")
  private var stepTensors = StepTensors()

  public convenience init(_ options: AdagradOptions, parameters: [NamedTensor]) throws {
    try self.init(options, parameters: parameters, fused: true)
  }

  /// - Parameter fused: false takes the plain twin, written in tensor operations.
  public init(_ options: AdagradOptions, parameters: [NamedTensor], fused: Bool) throws {
    self.options = options
    buffers = ParameterBuffers(
      parameters, [.init(name: "sum", start: .value(options.initialAccumulator))], of: "adagrad")
    self.fused = fused && buffers.trained.fitFusedKernels
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      for batch in try buffers.advance() {
        if fused {
          try runFused(batch, learningRate)
        } else {
          for part in batch.parts { try stepPlainly(part, learningRate) }
        }
      }
    }
  }

  private func runFused(_ batch: ParameterBuffers.Batch, _ learningRate: Double) throws {
    try Self.fusedOperator.run(
      .tensors(batch.weights), .tensors(batch.gradients), .tensors(batch[0]),
      .tensors(stepTensors.counting(batch)), .double(learningRate), .double(options.lrDecay),
      .double(options.weightDecay), .double(options.epsilon), .bool(false))
  }

  private func stepPlainly(_ batch: ParameterBuffers.Batch, _ learningRate: Double) throws {
    let decay = options.weightDecay
    let gradients = decay == 0 ? batch.gradients : try batch.gradients.adding(batch.weights, scale: decay)
    try batch[0].addProduct(gradients, gradients, scale: 1)
    let denominators = try batch[0].squareRoots()
    try denominators.add(options.epsilon)
    let rate = learningRate / (1 + Double(batch.count - 1) * options.lrDecay)
    try batch.weights.addQuotient(gradients, denominators, scale: -rate)
  }

  /// `sum/<path>` and the counter `step`.
  public var state: OptimizerState { get throws { try buffers.state } }
  public func restore(_ state: OptimizerState) throws { try buffers.restore(state) }
  public func reset() { buffers.reset() }
}
