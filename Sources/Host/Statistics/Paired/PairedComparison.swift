/// Everything about the differences of one method to another over the same seeds.
public struct PairedComparison: Sendable, Hashable, Codable {
  public let count: Int
  public let mean: Double
  /// Of the differences (n - 1); nil for fewer than two pairs.
  public let deviation: Double?
  /// Student's t; nil for fewer than two pairs.
  public let tInterval: ConfidenceInterval?
  /// Bootstrap; nil for fewer than two pairs.
  public let percentileInterval: ConfidenceInterval?
  /// Bootstrap, bias-corrected and accelerated; nil also where all differences are the same.
  public let bcaInterval: ConfidenceInterval?
  /// Two-sided, without correction for a family; the t-test's is nil where `tInterval` is, or has no width.
  public let tTestP: Double?
  public let wilcoxon: WilcoxonTest
  public let signFlip: SignFlipTest
  public let effect: EffectSize
  public let winTieLoss: WinTieLoss
  /// The smallest true difference that these pairs would show with a chance of 80 % at the 5 % level, taking the spread to
  /// be the observed one; nil for fewer than two pairs.
  public let smallestDifference: Double?

  /// - Parameters:
  ///   - resamples: of the bootstrap; 0 leaves its intervals out.
  ///   - generator: for the bootstrap, and for the sign-flip test beyond 32 pairs.
  public init(
    _ differences: PairedDifferences, higherIsBetter: Bool = true, level: Double = 0.95, resamples: Int = 9_999,
    using generator: inout some RandomNumberGenerator
  ) {
    let sample = SampleStatistics(differences.values)
    count = differences.count
    mean = sample.mean
    deviation = sample.deviation
    tInterval = differences.tInterval(level: level)
    let bootstrap = Bootstrap(differences, resamples: resamples, using: &generator)
    percentileInterval = bootstrap.percentile(level: level)
    bcaInterval = bootstrap.bca(level: level)
    tTestP = differences.tTestPValue
    wilcoxon = WilcoxonTest(differences)
    signFlip = SignFlipTest(differences, using: &generator)
    effect = EffectSize(differences)
    winTieLoss = WinTieLoss(differences, higherIsBetter: higherIsBetter)
    smallestDifference = sample.deviation.flatMap { deviation in
      Self.smallestEffects(differences.count).map { $0 * deviation }
    }
  }

  /// The same with a generator of its own: the same differences always give the same result.
  public init(_ differences: PairedDifferences, higherIsBetter: Bool = true) {
    var generator = SplitMix64(seed: 0, name: "paired comparison")
    self.init(differences, higherIsBetter: higherIsBetter, using: &generator)
  }

  /// Half the width of the 95 % interval of the mean (Student's t); nil for fewer than two pairs.
  public var halfWidth: Double? { tInterval.map { ($0.upper - $0.lower) / 2 } }

  /// Solving for the effect takes a millisecond: the usual numbers of seeds once.
  private static let usual: [Double?] = (0...32).map { PairedPower.smallestEffect(pairs: $0) }
  private static func smallestEffects(_ pairs: Int) -> Double? {
    pairs < usual.count ? usual[pairs] : PairedPower.smallestEffect(pairs: pairs)
  }
}
