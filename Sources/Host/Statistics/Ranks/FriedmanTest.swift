/// Friedman's test (JASA 32, 1937): do k methods differ in their ranks over N workloads?
///
/// With R_j the mean rank of method j, chi2 = 12 N / (k (k+1)) [sum R_j^2 - k (k+1)^2 / 4], divided by
/// 1 - sum (t^3 - t) / (N k (k^2 - 1)) for ties, follows chi-square with k-1 degrees of freedom for large N. Iman and
/// Davenport's F = (N-1) chi2 / (N (k-1) - chi2), with k-1 and (k-1)(N-1) degrees, is less conservative for few workloads.
public struct FriedmanTest: Sendable, Hashable, Codable {
  /// Of methods, 1 the best; in their order.
  public let averageRanks: [Double]
  /// N and k.
  public let workloads, methods: Int
  public let chiSquared: Double
  public let pValue: Double
  /// Infinite where all workloads rank the methods the same.
  public let imanDavenport: Double
  public let imanDavenportP: Double

  /// - Parameters:
  ///   - values: a row a workload, each with a value a method.
  ///   - higherIsBetter: of each workload.
  /// - Returns: nil for fewer than two methods or workloads.
  /// - Throws: `StatisticsError.unequalCounts`, `.notFinite`.
  public init?(_ values: [[Double]], higherIsBetter: [Bool]) throws(StatisticsError) {
    guard values.count == higherIsBetter.count else { throw .unequalCounts(values.count, higherIsBetter.count) }
    let n = values.count
    let k = values.first?.count ?? 0
    for row in values {
      guard row.count == k else { throw .unequalCounts(row.count, k) }
      try StatisticsError.check(row)
    }
    guard n > 1, k > 1 else { return nil }
    var sums = [Double](repeating: 0, count: k)
    var ties = 0.0
    for (row, up) in zip(values, higherIsBetter) {
      let oriented = up ? row.map { -$0 } : row
      let tolerance = 1e-12 * (row.map { abs($0) }.max() ?? 0)
      for group in Ranks.groups(oriented, tolerance) {
        let t = Double(group.members.count)
        ties += t * t * t - t
        for index in group.members { sums[index] += Double(group.places.lowerBound + group.places.upperBound + 1) / 2 }
      }
    }
    let N = Double(n)
    let K = Double(k)
    averageRanks = sums.map { $0 / N }
    workloads = n
    methods = k
    let correction = 1 - ties / (N * K * (K * K - 1))
    let middle = N * (K + 1) / 2
    let raw = 12 / (N * K * (K + 1)) * sums.reduce(0) { $0 + ($1 - middle) * ($1 - middle) }
    // Where every workload ties all methods there is nothing to tell them apart.
    let chi = correction > 1e-12 ? raw / correction : 0
    chiSquared = chi
    pValue = ChiSquaredDistribution.upperTail(chi, freedom: K - 1)
    let rest = N * (K - 1) - chi
    imanDavenport = rest > 1e-9 ? (N - 1) * chi / rest : .infinity
    imanDavenportP = FDistribution.upperTail(imanDavenport, K - 1, (K - 1) * (N - 1))
  }
}
