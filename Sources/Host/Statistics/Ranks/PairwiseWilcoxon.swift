/// Every method against every other over the same workloads: Wilcoxon's test with Holm's correction over all pairs, as
/// Benavoli, Corani and Mangili (JMLR 17, 2016) advise instead of Nemenyi's test, whose outcome for two methods depends on
/// the others.
public struct PairwiseWilcoxon: Sendable, Hashable, Codable {
  /// [k][k], symmetric, 1 on the diagonal; corrected.
  public let pValues: [[Double]]
  /// Whether any pair could be significant with so many workloads and methods.
  public let floor: SignificanceFloor

  /// - Parameter values: a row a workload, each with a value a method.
  /// - Throws: `StatisticsError.unequalCounts`, `.notFinite`.
  public init(_ values: [[Double]], level: Double = 0.05) throws(StatisticsError) {
    let k = values.first?.count ?? 0
    for row in values where row.count != k { throw .unequalCounts(row.count, k) }
    var pairs: [(Int, Int)] = []
    var raw: [Double] = []
    for i in 0..<k {
      for j in 0..<i {
        pairs.append((i, j))
        raw.append(WilcoxonTest(try PairedDifferences(values.map { $0[i] - $0[j] })).pValue)
      }
    }
    var result = [[Double]](repeating: [Double](repeating: 1, count: k), count: k)
    for ((i, j), p) in zip(pairs, HolmCorrection.adjusted(raw)) {
      result[i][j] = p
      result[j][i] = p
    }
    pValues = result
    floor = SignificanceFloor(pairs: values.count, family: pairs.count, level: level)
  }

  /// The groups of methods that a critical-difference diagram joins by bars: maximal runs in the order of mean ranks in
  /// which no two methods differ significantly. A bar never covers a significant pair; a pair that does not differ, with one
  /// between that differs from either, has no bar.
  ///
  /// - Parameter averageRanks: of the same methods.
  /// - Returns: indices of methods, best rank first; groups of one are left out.
  public func groups(by averageRanks: [Double]) -> [[Int]] {
    MethodGroups.maximal(averageRanks) { pValues[$0][$1] < floor.level }
  }
}
