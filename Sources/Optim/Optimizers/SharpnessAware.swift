import PluginAPI

/// Sharpness-aware minimization (Foret et al. 2021).
public typealias SAM = SharpnessAware<SteepestAscent>

/// Adaptive sharpness-aware minimization (Kwon et al. 2021).
public typealias ASAM = SharpnessAware<AdaptiveAscent>

/// Takes the gradient for the optimizer inside at a point uphill of the weights.
///
/// The weights come back bit by bit from a copy, which is why it needs the memory of one more set of them. It switches
/// where the rule inside does, and else has only one set of weights.
public final class SharpnessAware<Direction: AscentDirection>: OptimizerWrapper, TwoPassRule, SwitchingRule {
  public typealias OptimizerOptions = Direction.AscentOptions
  private static var prefix: String { "inner/" }

  private let options: OptimizerOptions
  private let inner: any UpdateRule
  private let trained: TrainedTensors
  /// Memory for one copy of the parameters; none before the first ascent.
  private var copies: [Tensor] = []
  /// Positions of the parameters that lie uphill; nil where `ascend()` was not called.
  private var moved: [Int]?

  public init(_ options: OptimizerOptions, around inner: any UpdateRule, parameters: [NamedTensor]) throws {
    guard !(inner is any TwoPassRule) else {
      throw BasinError.usage(
        "optimizer \(Direction.name): the optimizer inside takes its gradients at another point too",
        advice: "Take only one of such optimizers, and write it first: \(Direction.name):sgd")
    }
    self.options = options
    self.inner = inner
    trained = TrainedTensors(parameters)
  }

  /// - Throws: `BasinError` of kind internalError where the weights are uphill already.
  public func ascend() throws {
    guard moved == nil else {
      throw BasinError.internalError("\(Direction.name): ascend() twice without a step between")
    }
    try LibTorch.withoutGradient {
      let found = try trained.gradients()
      let positions = found.positions ?? Array(trained.tensors.indices)
      guard !found.isEmpty else { return moved = [] }
      if copies.isEmpty { copies = try trained.tensors.indices.map { try trained.zeros($0) } }
      let weights = positions.map { trained.tensors[$0] }
      try copyTensors(weights, to: positions.map { copies[$0] })
      moved = positions
      try Direction.ascend(weights, of: positions.map { trained.paths[$0] }, by: found.tensors, options)
    }
  }

  public func descend() throws {
    guard let positions = moved else { return }
    try copyTensors(positions.map { copies[$0] }, to: positions.map { trained.tensors[$0] })
    moved = nil
  }

  /// - Throws: `BasinError` of kind internalError without `ascend()` before it.
  public func step(learningRate: Double) throws {
    guard moved != nil else {
      throw BasinError.internalError("a step of \(Direction.name) without ascend() before it")
    }
    try descend()
    try inner.step(learningRate: learningRate)
  }

  // MARK: Switching

  public var switchesWeights: Bool { (inner as? any SwitchingRule)?.switchesWeights ?? false }
  public func useEvaluationWeights() throws { try (inner as? any SwitchingRule)?.useEvaluationWeights() }
  public func useTrainingWeights() throws { try (inner as? any SwitchingRule)?.useTrainingWeights() }

  // MARK: State

  /// That of the optimizer inside, under `inner/`: nothing is kept from one step to the next.
  public var state: OptimizerState {
    get throws {
      var state = OptimizerState()
      state.nest(try inner.state, under: Self.prefix)
      return state
    }
  }

  public func restore(_ state: OptimizerState) throws {
    let (nested, rest) = state.split(at: Self.prefix)
    try trained.check(rest, kinds: [], counters: { _ in false }, of: "optimizer")
    try inner.restore(nested)
    moved = nil
  }

  /// Takes what the parameters hold for the weights, uphill too.
  public func reset() throws {
    try inner.reset()
    moved = nil
  }
}
