import OptimKernels
import PluginAPI

/// Options of ``NAdam``.
public struct NAdamOptions: Options {
  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-8
  public var momentumDecay = 4e-3
  public var weightDecay = 0.0
  public var decoupled = false

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("beta1", \.beta1, in: 0...0.999_999_999, "memory of the mean of the gradients"),
      Field("beta2", \.beta2, in: 0...0.999_999_999, "memory of the mean of their squares"),
      Field("epsilon", \.epsilon, in: 0...1, "added to the denominator"),
      Field("momentumDecay", \.momentumDecay, in: 0...1000, "how fast the momentum grows from beta1 / 2 to beta1"),
      Field(
        "weightDecay", \.weightDecay, in: 0...1000,
        "L2 penalty, added to the gradient; with decoupled, part of the learning rate the weights shrink by a step"),
      Field("decoupled", \.decoupled, "weight decay of the weights themselves, as in AdamW"),
    ]
  }
}

/// Adam with Nesterov momentum (Dozat 2016), as `torch.optim.NAdam`.
///
/// With mu(t) = beta1 (1 - 0.96^(t momentumDecay) / 2), P(t) the product of mu(1) ... mu(t), m and v Adam's means and
/// v' = v / (1 - beta2^t), the step is -rate [(1 - mu(t)) g / (1 - P(t)) + mu(t + 1) m / (1 - P(t + 1))] / (sqrt(v') +
/// epsilon).
public final class NAdam: Optimizer, KernelRule {
  private let options: NAdamOptions
  var buffers: ParameterBuffers
  let fused: Bool
  /// P(t) for the counts last asked for, two for each age of parameters. It is made anew from t after a restore: the
  /// same products in the same order.
  private var products: [Int: Double] = [:]

  public convenience init(_ options: NAdamOptions, parameters: [NamedTensor]) throws {
    try self.init(options, parameters: parameters, fused: true)
  }

  /// - Parameter fused: false takes the plain twin, written in tensor operations.
  public init(_ options: NAdamOptions, parameters: [NamedTensor], fused: Bool) throws {
    self.options = options
    buffers = ParameterBuffers(parameters, [.init(name: "exp_avg"), .init(name: "exp_avg_sq")], of: "nadam")
    self.fused = fused && buffers.trained.fitOwnKernels
  }

  func step(over pass: FusedPass, count: Int, learningRate: Double, sampleWeight: Double?) throws {
    let decay = options.weightDecay, scales = scales(count)
    let settings = BasinAdamStep(
      moments: BasinMoments(beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon, count: count),
      shrink: options.decoupled ? Float(1 - learningRate * decay) : 1, penalty: options.decoupled ? 0 : Float(decay),
      meanStep: Float(learningRate * scales.mean), gradientStep: Float(learningRate * scales.gradient))
    try pass.run(basinAdamStep, settings, sampleWeight: sampleWeight)
  }

  func stepPlainly(_ batch: ParameterBuffers.Batch, _ learningRate: Double) throws {
    let decay = options.weightDecay, means = batch[0], squares = batch[1]
    var gradients = batch.gradients
    if decay != 0, options.decoupled { try batch.weights.multiply(by: 1 - learningRate * decay) }
    if decay != 0, !options.decoupled { gradients = try gradients.adding(batch.weights, scale: decay) }
    try means.lerp(to: gradients, weight: 1 - options.beta1)
    try squares.multiply(by: options.beta2)
    try squares.addProduct(gradients, gradients, scale: 1 - options.beta2)
    let denominators = try squares.squareRoots()
    try denominators.multiply(by: 1 / (1 - power(options.beta2, batch.count)).squareRoot())
    try denominators.add(options.epsilon)
    let scales = scales(batch.count)
    try batch.weights.addQuotient(gradients, denominators, scale: -learningRate * scales.gradient)
    try batch.weights.addQuotient(means, denominators, scale: -learningRate * scales.mean)
  }

  /// What gradient and mean are multiplied by in step `count`.
  private func scales(_ count: Int) -> (gradient: Double, mean: Double) {
    let now = momentum(count), next = momentum(count + 1), product = product(upTo: count)
    return ((1 - now) / (1 - product), next / (1 - product * next))
  }

  private func momentum(_ count: Int) -> Double {
    options.beta1 * (1 - 0.5 * power(0.96, Double(count) * options.momentumDecay))
  }

  private func product(upTo count: Int) -> Double {
    let found = products[count] ?? products[count - 1].map { $0 * momentum(count) } ?? productFromTheBeginning(count)
    products[count] = found
    // Parameters of this age ask for the next one from now on.
    products[count - 2] = nil
    return found
  }

  private func productFromTheBeginning(_ count: Int) -> Double {
    var product = 1.0
    for earlier in 1...max(count, 1) {
      product *= momentum(earlier)
      if product == 0 { break }
    }
    return product
  }

  /// `exp_avg/<path>`, `exp_avg_sq/<path>` and the counter `step`.
  public var state: OptimizerState { get throws { try buffers.state } }

  public func restore(_ state: OptimizerState) throws {
    try buffers.restore(state)
    products = [:]
  }

  public func reset() {
    buffers.reset()
    products = [:]
  }
}
