import PluginAPI

/// `swag`: a Gaussian over the weights, from the mean and covariance of samples of the trajectory (SWA-Gaussian, Maddox et
/// al. 2019). Predictions are averaged over draws from it.
///
/// The covariance is `scale` (S + D D^T / (K - 1)), with S the diagonal of variances of all samples and D the deviations of
/// the last K = `rank` samples, each from the mean of its time. The paper's is scale 0.5; its SWAG-diagonal is rank 0 and
/// scale 1.
public struct SWAG: AveragingPolicy {
  public struct AveragingOptions: Options {
    public var rank = 20
    public var draws = 30
    public var scale = 0.5
    public var start = Landmark(0.75, .duration)
    public var every = Landmark(1, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("rank", \.rank, in: 0...1000, "deviations kept for the covariance, each a copy of the weights; 0: diagonal only"),
        Field("draws", \.draws, in: 1...100_000, "draws a prediction is averaged over"),
        Field("scale", \.scale, in: 0...1000, "what the covariance is multiplied by"),
        Field("start", \.start, "sampling starts after this much of the run: 120ep, 300st or 0.75dur"),
        Field("every", \.every, "time between samples: 1ep, 100st or 0.05dur"),
      ]
    }
  }

  private static let owner = "averaging swag"
  private let options: AveragingOptions

  /// - Throws: `BasinError` of kind usage for rank 1: one deviation makes no covariance.
  public init(_ options: AveragingOptions) throws {
    guard options.rank != 1 else {
      throw BasinError.usage(
        "\(Self.owner): rank 1 makes no covariance, which divides by rank - 1",
        advice: "Set averaging.rank=0 for the diagonal alone, or at least 2")
    }
    self.options = options
  }

  public func events(in run: RunLength) throws -> [AveragingEvent] {
    let start = options.start.steps(in: run)
    try requireStart(start, options.start, before: run, of: Self.owner)
    return try SamplePoints.periodic(every: options.every, after: start, in: run, of: Self.owner)
  }

  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager {
    try requireTrained(parameters, of: Self.owner)
    return GaussianAverager(parameters, rank: options.rank, draws: options.draws, scale: options.scale)
  }
}
