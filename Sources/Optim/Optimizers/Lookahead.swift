import PluginAPI

/// Lookahead: every `syncEvery` steps slow weights follow those of the optimizer inside, which goes on from there
/// (Zhang et al. 2019, arXiv 1907.08610, algorithm 1).
///
/// With fast weights w: s becomes s + slowStep (w - s), then w becomes s. The state of the optimizer inside stays as it
/// is. The slow weights begin as the weights before the first step.
public final class Lookahead: OptimizerWrapper {
  public struct OptimizerOptions: Options {
    public var syncEvery = 5
    public var slowStep = 0.5

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("syncEvery", \.syncEvery, in: 1...1_000_000_000, "steps of the optimizer inside for each slow one"),
        Field("slowStep", \.slowStep, in: 0.001...1, "part of the way the slow weights go"),
      ]
    }
  }

  private static let prefix = "inner/"

  private let options: OptimizerOptions
  private let inner: any UpdateRule
  private var buffers: ParameterBuffers

  public init(_ options: OptimizerOptions, around inner: any UpdateRule, parameters: [NamedTensor]) throws {
    if inner is any TwoPassRule {
      throw BasinError.usage(
        "optimizer lookahead: it cannot go around an optimizer that takes its gradients at another point, such as sam",
        advice: "Write that one first: sam:lookahead:sgd")
    }
    if let inner = inner as? any SwitchingRule, inner.switchesWeights {
      throw BasinError.usage(
        "optimizer lookahead: it cannot go around an optimizer that evaluates other weights than it trains",
        advice: "Schedule-Free optimizers average already: leave lookahead out")
    }
    self.options = options
    self.inner = inner
    buffers = ParameterBuffers(parameters, [.init(name: "slow", start: .weights)], of: "lookahead", agesTogether: true)
  }

  public func step(learningRate: Double) throws {
    // Before the step inside: the slow weights begin where it begins.
    guard try !buffers.advance().isEmpty else { return }
    try inner.step(learningRate: learningRate)
    guard buffers.step % options.syncEvery == 0, let slow = buffers.all(0) else { return }
    try LibTorch.withoutGradient {
      try slow.lerp(to: buffers.trained.tensors, weight: options.slowStep)
      try copyTensors(slow, to: buffers.trained.tensors)
    }
  }

  /// `slow/<path>` and the counter `step`; that of the optimizer inside under `inner/`.
  public var state: OptimizerState { get throws { try buffers.state(around: inner, under: Self.prefix) } }
  public func restore(_ state: OptimizerState) throws { try buffers.restore(state, around: inner, under: Self.prefix) }

  public func reset() throws {
    buffers.reset()
    try inner.reset()
  }
}
