import PluginAPI

/// `lawa`: the mean of the latest `count` samples (latest weight averaging, Kaddour 2022).
public struct LAWA: AveragingPolicy {
  public struct AveragingOptions: Options {
    public var count = 5
    public var every = Landmark(1, .epochs)
    public var start = Landmark(0, .duration)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("count", \.count, in: 1...1000, "samples in the mean; each is kept, a copy of the weights"),
        Field("every", \.every, "time between samples: 1ep, 100st or 0.05dur"),
        Field("start", \.start, "sampling starts after this much of the run: 10ep, 300st or 0.5dur"),
      ]
    }
  }

  private static let owner = "averaging lawa"
  private let options: AveragingOptions

  public init(_ options: AveragingOptions) { self.options = options }

  public func events(in run: RunLength) throws -> [AveragingEvent] {
    let start = options.start.steps(in: run)
    try requireStart(start, options.start, before: run, of: Self.owner)
    return try SamplePoints.periodic(every: options.every, after: start, in: run, of: Self.owner)
  }

  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager {
    try requireTrained(parameters, of: Self.owner)
    return LatestAverager(parameters, count: options.count)
  }
}
