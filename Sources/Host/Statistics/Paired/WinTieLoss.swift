/// On how many seeds a method is ahead.
public struct WinTieLoss: Sendable, Hashable, Codable {
  public let wins, ties, losses: Int

  /// - Parameter tolerance: differences that are no larger are ties.
  public init(_ differences: PairedDifferences, higherIsBetter: Bool = true, tolerance: Double = 0) {
    let tolerance = max(tolerance, differences.tolerance)
    var counts = (wins: 0, ties: 0, losses: 0)
    for value in differences.values {
      if abs(value) <= tolerance {
        counts.ties += 1
      } else if (value > 0) == higherIsBetter {
        counts.wins += 1
      } else {
        counts.losses += 1
      }
    }
    wins = counts.wins
    ties = counts.ties
    losses = counts.losses
  }
}
