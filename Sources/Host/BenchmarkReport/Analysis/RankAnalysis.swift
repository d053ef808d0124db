import Statistics

/// The methods' mean ranks over the workloads on which all of them have a figure.
public struct RankAnalysis: Sendable {
  /// Numbers of the workloads that count, and of the methods ranked: a method without a figure anywhere is left out.
  public let workloads, methods: [Int]
  /// Of `methods`.
  public let friedman: FriedmanTest
  public let criticalDifference: Double
  public let pairwise: PairwiseWilcoxon
  /// Numbers into `methods`: runs of methods that cannot be told apart, by Wilcoxon's test and by Nemenyi's.
  public let groups, nemenyiGroups: [[Int]]

  init?(_ analyses: [WorkloadAnalysis]) {
    guard let first = analyses.first else { return nil }
    let methods = first.cells.indices.filter { m in analyses.contains { !$0.cells[m].values.isEmpty } }
    let workloads = analyses.indices.filter { w in methods.allSatisfy { !analyses[w].cells[$0].values.isEmpty } }
    let rows = workloads.map { w in methods.map { analyses[w].cells[$0].statistics.mean } }
    let up = workloads.map { analyses[$0].workload.metric.higherIsBetter }
    // Wilcoxon's test ranks differences across workloads: relative ones, and better upwards.
    let oriented = zip(rows, up).map { row, up in
      let scale = row.map { abs($0) }.max() ?? 1
      return row.map { (up ? $0 : -$0) / (scale > 0 ? scale : 1) }
    }
    guard let friedman = try? FriedmanTest(rows, higherIsBetter: up),
      let pairwise = try? PairwiseWilcoxon(oriented),
      let critical = NemenyiTest.criticalDifference(methods: methods.count, workloads: workloads.count)
    else { return nil }
    self.workloads = workloads
    self.methods = methods
    self.friedman = friedman
    self.pairwise = pairwise
    criticalDifference = critical
    groups = pairwise.groups(by: friedman.averageRanks)
    nemenyiGroups = MethodGroups.nemenyi(friedman.averageRanks, criticalDifference: critical)
  }
}
