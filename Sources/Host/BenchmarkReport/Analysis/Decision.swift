import Statistics

/// By which test a comparison is judged, and what it says after Holm's correction over the family.
///
/// The exact sign-flip test assumes least. But n pairs give it p = 2 / 2^n at best, and in a family of m comparisons Holm
/// multiplies by m: ten pairs cannot reach 0.05 among 26 comparisons, however clear the difference. There the paired t-test
/// takes its place, which takes the differences to be normal. Which one it is follows from n and m alone, never from the
/// results, so that the corrected p values of both together are valid.
public struct Decision: Sendable, Hashable, Codable {
  public enum Test: String, Sendable, Codable {
    case signFlip, tTest
  }

  public let test: Test
  /// Without and with correction.
  public let p, corrected: Double

  public static let level = 0.05

  /// For a whole family.
  public static func family(_ comparisons: [PairedComparison]) -> [Decision] {
    let chosen = comparisons.map { comparison -> (test: Test, p: Double) in
      let alone = SignificanceFloor(pairs: comparison.count, level: level)
      let floor = SignificanceFloor(pairs: comparison.count, family: comparisons.count, level: level)
      if alone.canReach, !floor.canReach, let p = comparison.tTestP { return (.tTest, p) }
      return (.signFlip, comparison.signFlip.pValue)
    }
    return zip(chosen, HolmCorrection.adjusted(chosen.map(\.p))).map { Decision(test: $0.test, p: $0.p, corrected: $1) }
  }
}
