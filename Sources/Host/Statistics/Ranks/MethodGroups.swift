/// Maximal runs of methods, ordered by mean rank, in which no two differ.
public enum MethodGroups {
  public static func maximal(_ averageRanks: [Double], differ: (Int, Int) -> Bool) -> [[Int]] {
    let order = averageRanks.indices.sorted { (averageRanks[$0], $0) < (averageRanks[$1], $1) }
    var groups: [[Int]] = []
    var reached = 0
    for start in order.indices {
      var end = start + 1
      while end < order.count, (start..<end).allSatisfy({ !differ(order[$0], order[end]) }) { end += 1 }
      if end - start > 1, end > reached { groups.append(Array(order[start..<end])) }
      reached = max(reached, end)
    }
    return groups
  }

  /// By Nemenyi's critical difference.
  public static func nemenyi(_ averageRanks: [Double], criticalDifference: Double) -> [[Int]] {
    maximal(averageRanks) { abs(averageRanks[$0] - averageRanks[$1]) > criticalDifference }
  }
}
