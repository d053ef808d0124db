import Foundation
import Testing

/// What a benchmark has stored, as `bench runs` tells it.
struct StoredRuns {
  let runs: [Document]

  init(_ space: Workspace, _ folder: String, _ more: String...) throws {
    runs = try space.json(["bench", "runs", folder] + more)["runs"]?.items ?? []
  }

  /// `graph gcn communities swa 0`
  static func title(_ run: Document) -> String {
    ["domain", "model", "dataset", "method"].map { run[$0]?.text ?? "" }.joined(separator: " ") + " \(run["seed"]?.integer ?? -1)"
  }

  /// A column's values by the run's title; of runs of one title the last.
  func column(_ name: String) -> [String: Document] {
    Dictionary(runs.map { (Self.title($0), $0[name] ?? .null) }, uniquingKeysWith: { $1 })
  }

  /// What is the same whenever, wherever and in whichever company a run is run.
  var results: [String: [Document]] {
    Dictionary(
      runs.map { run in (run["hash"]?.text ?? "", ["digest", "cell", "workload", "test", "validation", "status"].map { run[$0] ?? .null }) },
      uniquingKeysWith: { $1 })
  }
}
