import PluginAPI

/// `pswa`: averages in cycles; after each the weights become the average and training goes on from there (Guo, Jin and
/// Liu 2023).
///
/// Cycle k ends at `start` + k `period`, up to `tail`; each end is rounded to the nearest step by itself, so that
/// rounding does not add up and the last cycle is as long as the others. The end of a cycle is a restart, but not at
/// the run's last step, where the average is kept aside. After the last restart plain averaging goes on to the end.
///
/// A sample is taken at the end of every epoch; a cycle that would hold fewer than four is sampled four times, evenly
/// spaced (every step, if it has fewer). A cycle's last sample falls on its last step.
public struct PSWA: AveragingPolicy {
  public struct AveragingOptions: Options {
    public var start = Landmark(0.25, .duration)
    public var period = Landmark(0.125, .duration)
    public var tail = Landmark(1, .duration)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("start", \.start, "the first cycle begins after this much of the run: 40ep, 300st or 0.25dur"),
        Field("period", \.period, "length of a cycle: 20ep, 100st or 0.125dur"),
        Field("tail", \.tail, "no restart after this much of the run: 140ep, 900st or 1dur"),
      ]
    }
  }

  private let options: AveragingOptions

  public init(_ options: AveragingOptions) { self.options = options }

  public func events(in run: RunLength) throws -> [AveragingEvent] {
    try check(run)
    let start = options.start.steps(in: run)
    var events: [AveragingEvent] = []
    var begin = start
    for restart in restarts(in: run) {
      events += samples(begin..<restart, run)
      events.append(AveragingEvent(step: restart, kind: .restart))
      begin = restart
    }
    return events + samples(begin..<run.steps, run)
  }

  private func samples(_ stretch: Range<Int>, _ run: RunLength) -> [AveragingEvent] {
    SamplePoints.cycle(stretch, stepsPerEpoch: run.stepsPerEpoch).map { AveragingEvent(step: $0, kind: .sample) }
  }

  private func restarts(in run: RunLength) -> [Int] {
    let start = options.start.exactSteps(in: run)
    let period = options.period.exactSteps(in: run)
    let last = min(options.tail.steps(in: run), run.steps - 1)
    var restarts: [Int] = []
    var cycle = 1
    while true {
      let end = Int((start + Double(cycle) * period).rounded())
      guard end <= last else { return restarts }
      // A period between half a step and one makes two ends meet.
      if end > restarts.last ?? options.start.steps(in: run) { restarts.append(end) }
      cycle += 1
    }
  }

  private func check(_ run: RunLength) throws {
    let start = options.start.steps(in: run)
    let period = options.period.steps(in: run)
    let tail = options.tail.steps(in: run)
    try requireStart(start, options.start, before: run, of: "averaging pswa")
    guard period > 0 else {
      throw BasinError.usage(
        "averaging pswa: a cycle of \(options.period) is less than a step of this run and could hold no sample",
        advice: "Set averaging.period longer or train for more epochs")
    }
    guard period <= run.steps else {
      throw BasinError.usage(
        "averaging pswa: the period, \(options.period) (\(period) steps), is longer than the run of \(run.steps) steps",
        advice: "Set averaging.period shorter, such as 0.125dur")
    }
    guard tail >= start else {
      throw BasinError.usage(
        "averaging pswa: the tail, \(options.tail) (step \(tail)), is before the start, \(options.start) (step \(start))",
        advice: "Set averaging.tail after averaging.start; averaging swa never restarts")
    }
  }

  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager {
    try requireTrained(parameters, of: "averaging pswa")
    return ParameterAverager(parameters)
  }
}
