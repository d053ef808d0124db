import PluginAPI

/// An exponential moving average that warms up: avg += (1 - d) (w - avg) at each sample, with d = min(decay, n / (n + warmup))
/// after n samples, so that early weights, from before the network was any good, are soon forgotten.
public struct __Target__Averaging: AveragingPolicy {
  public struct AveragingOptions: Options {
    public var decay = 0.99
    public var warmup = 10
    public var start = Landmark(0, .duration)
    public var every = Landmark(1, .steps)

    public init() {}

    // Name, property, range and help of each: `basin describe averaging __name__` shows them, `--set averaging.decay=0.9` sets one.
    public static var fields: [Field<Self>] {
      [
        Field("decay", \.decay, in: 0...0.999_999, "part of the average that is kept at each sample"),
        Field("warmup", \.warmup, in: 1...1_000_000, "samples after which half of the average is kept"),
        Field("start", \.start, "sampling starts after this much of the run: 10ep, 300st or 0.5dur"),
        Field("every", \.every, "time between samples: 1st, 1ep or 0.01dur"),
      ]
    }
  }

  private let options: AveragingOptions

  public init(_ options: AveragingOptions) throws { self.options = options }

  /// Every event of the run, known before it starts: `basin plan` shows them.
  public func events(in run: RunLength) throws -> [AveragingEvent] {
    let start = options.start.steps(in: run)
    guard start < run.steps else {
      throw BasinError.usage(
        "averaging __name__: the start, \(options.start), is not before the end of the run",
        advice: "Set averaging.start lower, such as 0.5dur")
    }
    let every = max(1, options.every.steps(in: run))
    return stride(from: start + every, through: run.steps, by: every).map { AveragingEvent(step: $0, kind: .sample) }
  }

  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager {
    __Target__Averager(parameters, decay: options.decay, warmup: options.warmup)
  }
}

/// Holds the average of one run.
final class __Target__Averager: Averager {
  private let parameters: [NamedTensor]
  private let decay: Double
  private let warmup: Int
  /// One tensor a parameter; empty before the first sample.
  private var averages: [Tensor] = []
  private(set) var samples = 0

  init(_ parameters: [NamedTensor], decay: Double, warmup: Int) {
    self.parameters = parameters.filter { $0.role == .parameter }
    self.decay = decay
    self.warmup = warmup
  }

  func sample() throws {
    if samples == 0 {
      averages = try parameters.map { try $0.tensor.detached().clone() }
    } else {
      let kept = min(decay, Double(samples) / Double(samples + warmup))
      for (average, parameter) in zip(averages, parameters) { try average.lerp(to: parameter.tensor, weight: 1 - kept) }
    }
    samples += 1
  }

  /// Copies: the caller's average must not move with the next sample.
  func average() throws -> [Tensor]? { samples == 0 ? nil : try averages.map { try $0.clone() } }

  func reset() {
    averages = []
    samples = 0
  }

  /// `average/PATH` and the counter `samples`.
  var state: OptimizerState {
    get throws {
      var state = OptimizerState(counters: ["samples": samples])
      for (average, parameter) in zip(averages, parameters) { state.tensors["average/" + parameter.path] = try average.clone() }
      return state
    }
  }

  func restore(_ state: OptimizerState) throws {
    let count = state.counters["samples"] ?? -1
    var restored: [Tensor] = []
    for parameter in parameters where count > 0 {
      guard let saved = state.tensors["average/" + parameter.path], saved.shape == parameter.tensor.shape else {
        throw BasinError.badData("the saved average has no parameter \(parameter.path)", advice: "It is of another model")
      }
      // In memory as the parameter is, so that sampling goes on as before.
      let average = try parameter.tensor.detached().clone()
      try average.copy(from: saved)
      restored.append(average)
    }
    guard count >= 0, state.tensors.count == restored.count else {
      throw BasinError.badData("the saved average is of other parameters", advice: "It is of another model")
    }
    averages = restored
    samples = count
  }
}
