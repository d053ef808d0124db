import PluginAPI

/// `cyclic-swa`: in every cycle of the learning rate the weights of its last `share` are averaged, where the rate is low; as the
/// rate jumps up again, the weights become the average, and the average is empty.
///
/// Cycle i ends `cycle` (1 + multiplier + ... + multiplier^i) steps after the warm-up, rounded to the nearest step by itself: to the
/// step where the schedules `cosine-restarts` (any multiplier) and `cyclic` (multiplier 1, whole steps) begin anew with the same
/// options. A landmark in `dur` is a part of what the warm-up leaves, there too.
///
/// Samples are taken at a cycle's last step and every `every` before it, within the last `share` of the cycle. Where the run ends
/// within a cycle, its end is the cycle's. At the run's last step there is no restart: the average is kept aside. Cycles that end at
/// `start` or before are neither sampled nor followed by a restart.
public struct CyclicSWA: AveragingPolicy {
  public struct AveragingOptions: Options {
    public var cycle = Landmark(0.25, .duration)
    public var multiplier = 1.0
    public var share = 0.25
    public var every = Landmark(1, .epochs)
    public var start = Landmark(0, .epochs)
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("cycle", \.cycle, "length of the first cycle, as the schedule's: 10ep, 300st or 0.25dur"),
        Field("multiplier", \.multiplier, in: 1...10, "how many times as long each cycle is as the one before"),
        Field("share", \.share, in: 0...1, "the last part of a cycle that is sampled"),
        Field("every", \.every, "time between samples, counted back from the cycle's end: 1ep, 100st"),
        Field("start", \.start, "cycles that end by then are left alone: 20ep, 300st or 0.5dur of the whole run"),
        Field("warmup", \.warmup, "the schedule's warm-up, before the first cycle begins"),
      ]
    }
  }

  private let options: AveragingOptions

  public init(_ options: AveragingOptions) { self.options = options }

  public func events(in run: RunLength) throws -> [AveragingEvent] {
    let every = options.every.steps(in: run), start = options.start.steps(in: run)
    guard every > 0 else {
      throw BasinError.usage(
        "averaging cyclic-swa: every \(options.every) is less than a step of this run", advice: "Set averaging.every=1ep")
    }
    guard start < run.steps else {
      throw BasinError.usage(
        "averaging cyclic-swa: the start, \(options.start) (step \(start)), is not before the end of the run at step \(run.steps)",
        advice: "Set averaging.start lower or train for more epochs")
    }
    var events: [AveragingEvent] = []
    for cycle in try cycles(in: run) where cycle.upperBound > start {
      // The first step after which is sampled at the earliest; the end is in any case.
      let first = cycle.upperBound - Int((options.share * Double(cycle.count)).rounded())
      let samples = stride(from: cycle.upperBound, to: first, by: -every).reversed()
      events += (samples.isEmpty ? [cycle.upperBound] : Array(samples)).map { AveragingEvent(step: $0, kind: .sample) }
      if cycle.upperBound < run.steps { events.append(AveragingEvent(step: cycle.upperBound, kind: .restart)) }
    }
    return events
  }

  /// The steps of each cycle, its lower bound before its first step; the last ends with the run.
  private func cycles(in run: RunLength) throws -> [Range<Int>] {
    let warmup = options.warmup.steps(in: run), rest = run.steps - warmup
    guard rest > 0 else {
      throw BasinError.usage(
        "averaging cyclic-swa: the warm-up, \(options.warmup) (\(warmup) steps), leaves nothing of the run's \(run.steps) steps",
        advice: "Set averaging.warmup shorter, as schedule.warmup")
    }
    let first =
      switch options.cycle.unit {
      case .epochs: options.cycle.value * Double(run.stepsPerEpoch)
      case .steps: options.cycle.value
      case .duration: options.cycle.value * Double(rest)
      }
    guard first >= 0.5, first.rounded() <= Double(rest) else {
      throw BasinError.usage(
        "averaging cyclic-swa: a cycle of \(options.cycle) does not fit the \(rest) steps there are",
        advice: "Set averaging.cycle, and schedule.cycle with it, to something such as 0.25dur")
    }
    var cycles: [Range<Int>] = [], begin = 0, length = max(first, 1), exact = length
    while begin < rest {
      let end = min(Int(min(exact, 1e15).rounded()), rest)
      // A growing cycle is never empty: the first has a step.
      cycles.append(warmup + begin..<warmup + end)
      begin = end
      length *= options.multiplier
      exact += length
    }
    return cycles
  }

  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager {
    let averaged = parameters.filter { $0.role == .parameter }
    guard averaged.contains(where: \.tensor.requiresGradient) else {
      throw BasinError.usage(
        "averaging cyclic-swa: every parameter is frozen, so that there is nothing to average", advice: "Take --averaging none")
    }
    return MeanAverager(averaged)
  }
}
