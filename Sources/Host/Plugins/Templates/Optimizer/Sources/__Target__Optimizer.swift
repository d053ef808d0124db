import PluginAPI

/// AdaBelief (Zhuang et al. 2020) with decoupled weight decay: Adam whose steps are long where gradients are as expected.
///
///     m = b1 m + (1 - b1) g          s = b2 s + (1 - b2) (g - m)^2 + eps
///     w = w - lr (decay w + m / (1 - b1^t) / (sqrt(s / (1 - b2^t)) + eps))
public final class __Target__Optimizer: Optimizer {
  public struct OptimizerOptions: Options {
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    public var weightDecay = 0.01

    public init() {}

    // Basin knows an option of the name weightDecay: groups of parameters without decay get it as 0.
    public static var fields: [Field<Self>] {
      [
        Field("beta1", \.beta1, in: 0...0.999_999, "part of the mean gradient that is kept in each step"),
        Field("beta2", \.beta2, in: 0...0.999_999, "part of the mean squared surprise that is kept in each step"),
        Field("epsilon", \.epsilon, in: 1e-16...1, "added where the step is divided"),
        Field("weightDecay", \.weightDecay, in: 0...10, "part of the weights taken away in each step, times the rate"),
      ]
    }
  }

  /// What is remembered of one parameter; nothing before its first gradient.
  private struct Memory {
    var mean, surprise: Tensor
    /// Steps with a gradient.
    var steps: Int
  }

  private let options: OptimizerOptions
  private let parameters: [NamedTensor]
  private var memories: [String: Memory] = [:]

  public init(_ options: OptimizerOptions, parameters: [NamedTensor]) throws {
    self.options = options
    self.parameters = parameters.filter { $0.role == .parameter }
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      for parameter in parameters {
        // A parameter without a gradient stays as it is.
        guard let gradient = try parameter.tensor.gradient() else { continue }
        var memory = try memories[parameter.path] ?? Memory(mean: gradient * 0, surprise: gradient * 0, steps: 0)
        memory.steps += 1
        memories[parameter.path] = memory
        try memory.mean.lerp(to: gradient, weight: 1 - options.beta1)
        let difference = try gradient - memory.mean
        try memory.surprise.multiply(by: options.beta2)
        try memory.surprise.addProduct(difference, difference, scale: 1 - options.beta2)
        try memory.surprise.copy(from: memory.surprise + options.epsilon)

        try parameter.tensor.multiply(by: 1 - learningRate * options.weightDecay)
        let (first, second) = (1 - power(options.beta1, memory.steps), 1 - power(options.beta2, memory.steps))
        let scale = try (memory.surprise / second).sqrt() + options.epsilon
        try parameter.tensor.addQuotient(memory.mean, scale, scale: -learningRate / first)
      }
    }
  }

  private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0, square = base, rest = exponent
    while rest > 0 {
      if rest % 2 == 1 { result *= square }
      square *= square
      rest /= 2
    }
    return result
  }

  // MARK: State

  /// `mean/PATH`, `surprise/PATH` and the counters `steps/PATH`.
  public var state: OptimizerState {
    get throws {
      var state = OptimizerState()
      for (path, memory) in memories {
        state.tensors["mean/" + path] = try memory.mean.clone()
        state.tensors["surprise/" + path] = try memory.surprise.clone()
        state.counters["steps/" + path] = memory.steps
      }
      return state
    }
  }

  public func restore(_ state: OptimizerState) throws {
    var restored: [String: Memory] = [:]
    for parameter in parameters {
      guard let steps = state.counters["steps/" + parameter.path] else { continue }
      guard let mean = state.tensors["mean/" + parameter.path], let surprise = state.tensors["surprise/" + parameter.path],
        steps > 0, mean.shape == parameter.tensor.shape, surprise.shape == parameter.tensor.shape
      else {
        throw BasinError.badData("the saved state does not fit parameter \(parameter.path)", advice: "It is of another model")
      }
      // In memory as the gradients are, so that a step goes on as before.
      let like = try parameter.tensor.detached() * 0
      let memory = Memory(mean: like, surprise: try like.clone(), steps: steps)
      try memory.mean.copy(from: mean)
      try memory.surprise.copy(from: surprise)
      restored[parameter.path] = memory
    }
    guard state.tensors.count == 2 * restored.count, state.counters.count == restored.count else {
      throw BasinError.badData("the saved state is of other parameters", advice: "It is of another model or optimizer")
    }
    memories = restored
  }

  public func reset() throws { memories = [:] }
}
