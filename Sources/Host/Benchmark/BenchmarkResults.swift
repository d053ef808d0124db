import Foundation
import PluginAPI

/// The outcome of a benchmark as a table and as `results.json`.
struct BenchmarkResults {
  let runs: [BenchmarkPlan.Run]
  let outcomes: [BenchmarkPool.Outcome]
  let seconds: Double

  struct Row {
    let domain, model, dataset, method: String
    /// Test accuracy by seed of the weights the method is for: its average where it makes one, else those of the last step.
    let accuracies: [Int: Double]
    /// Of the weights of the last step, by seed.
    let last: [Int: Double]
    let failures: [String]
    let trainSeconds: Double
  }

  var rows: [Row] {
    var order: [String] = []
    var groups: [String: [Int]] = [:]
    for (index, run) in runs.enumerated() {
      let key = "\(run.domain)\u{0}\(run.model)\u{0}\(run.dataset)\u{0}\(run.method)"
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(index)
    }
    return order.compactMap { key -> Row? in
      guard let indices = groups[key], let first = indices.first else { return nil }
      var accuracies: [Int: Double] = [:], last: [Int: Double] = [:]
      var failures: [String] = []
      var seconds: [Double] = []
      for index in indices {
        switch outcomes[index] {
        case .failed(let reason): failures.append("seed \(runs[index].seed): \(reason)")
        case .finished(let summary):
          let final = summary["test"]?["accuracy"]?.number
          last[runs[index].seed] = final
          accuracies[runs[index].seed] = summary["averaged"]?["test"]?["accuracy"]?.number ?? final
          seconds.append(summary["seconds"]?["train"]?.number ?? 0)
        }
      }
      let run = runs[first]
      return Row(
        domain: run.domain, model: run.model, dataset: run.dataset, method: run.method, accuracies: accuracies, last: last,
        failures: failures, trainSeconds: SampleStatistics(seconds).mean)
    }
  }

  /// Against the first method of the same model and data set, over the seeds both have.
  private func comparison(_ row: Row, _ rows: [Row]) -> PairedComparison? {
    guard let base = rows.first(where: { $0.model == row.model && $0.dataset == row.dataset && $0.domain == row.domain }), base.method != row.method
    else { return nil }
    let seeds = row.accuracies.keys.filter { base.accuracies[$0] != nil }.sorted()
    return PairedComparison(seeds.map { (row.accuracies[$0] ?? 0) - (base.accuracies[$0] ?? 0) })
  }

  func table() -> String {
    let rows = rows
    var lines = [["domain", "model", "data set", "method", "test accuracy", "against the first (95 % interval)", "seeds", "s/run"]]
    for row in rows {
      let values = row.accuracies.sorted { $0.key < $1.key }.map(\.value)
      let statistics = SampleStatistics(values)
      let accuracy = values.isEmpty ? "-" : String(format: "%.2f %%", 100 * statistics.mean) + (statistics.deviation.map { String(format: " ± %.2f", 100 * $0) } ?? "")
      let difference = comparison(row, rows).map { c in
        String(format: "%+.2f", 100 * c.mean) + (c.halfWidth.map { String(format: " [%+.2f, %+.2f]", 100 * (c.mean - $0), 100 * (c.mean + $0)) } ?? "")
      }
      lines.append([
        row.domain, row.model, row.dataset, row.method, accuracy, difference ?? "",
        "\(values.count)" + (row.failures.isEmpty ? "" : ", \(row.failures.count) failed"), String(format: "%.1f", row.trainSeconds),
      ])
    }
    return Terminal.table(lines) + "\n  ± is the standard deviation over seeds; the interval is Student's t over paired seeds."
  }

  func json() -> JSONValue {
    let rows = rows
    return [
      "seconds": JSONValue(seconds),
      "rows": .array(
        rows.map { row in
          let statistics = SampleStatistics(row.accuracies.sorted { $0.key < $1.key }.map(\.value))
          let c = comparison(row, rows)
          return [
            "domain": .string(row.domain), "model": .string(row.model), "dataset": .string(row.dataset), "method": .string(row.method),
            "test": ["mean": JSONValue(statistics.mean), "deviation": JSONValue(statistics.deviation), "values": bySeed(row.accuracies)],
            "lastStepTest": bySeed(row.last),
            "difference": c.map { ["pairs": .int($0.count), "mean": JSONValue($0.mean), "halfWidth95": JSONValue($0.halfWidth)] } ?? .null,
            "failures": JSONValue(row.failures), "trainSeconds": JSONValue(row.trainSeconds),
          ]
        }),
      "runs": .array(
        zip(runs, outcomes).map { run, outcome in
          switch outcome {
          case .finished(let summary): ["name": .string(run.name), "summary": summary]
          case .failed(let reason): ["name": .string(run.name), "failed": .string(reason)]
          }
        }),
    ]
  }

  private func bySeed(_ values: [Int: Double]) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: values.map { ("\($0.key)", JSONValue($0.value)) }))
  }
}
