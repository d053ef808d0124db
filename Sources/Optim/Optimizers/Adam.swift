import PluginAPI

/// Which of the two ways weight decay goes; see ``Adam`` and ``AdamW``.
public protocol AdamDecay: Sendable {
  static var name: String { get }
  static var isDecoupled: Bool { get }
  static var defaultWeightDecay: Double { get }
}

/// Decay as an L2 penalty: added to the gradient.
public enum PenaltyDecay: AdamDecay {
  public static let name = "adam"
  public static let isDecoupled = false
  public static let defaultWeightDecay = 0.0
}

/// Decay of the weights themselves, by learningRate * weightDecay a step.
public enum DecoupledDecay: AdamDecay {
  public static let name = "adamw"
  public static let isDecoupled = true
  public static let defaultWeightDecay = 0.01
}

/// Adam (Kingma and Ba 2015), weight decay as an L2 penalty, as `torch.optim.Adam`.
public typealias Adam = AdamOptimizer<PenaltyDecay>

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as `torch.optim.AdamW`.
public typealias AdamW = AdamOptimizer<DecoupledDecay>

/// Options of ``Adam`` and ``AdamW``.
public struct AdamOptions<Decay: AdamDecay>: Options {
  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-8
  public var weightDecay = Decay.defaultWeightDecay
  public var amsgrad = false

  public init() {}

  public static var fields: [Field<Self>] {
    let decay =
      Decay.isDecoupled ? "part of the learning rate the weights shrink by a step" : "L2 penalty, added to the gradient"
    return [
      Field("beta1", \.beta1, in: 0...0.999_999_999, "memory of the mean of the gradients"),
      Field("beta2", \.beta2, in: 0...0.999_999_999, "memory of the mean of their squares"),
      Field("epsilon", \.epsilon, in: 0...1, "added to the denominator"),
      Field("weightDecay", \.weightDecay, in: 0...1000, decay),
      Field("amsgrad", \.amsgrad, "divide by the largest mean of squares so far (AMSGrad)"),
    ]
  }
}

/// ``Adam`` or ``AdamW``.
public final class AdamOptimizer<Decay: AdamDecay>: Optimizer {
  let options: AdamOptions<Decay>
  var buffers: ParameterBuffers
  let fused: Bool
  private let fusedOperator = Operator(Decay.isDecoupled ? "aten::_fused_adamw_" : "aten::_fused_adam_")
  private var stepTensors = StepTensors()

  public convenience init(_ options: AdamOptions<Decay>, parameters: [NamedTensor]) throws {
    try self.init(options, parameters: parameters, fused: true)
  }

  /// - Parameter fused: false takes the plain twin, written in tensor operations.
  public init(_ options: AdamOptions<Decay>, parameters: [NamedTensor], fused: Bool) throws {
    self.options = options
    let kinds = ["exp_avg", "exp_avg_sq"] + (options.amsgrad ? ["max_exp_avg_sq"] : [])
    buffers = ParameterBuffers(parameters, kinds.map { .init(name: $0) }, of: Decay.name)
    self.fused = fused && buffers.trained.fitFusedKernels
  }

  public func step(learningRate: Double) throws {
    if let pass = try ordinaryPass(learningRate, sampling: nil) { return try pass.run() }
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
    try fusedOperator.run(
      .tensors(batch.weights), .tensors(batch.gradients), .tensors(batch[0]), .tensors(batch[1]),
      .tensors(options.amsgrad ? batch[2] : []),
      .tensors(stepTensors.counting(batch)), .double(learningRate),
      .double(options.beta1), .double(options.beta2), .double(options.weightDecay), .double(options.epsilon),
      .bool(options.amsgrad), .bool(false))
  }

  private func stepPlainly(_ batch: ParameterBuffers.Batch, _ learningRate: Double) throws {
    let means = batch[0], squares = batch[1], decay = options.weightDecay
    var gradients = batch.gradients
    if decay != 0, Decay.isDecoupled { try batch.weights.multiply(by: 1 - learningRate * decay) }
    if decay != 0, !Decay.isDecoupled { gradients = try gradients.adding(batch.weights, scale: decay) }
    try means.lerp(to: gradients, weight: 1 - options.beta1)
    try squares.multiply(by: options.beta2)
    try squares.addProduct(gradients, gradients, scale: 1 - options.beta2)
    if options.amsgrad { try batch[2].raise(to: squares) }
    let deviations = try (options.amsgrad ? batch[2] : squares).squareRoots()
    try deviations.multiply(by: 1 / (1 - power(options.beta2, batch.count)).squareRoot())
    try deviations.add(options.epsilon)
    let meanCorrection = 1 - power(options.beta1, batch.count)
    try batch.weights.addQuotient(means, deviations, scale: -learningRate / meanCorrection)
  }

  /// `exp_avg/<path>`, `exp_avg_sq/<path>`, with `amsgrad` also `max_exp_avg_sq/<path>`, and the counter `step`;
  /// `step/<path>` for parameters that lag behind.
  public var state: OptimizerState { get throws { try buffers.state } }
  public func restore(_ state: OptimizerState) throws { try buffers.restore(state) }
  public func reset() { buffers.reset() }
}
