import Statistics

/// Everything a report tells, computed from a document.
public struct ReportAnalysis: Sendable {
  public let document: ReportDocument
  public let workloads: [WorkloadAnalysis]
  /// The number of the reference among the document's methods.
  public let reference: Int
  /// How many comparisons are corrected for together: those with at least two pairs.
  public let family: Int
  public let ranks: RankAnalysis?
  public let speed: SpeedAnalysis?
  /// By workload, as `workloads`; nil where there are no curves.
  public let courses: [CourseAnalysis?]
  public let factorial: [FactorialAnalysis]
  public let failures: [FailureGroup]

  public init(_ document: ReportDocument) {
    self.document = document
    let reference = document.methods.firstIndex { $0.name == document.reference } ?? 0
    self.reference = reference
    var runs: [String: [String: [Int]]] = [:]
    for (index, run) in document.runs.enumerated() { runs[run.workload, default: [:]][run.method, default: []].append(index) }
    var workloads =
      document.methods.isEmpty
      ? [] : document.workloads.mapInParallel { [runs] in WorkloadAnalysis($0, document, runs: runs[$0.id] ?? [:], reference: reference) }
    family = Self.correct(&workloads)
    self.workloads = workloads
    ranks = RankAnalysis(workloads)
    courses = workloads.mapInParallel { CourseAnalysis($0, document) }
    speed = SpeedAnalysis(workloads, courses)
    factorial = FactorialAnalysis.all(workloads)
    failures = FailureGroup.all(workloads, document)
  }

  /// Holm's correction over all comparisons of all workloads, and the verdicts from it.
  private static func correct(_ workloads: inout [WorkloadAnalysis]) -> Int {
    let given = workloads
    let places = given.indices.flatMap { w in
      given[w].cells.indices.filter { (given[w].cells[$0].comparison?.paired.count ?? 0) > 1 }.map { (w, $0) }
    }
    let paired = places.compactMap { given[$0.0].cells[$0.1].comparison?.paired }
    let signs = HolmCorrection.adjusted(paired.map(\.signFlip.pValue))
    let ranks = HolmCorrection.adjusted(paired.map(\.wilcoxon.pValue))
    let means = HolmCorrection.adjusted(paired.map { $0.tTestP ?? 1 })
    let decisions = Decision.family(paired)
    for (place, (w, c)) in places.enumerated() {
      workloads[w].cells[c].comparison?.signFlipHolm = signs[place]
      workloads[w].cells[c].comparison?.wilcoxonHolm = ranks[place]
      workloads[w].cells[c].comparison?.tTestHolm = paired[place].tTestP == nil ? nil : means[place]
      workloads[w].cells[c].comparison?.decision = decisions[place]
    }
    for w in workloads.indices {
      for c in workloads[w].cells.indices {
        guard let comparison = workloads[w].cells[c].comparison else { continue }
        let verdict = Verdict(
          comparison.paired, comparison.decision,
          floor: SignificanceFloor(pairs: comparison.paired.count, family: places.count, level: Decision.level),
          higherIsBetter: workloads[w].workload.metric.higherIsBetter)
        workloads[w].cells[c].comparison?.verdict = verdict
      }
    }
    return places.count
  }

  /// Whether some verdicts rest on the t-test.
  public var usesTTest: Bool {
    workloads.contains { $0.cells.contains { $0.comparison?.decision?.test == .tTest } }
  }

  public var referenceName: String { document.methods.isEmpty ? document.reference : document.methods[reference].name }
  public var finished: Int { document.runs.count { $0.status == .finished } }
  public var pending: Int { document.runs.count { $0.status == .pending } }
}
