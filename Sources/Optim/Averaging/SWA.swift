import PluginAPI

/// `swa`: one average of the weights at the end of every epoch after `start` (Izmailov et al. 2018).
///
/// With `every` the samples fall on its multiples, counted from the beginning of the run.
public struct SWA: AveragingPolicy {
  public struct AveragingOptions: Options {
    public var start = Landmark(0.75, .duration)
    public var every = Landmark(1, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("start", \.start, "sampling starts after this much of the run: 120ep, 300st or 0.75dur"),
        Field("every", \.every, "time between samples: 1ep, 100st or 0.05dur"),
      ]
    }
  }

  private let options: AveragingOptions

  public init(_ options: AveragingOptions) { self.options = options }

  public func events(in run: RunLength) throws -> [AveragingEvent] {
    let start = options.start.steps(in: run)
    let interval = options.every.steps(in: run)
    try requireStart(start, options.start, before: run, of: "averaging swa")
    guard interval > 0 else {
      throw BasinError.usage(
        "averaging swa: every \(options.every) is less than a step of this run", advice: "Set averaging.every=1ep")
    }
    let points = SamplePoints.multiples(of: interval, in: start..<run.steps)
    guard !points.isEmpty else {
      throw BasinError.usage(
        "averaging swa: no sample falls between the start (step \(start)) and the end (step \(run.steps)) of the run, for"
          + " samples come every \(interval) steps",
        advice: "Set averaging.start lower or averaging.every shorter")
    }
    return points.map { AveragingEvent(step: $0, kind: .sample) }
  }

  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) -> any Averager { ParameterAverager(parameters) }
}

/// - Throws: `BasinError` of kind usage where averaging would start when the run is over.
func requireStart(_ start: Int, _ landmark: Landmark, before run: RunLength, of owner: String) throws {
  guard start < run.steps else {
    throw BasinError.usage(
      "\(owner): the start, \(landmark) (step \(start)), is not before the end of the run at step \(run.steps)",
      advice: "Set averaging.start lower, such as 0.75dur, or train for more epochs")
  }
}
