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
    try requireStart(start, options.start, before: run, of: "averaging swa")
    return try SamplePoints.periodic(every: options.every, after: start, in: run, of: "averaging swa")
  }

  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager {
    try requireTrained(parameters, of: "averaging swa")
    return ParameterAverager(parameters)
  }
}
