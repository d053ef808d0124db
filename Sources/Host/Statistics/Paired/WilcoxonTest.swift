import Foundation

/// Wilcoxon's signed-rank test (Biometrics Bulletin 1, 1945): the absolute differences are ranked, ties sharing their mean
/// rank, and the ranks of the positive ones summed. Without an effect every rank has either sign with chance 1/2.
///
/// Up to 50 ranked differences the distribution over all signs is counted, ties or not: scipy counts it only without ties
/// and else, up to 13, goes through all patterns, which gives the same p. Beyond, the normal approximation with variance
/// n(n+1)(2n+1)/24 - sum(t^3 - t)/48 and a continuity correction.
public struct WilcoxonTest: Sendable, Hashable, Codable {
  /// What becomes of differences that are zero.
  public enum Zeros: Sendable {
    /// They are left out before ranking (Wilcoxon).
    case leftOut
    /// They are ranked, and their ranks left out (Pratt, JASA 54, 1959).
    case pratt
  }

  public enum Method: Sendable {
    /// Exact up to 50 differences, else normal with correction.
    case automatic
    case exact
    case normal(continuityCorrection: Bool)
  }

  /// The sums of ranks of positive and of negative differences.
  public let positiveRanks, negativeRanks: Double
  /// Two-sided; 1 where no difference is other than zero.
  public let pValue: Double
  public let isExact: Bool
  /// How many differences are not zero.
  public let count: Int

  public init(_ differences: PairedDifferences, zeros: Zeros = .leftOut, method: Method = .automatic) {
    let tolerance = differences.tolerance
    let isZero: (Double) -> Bool = { abs($0) <= tolerance }
    let ranked = zeros == .leftOut ? differences.values.filter { !isZero($0) } : differences.values
    let ranks = Ranks.averaged(ranked.map { isZero($0) ? 0 : abs($0) }, tolerance: tolerance)
    let signed = zip(ranked, ranks).filter { !isZero($0.0) }
    let positive = signed.reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
    let negative = signed.reduce(0) { $0 + ($1.0 < 0 ? $1.1 : 0) }
    positiveRanks = positive
    negativeRanks = negative
    count = signed.count
    switch method {
    case .automatic: isExact = signed.count <= 50
    case .exact: isExact = true
    case .normal: isExact = false
    }
    guard !signed.isEmpty else {
      pValue = 1
      return
    }
    if isExact {
      pValue = Self.exact(signed.map(\.1), positive)
    } else if case .normal(false) = method {
      pValue = Self.normal(signed.map(\.1), positive, correction: 0)
    } else {
      pValue = Self.normal(signed.map(\.1), positive, correction: 0.5)
    }
  }

  /// The smaller of the two sums of ranks, as the statistic is usually told.
  public var statistic: Double { min(positiveRanks, negativeRanks) }

  /// Twice the smaller tail of the sum's distribution over all patterns of signs. Mean ranks are halves: doubled, all are
  /// whole.
  private static func exact(_ ranks: [Double], _ sum: Double) -> Double {
    let steps = ranks.map { Int((2 * $0).rounded()) }
    let total = steps.reduce(0, +)
    // Parts of 1 instead of counts: any number of ranks fits.
    var chances = [Double](repeating: 0, count: total + 1)
    chances[0] = 1
    var reached = 0
    for step in steps {
      reached += step
      for place in stride(from: reached, through: 0, by: -1) {
        chances[place] = (chances[place] + (place >= step ? chances[place - step] : 0)) / 2
      }
    }
    let place = Int((2 * sum).rounded())
    let low = chances[...place].reduce(0, +)
    let high = chances[place...].reduce(0, +)
    return min(1, 2 * min(low, high))
  }

  /// The variance of a sum of ranks with random signs is sum(rank^2)/4, which is the formula above with ties and Pratt's
  /// zeros accounted for.
  private static func normal(_ ranks: [Double], _ sum: Double, correction: Double) -> Double {
    let mean = ranks.reduce(0, +) / 2
    let deviation = (ranks.reduce(0) { $0 + $1 * $1 } / 4).squareRoot()
    let distance = abs(sum - mean)
    return min(1, 2 * NormalDistribution.upperTail((distance - (distance > 0 ? correction : 0)) / deviation))
  }
}
