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

  public init() {}

  public static var fields: [Field<Self>] {
    let decay = Decay.isDecoupled ? "part of the learning rate the weights shrink by a step" : "L2 penalty, added to the gradient"
    return [
      Field("beta1", \.beta1, in: 0...0.999_999_999, "memory of the mean of the gradients"),
      Field("beta2", \.beta2, in: 0...0.999_999_999, "memory of the mean of their squares"),
      Field("epsilon", \.epsilon, in: 0...1, "added to the denominator"),
      Field("weightDecay", \.weightDecay, in: 0...1000, decay),
    ]
  }
}

/// ``Adam`` or ``AdamW``.
public final class AdamOptimizer<Decay: AdamDecay>: Optimizer {
  let options: AdamOptions<Decay>
  let trained: TrainedTensors
  let fused: Bool
  private let fusedOperator = Operator(Decay.isDecoupled ? "aten::_fused_adamw_" : "aten::_fused_adam_")

  /// Both empty before the first step.
  private(set) var means: [Tensor] = []
  private(set) var squares: [Tensor] = []
  /// Steps each parameter has made; nil as long as that is `step` for all of them.
  private(set) var steps: [Int]?
  var step = 0
  /// What the kernel reads the step count from: one tensor, named once for every parameter.
  private var stepTensors: [Tensor] = []

  public convenience init(_ options: AdamOptions<Decay>, parameters: [NamedTensor]) throws {
    try self.init(options, parameters: parameters, fused: true)
  }

  /// - Parameter fused: false takes the plain twin, written in tensor operations.
  public init(_ options: AdamOptions<Decay>, parameters: [NamedTensor], fused: Bool) throws {
    self.options = options
    trained = TrainedTensors(parameters)
    self.fused = fused && trained.fitFusedKernels
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      let gradients = try trained.gradients()
      guard !gradients.isEmpty else { return }
      if means.isEmpty {
        squares = try trained.tensors.indices.map { try trained.zeros($0) }
        means = try trained.tensors.indices.map { try trained.zeros($0) }
      }
      if gradients.positions == nil, steps == nil, fused {
        step += 1
        return try runFused(trained.tensors, gradients.tensors, means, squares, step, learningRate)
      }
      try stepInGroups(gradients, learningRate)
    }
  }

  /// The general case: parameters that were passed over lag behind in their step count, as in PyTorch.
  private func stepInGroups(_ gradients: TrainedTensors.Gradients, _ learningRate: Double) throws {
    let positions = gradients.positions ?? Array(trained.tensors.indices)
    var counts = steps ?? Array(repeating: step, count: trained.tensors.count)
    for position in positions { counts[position] += 1 }
    let groups = Dictionary(grouping: positions.indices) { counts[positions[$0]] }
    for (count, members) in groups.sorted(by: { $0.key < $1.key }) {
      let places = members.map { positions[$0] }
      let groupGradients = members.map { gradients.tensors[$0] }
      if fused {
        try runFused(
          places.map { trained.tensors[$0] }, groupGradients, places.map { means[$0] }, places.map { squares[$0] }, count,
          learningRate)
      } else {
        for (place, gradient) in zip(places, groupGradients) { try stepPlainly(place, gradient, count, learningRate) }
      }
    }
    setSteps(counts)
  }

  private func setSteps(_ counts: [Int]) {
    step = counts.max() ?? 0
    steps = counts.allSatisfy { $0 == step } ? nil : counts
  }

  private func runFused(
    _ parameters: [Tensor], _ gradients: [Tensor], _ means: [Tensor], _ squares: [Tensor], _ count: Int,
    _ learningRate: Double
  ) throws {
    if stepTensors.isEmpty, let device = trained.tensors.first?.device {
      stepTensors = Array(repeating: try Tensor.zeros([], .float32, device: device), count: trained.tensors.count)
    }
    try stepTensors.first?.fill(Double(count))
    let all = parameters.count == stepTensors.count
    try fusedOperator.run(
      .tensors(parameters), .tensors(gradients), .tensors(means), .tensors(squares), .tensors([]),
      .tensors(all ? stepTensors : Array(stepTensors.prefix(parameters.count))), .double(learningRate),
      .double(options.beta1), .double(options.beta2), .double(options.weightDecay), .double(options.epsilon),
      .bool(false), .bool(false))
  }

  private func stepPlainly(_ position: Int, _ gradient: Tensor, _ count: Int, _ learningRate: Double) throws {
    let weight = trained.tensors[position], mean = means[position], square = squares[position]
    var gradient = gradient
    if options.weightDecay != 0 {
      if Decay.isDecoupled {
        try weight.multiply(by: 1 - learningRate * options.weightDecay)
      } else {
        gradient = try gradient + weight * options.weightDecay
      }
    }
    try mean.lerp(to: gradient, weight: 1 - options.beta1)
    try square.multiply(by: options.beta2)
    try square.addProduct(gradient, gradient, scale: 1 - options.beta2)
    let meanCorrection = 1 - Self.power(options.beta1, count)
    let squareCorrection = 1 - Self.power(options.beta2, count)
    let deviation = try square.sqrt() / squareCorrection.squareRoot() + options.epsilon
    try weight.addQuotient(mean, deviation, scale: -learningRate / meanCorrection)
  }

  /// base^exponent by squaring: exact enough, and without a C library.
  static func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0, factor = base, rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= factor }
      factor *= factor
      rest >>= 1
    }
    return result
  }

  /// `exp_avg/<path>`, `exp_avg_sq/<path>` and the counter `step`; `step/<path>` for parameters that lag behind.
  public var state: OptimizerState {
    get throws {
      var tensors = try trained.saved(means, as: "exp_avg")
      tensors.merge(try trained.saved(squares, as: "exp_avg_sq")) { $1 }
      var counters = ["step": step]
      for (path, count) in zip(trained.paths, steps ?? []) where count != step { counters["step/\(path)"] = count }
      return OptimizerState(tensors: tensors, counters: counters)
    }
  }

  public func restore(_ state: OptimizerState) throws {
    let ownCounters = Set(trained.paths.map { "step/\($0)" } + ["step"])
    try trained.check(state, kinds: ["exp_avg", "exp_avg_sq"], counters: ownCounters.contains, of: "optimizer")
    guard let step = state.counters["step"], state.counters.values.allSatisfy({ 0 <= $0 && $0 <= step }) else {
      throw BasinError.badData(
        "the saved state of optimizer \(Decay.name) has no sound step count", advice: "It was saved with another optimizer")
    }
    let means = try trained.buffers("exp_avg", from: state).compactMap { $0 }
    let squares = try trained.buffers("exp_avg_sq", from: state).compactMap { $0 }
    let expected = step == 0 ? 0 : trained.tensors.count
    guard means.count == expected, squares.count == expected else {
      throw BasinError.badData(
        "the saved state of optimizer \(Decay.name) has \(means.count) means and \(squares.count) squares after \(step) steps"
          + " for \(trained.tensors.count) parameters", advice: "It was saved with another model")
    }
    self.means = means
    self.squares = squares
    setSteps(trained.paths.map { state.counters["step/\($0)"] ?? step })
    self.step = step
  }

  public func reset() {
    means = []
    squares = []
    steps = nil
    step = 0
  }
}
