/// Runs that came to nothing, by what befell them.
public struct FailureGroup: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case failed, timedOut, outOfMemory
    /// It finished, but without a finite figure.
    case noFigure
  }

  public let kind: Kind
  /// Numbers of the workload and method.
  public let workload, method: Int
  /// Indices into the document's runs, by seed.
  public let runs: [Int]

  static func all(_ workloads: [WorkloadAnalysis], _ document: ReportDocument) -> [FailureGroup] {
    var result: [FailureGroup] = []
    for (w, analysis) in workloads.enumerated() {
      for (m, cell) in analysis.cells.enumerated() where cell.failures > 0 {
        let kinds = Dictionary(grouping: cell.runs.filter { kind(document.runs[$0], analysis.workload) != nil }) {
          kind(document.runs[$0], analysis.workload) ?? .failed
        }
        for kind in Kind.allCases {
          kinds[kind].map { result.append(FailureGroup(kind: kind, workload: w, method: m, runs: $0)) }
        }
      }
    }
    return result
  }

  static func kind(_ run: ReportDocument.Run, _ workload: ReportDocument.Workload) -> Kind? {
    switch run.status {
    case .failed: .failed
    case .timedOut: .timedOut
    case .outOfMemory: .outOfMemory
    case .pending: nil
    case .finished: run.value(workload.metric.name) == nil ? .noFigure : nil
    }
  }
}
