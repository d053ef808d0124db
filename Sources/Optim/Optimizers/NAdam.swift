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
public final class NAdam: Optimizer {
  private let options: NAdamOptions
  private var buffers: ParameterBuffers
  /// P(t) for the counts last asked for. It is made anew from t after a restore: the same products in the same order.
  private var products: [Int: Double] = [:]

  public init(_ options: NAdamOptions, parameters: [NamedTensor]) throws {
    self.options = options
    buffers = ParameterBuffers(parameters, [.init(name: "exp_avg"), .init(name: "exp_avg_sq")], of: "nadam")
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      let batches = try buffers.advance()
      var used: [Int: Double] = [:]
      for batch in batches {
        let product = product(upTo: batch.count)
        used[batch.count] = product
        try step(batch, product, learningRate)
      }
      products = used
    }
  }

  private func step(_ batch: ParameterBuffers.Batch, _ product: Double, _ learningRate: Double) throws {
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
    let now = momentum(batch.count), next = momentum(batch.count + 1)
    try batch.weights.addQuotient(gradients, denominators, scale: -learningRate * (1 - now) / (1 - product))
    try batch.weights.addQuotient(means, denominators, scale: -learningRate * next / (1 - product * next))
  }

  private func momentum(_ count: Int) -> Double {
    options.beta1 * (1 - 0.5 * power(0.96, Double(count) * options.momentumDecay))
  }

  private func product(upTo count: Int) -> Double {
    if let known = products[count] { return known }
    if let before = products[count - 1] { return before * momentum(count) }
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
