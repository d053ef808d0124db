/// Whether so many pairs can reach significance at all in a test that looks at signs or ranks.
///
/// Even where all n differences point the same way, the sign-flip and Wilcoxon tests give p = 2 / 2^n: with five pairs
/// 0.0625. In a family of m comparisons Holm multiplies the smallest by m.
public struct SignificanceFloor: Sendable, Hashable, Codable {
  public let pairs, family: Int
  public let level: Double

  public init(pairs: Int, family: Int = 1, level: Double = 0.05) {
    self.pairs = pairs
    self.family = max(1, family)
    self.level = level
  }

  /// The smallest p there is, without correction: 2^(1 - n); 1 without pairs.
  public var smallestP: Double { Self.smallest(pairs) }

  /// The same after Holm's correction, where it is the only finding; with k equal ones the first still costs a factor m.
  public var smallestCorrectedP: Double { min(1, Double(family) * smallestP) }

  public var canReach: Bool { smallestCorrectedP < level }

  /// The fewest pairs with which the family can reach the level.
  public var pairsNeeded: Int {
    var pairs = 1
    while Double(family) * Self.smallest(pairs) >= level, pairs < 1024 { pairs += 1 }
    return pairs
  }

  private static func smallest(_ pairs: Int) -> Double {
    var p = 1.0
    for _ in 1..<max(1, min(pairs, 1070)) { p /= 2 }
    return p
  }
}
