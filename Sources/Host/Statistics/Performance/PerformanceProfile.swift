/// How often a method is within a factor tau of the fastest (Dolan and More, Math. Program. 91, 2002), and AlgoPerf's score
/// (Dahl et al., arXiv 2306.07179): the profile's mean height for tau from 1 to 4.
///
/// With t(w, m) the time in which method m reaches workload w's target, r(w, m) = t(w, m) / min over m' of t(w, m') and
/// rho_m(tau) = part of workloads with r(w, m) <= tau. A method that never reaches a target has r infinite there.
public struct PerformanceProfile: Sendable, Hashable {
  /// By workload, then method; infinite where the target is not reached. Workloads that no method reached are all infinite,
  /// and count against every method.
  public let ratios: [[Double]]

  /// - Parameter times: by workload, then method; nil where the target was not reached.
  /// - Throws: `StatisticsError.unequalCounts`; `.notFinite` also for a time that is not positive.
  public init(_ times: [[Double?]]) throws(StatisticsError) {
    let k = times.first?.count ?? 0
    var ratios: [[Double]] = []
    for row in times {
      guard row.count == k else { throw .unequalCounts(row.count, k) }
      if let bad = row.firstIndex(where: { $0.map { !$0.isFinite || $0 <= 0 } ?? false }) { throw .notFinite(index: bad) }
      let best = row.compactMap { $0 }.min()
      ratios.append(row.map { time in time.flatMap { time in best.map { time / $0 } } ?? .infinity })
    }
    self.ratios = ratios
  }

  /// rho(tau) of a method.
  public func part(method: Int, within tau: Double) -> Double {
    guard !ratios.isEmpty else { return .nan }
    return Double(ratios.count { $0[method] <= tau * (1 + 1e-12) }) / Double(ratios.count)
  }

  /// Where a method's profile rises, ascending, with the part it rises to.
  public func steps(method: Int) -> [(tau: Double, part: Double)] {
    let finite = ratios.map { $0[method] }.filter(\.isFinite).sorted()
    return finite.indices.filter { $0 + 1 == finite.count || finite[$0 + 1] > finite[$0] }
      .map { (finite[$0], Double($0 + 1) / Double(ratios.count)) }
  }

  /// The area under the profile from 1 to `limit`, over limit - 1: from 0 to 1. Exact, for the profile is a staircase.
  public func score(method: Int, upTo limit: Double = 4) -> Double {
    guard !ratios.isEmpty, limit > 1 else { return .nan }
    let area = ratios.reduce(0) { $0 + max(0, limit - max(1, $1[method])) }
    return area / (Double(ratios.count) * (limit - 1))
  }
}
