import Foundation

/// How large a difference is beside its spread.
public struct EffectSize: Sendable, Hashable, Codable {
  /// Cohen's d_z: mean / deviation of the differences. Nil for fewer than two pairs, or without spread.
  public let cohen: Double?
  /// d_z with Hedges' exact correction for small samples, J = gamma(v/2) / (sqrt(v/2) gamma((v-1)/2)), v = n - 1. Nil below
  /// three pairs.
  public let hedges: Double?
  /// The matched-pairs rank-biserial correlation (Kerby, 2014): (R+ - R-) / (R+ + R-) of Wilcoxon's sums of ranks, from -1,
  /// all below, to 1, all above. Nil where all differences are zero.
  public let rankBiserial: Double?

  public init(_ differences: PairedDifferences) {
    let sample = SampleStatistics(differences.values)
    let ranks = WilcoxonTest(differences, method: .normal(continuityCorrection: false))
    let total = ranks.positiveRanks + ranks.negativeRanks
    rankBiserial = total > 0 ? (ranks.positiveRanks - ranks.negativeRanks) / total : nil
    guard let deviation = sample.deviation, deviation > differences.tolerance else {
      cohen = nil
      hedges = nil
      return
    }
    let d = sample.mean / deviation
    cohen = d
    hedges = differences.count > 2 ? d * Self.hedgesCorrection(freedom: Double(differences.count - 1)) : nil
  }

  static func hedgesCorrection(freedom v: Double) -> Double {
    exp(IncompleteFunctions.logGamma(v / 2) - IncompleteFunctions.logGamma((v - 1) / 2)) / (v / 2).squareRoot()
  }

  /// Cliff's delta (Psychological Bulletin 114, 1993): P(value > reference) - P(value < reference) over all pairs of one
  /// value of each side, whatever their seeds. Nil where one side is empty.
  ///
  /// - Throws: `StatisticsError.notFinite`.
  public static func cliffsDelta(_ values: [Double], over reference: [Double]) throws(StatisticsError) -> Double? {
    try StatisticsError.check(values)
    try StatisticsError.check(reference)
    guard !values.isEmpty, !reference.isEmpty else { return nil }
    var count = 0
    for value in values {
      for other in reference { count += value > other ? 1 : value < other ? -1 : 0 }
    }
    return Double(count) / (Double(values.count) * Double(reference.count))
  }
}
