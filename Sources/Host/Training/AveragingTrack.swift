import PluginAPI

/// One average along a run: the method's own, or an observer's.
final class AveragingTrack {
  let name: String
  let averager: any Averager
  private let events: [AveragingEvent]
  /// The first event that is still to come.
  private var next = 0
  /// What this average alone costs: its samples, its passes over statistics and its evaluation. The run's own clock has
  /// them too.
  var watch = Stopwatch()
  /// Samples taken so far, those of cycles that are over among them.
  var totalSamples: Int { events[..<next].count { $0.kind == .sample } }

  /// - Throws: `BasinError` of kind usage for events that cannot be, and for an observer that would change the run.
  init(_ name: String, _ policy: any AveragingPolicy, _ parameters: [NamedTensor], in run: RunLength, isObserver: Bool) throws {
    self.name = name
    events = try policy.events(in: run)
    averager = try policy.makeAverager(parameters, in: run)
    if isObserver, events.contains(where: { $0.kind == .restart }) {
      throw BasinError.usage(
        "this policy restarts training from its average, an observer may change nothing",
        advice: "Train with --averaging \(name.prefix { $0 != ":" }), or observe swa")
    }
  }

  /// What happens after `step` steps; steps are asked for in rising order.
  func due(after step: Int) -> ArraySlice<AveragingEvent> {
    let begin = next
    while next < events.count, events[next].step <= step { next += 1 }
    return events[begin..<next]
  }

  /// Whether a sample is the first thing to happen after `step` steps.
  func samples(after step: Int) -> Bool {
    next < events.count && events[next].step == step && events[next].kind == .sample
  }

  /// Passes over that sample, which was taken elsewhere.
  func skipSample() { next += 1 }

  /// Goes on after `step` steps, when a run is resumed.
  func seek(_ step: Int) {
    next = events.firstIndex { $0.step > step } ?? events.count
  }
}
