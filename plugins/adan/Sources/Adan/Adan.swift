import PluginAPI

/// Options of ``Adan``.
public struct AdanOptions: Options {
  public var beta1 = 0.98
  public var beta2 = 0.92
  public var beta3 = 0.99
  public var epsilon = 1e-8
  public var weightDecay = 0.0

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("beta1", \.beta1, in: 0...0.999_999_999, "memory of the mean of the gradients"),
      Field("beta2", \.beta2, in: 0...0.999_999_999, "memory of the mean of their differences from step to step"),
      Field("beta3", \.beta3, in: 0...0.999_999_999, "memory of the mean square of gradient plus beta2 difference"),
      Field("epsilon", \.epsilon, in: 0...1, "added to the denominator"),
      Field("weightDecay", \.weightDecay, in: 0...1000, "after a step the weights are divided by 1 + rate weightDecay"),
    ]
  }
}

/// Adan, adaptive Nesterov momentum (Xie et al. 2022, arXiv 2208.06677, algorithm 1).
///
/// With gradients g and d = g - the gradient before (0 in the first step):
/// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) d, n = beta3 n + (1 - beta3) (g + beta2 d)^2;
/// w = [w - rate (m' + beta2 v') / (sqrt(n') + epsilon)] / (1 + rate weightDecay).
/// The paper writes 1 - beta for each beta here. The marks stand for the correction of what starts at 0, x' = x / (1 - beta^t),
/// which the authors' program makes where the paper starts m and n from the first gradient.
public final class Adan: Optimizer {
  private let options: AdanOptions
  private let parameters: [NamedTensor]
  private var memories: [Memory?]

  /// What is remembered of a parameter, laid out in memory as the parameter is.
  private struct Memory {
    var mean, difference, square, previous: Tensor
    var steps: Int
  }

  public init(_ options: AdanOptions, parameters: [NamedTensor]) throws {
    self.options = options
    self.parameters = parameters.filter { $0.role == .parameter }
    memories = Array(repeating: nil, count: self.parameters.count)
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      // Parameters of one age are stepped together; one that had no gradient in some step is younger than the others.
      var groups: [Int: StepList] = [:]
      for (index, parameter) in parameters.enumerated() {
        guard let gradient = try parameter.tensor.gradient() else { continue }
        var memory = try memories[index] ?? begin(parameter.tensor, gradient)
        memory.steps += 1
        memories[index] = memory
        groups[memory.steps, default: StepList()].append(
          parameter.tensor, gradient, memory.mean, memory.difference, memory.square, memory.previous)
      }
      for (steps, list) in groups { for part in list.parts() { try step(part, steps, learningRate) } }
    }
  }

  private func begin(_ weight: Tensor, _ gradient: Tensor) throws -> Memory {
    let zeros = try (0..<3).map { _ in try ListOperators.zerosLike(.tensor(weight)) }
    let previous = try ListOperators.zerosLike(.tensor(weight))
    try previous.copy(from: gradient)
    return Memory(mean: zeros[0], difference: zeros[1], square: zeros[2], previous: previous, steps: 0)
  }

  private func step(_ list: StepList, _ count: Int, _ rate: Double) throws {
    func correction(_ beta: Double) -> Double { 1 - Self.power(beta, count) }
    let (beta1, beta2, beta3) = (options.beta1, options.beta2, options.beta3)
    let differences = try ListOperators.subtract.many(.tensors(list.gradients), .tensors(list.previous))
    try ListOperators.lerp.run(.tensors(list.means), .tensors(list.gradients), .double(1 - beta1))
    try ListOperators.lerp.run(.tensors(list.differences), .tensors(differences), .double(1 - beta2))
    let ahead = try ListOperators.add.many(.tensors(list.gradients), .tensors(differences), .double(beta2))
    try ListOperators.multiply.run(.tensors(list.squares), .double(beta3))
    try ListOperators.addProduct.run(.tensors(list.squares), .tensors(ahead), .tensors(ahead), .double(1 - beta3))
    let denominators = try ListOperators.sqrt.many(.tensors(list.squares))
    try ListOperators.multiply.run(.tensors(denominators), .double(1 / correction(beta3).squareRoot()))
    try ListOperators.addNumber.run(.tensors(denominators), .double(options.epsilon))
    try ListOperators.addQuotient.run(
      .tensors(list.weights), .tensors(list.means), .tensors(denominators), .double(-rate / correction(beta1)))
    try ListOperators.addQuotient.run(
      .tensors(list.weights), .tensors(list.differences), .tensors(denominators), .double(-rate * beta2 / correction(beta2)))
    if options.weightDecay != 0 {
      try ListOperators.multiply.run(.tensors(list.weights), .double(1 / (1 + rate * options.weightDecay)))
    }
    try ListOperators.copy.run(.tensors(list.previous), .tensors(list.gradients))
  }

  /// By squaring: a function of the count alone, so that a resumed run has the same bits.
  private static func power(_ base: Double, _ count: Int) -> Double {
    var (result, square, rest) = (1.0, base, count)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  // MARK: State

  private static let kinds = ["exp_avg", "exp_avg_diff", "exp_avg_sq", "previous_gradient"]

  /// `exp_avg/<path>`, `exp_avg_diff/<path>`, `exp_avg_sq/<path>`, `previous_gradient/<path>` and the counters `step/<path>` of the
  /// parameters that have made a step.
  public var state: OptimizerState {
    get throws {
      var state = OptimizerState()
      for (parameter, memory) in zip(parameters, memories) {
        guard let memory else { continue }
        let tensors = [memory.mean, memory.difference, memory.square, memory.previous]
        // Copies: what is saved must not change with the steps that follow.
        for (kind, tensor) in zip(Self.kinds, tensors) { state.tensors["\(kind)/\(parameter.path)"] = try tensor.clone() }
        state.counters["step/\(parameter.path)"] = memory.steps
      }
      return state
    }
  }

  public func restore(_ state: OptimizerState) throws {
    var known: Set<String> = []
    let restored = try parameters.map { parameter -> Memory? in
      guard let steps = state.counters["step/\(parameter.path)"] else { return nil }
      known.insert("step/\(parameter.path)")
      let tensors = try Self.kinds.map { kind -> Tensor in
        let name = "\(kind)/\(parameter.path)"
        known.insert(name)
        guard steps > 0, let saved = state.tensors[name], saved.shape == parameter.tensor.shape,
          saved.dtype == parameter.tensor.dtype
        else {
          throw BasinError.badData(
            "the saved state does not fit the parameter, \(parameter.tensor.shape) of \(parameter.tensor.dtype)",
            place: "tensor \"\(name)\"", advice: "It was saved with another model or optimizer")
        }
        let tensor = try ListOperators.zerosLike(.tensor(parameter.tensor))
        try tensor.copy(from: saved)
        return tensor
      }
      return Memory(mean: tensors[0], difference: tensors[1], square: tensors[2], previous: tensors[3], steps: steps)
    }
    if let stranger = (Array(state.tensors.keys) + state.counters.keys).filter({ !known.contains($0) }).min() {
      throw BasinError.badData(
        "the saved state has '\(stranger)', which optimizer adan does not have here",
        advice: "It was saved with another model or optimizer")
    }
    memories = restored
  }

  public func reset() { memories = Array(repeating: nil, count: parameters.count) }
}
