import Foundation
import PluginAPI
import Statistics

/// The outcome of a benchmark as a table and as `results.json`.
struct BenchmarkResults {
  let plan: BenchmarkPlan
  let runs: [BenchmarkPlan.Run]
  let outcomes: [BenchmarkPool.Outcome]
  let seconds: Double
  let rows: [Row]
  /// Averaging against learning rate, where their four methods are among those compared.
  let effects: BenchmarkEffects?

  struct Row {
    let benchmark: BenchmarkPlan.Case
    let method: String
    /// What the figures are of: `accuracy`, or the data set's main metric.
    var metric = "accuracy"
    /// Test accuracy (or the data set's main metric) by seed of the weights the method is for: its average where it makes one, else those of the last step.
    var accuracies: [Int: Double] = [:]
    /// Of the weights of the last step, by seed.
    var last: [Int: Double] = [:]
    /// By seed.
    var failures: [(seed: Int, failure: BenchmarkPool.Failure)] = []
    /// What each finished run costs by itself, and its training of that.
    var seconds: [Double] = [], trainSeconds: [Double] = []

    var values: [Double] { accuracies.sorted { $0.key < $1.key }.map(\.value) }
    /// Accuracies, F1 scores and correlations are told in hundredths, a perplexity is not.
    var isInHundredths: Bool { accuracies.values.allSatisfy { abs($0) <= 1 } }
  }

  init(_ plan: BenchmarkPlan, outcomes: [BenchmarkPool.Outcome], seconds: Double) {
    self.plan = plan
    runs = plan.runs
    self.outcomes = outcomes
    self.seconds = seconds
    var rows: [Row] = []
    var places: [String: Int] = [:]
    for (run, outcome) in zip(runs, outcomes) {
      let key = "\(run.benchmark.name)\u{0}\(run.method)"
      let place = places[key] ?? rows.count
      if place == rows.count { rows.append(Row(benchmark: run.benchmark, method: run.method)) }
      places[key] = place
      switch outcome {
      case .failed(let failure): rows[place].failures.append((run.seed, failure))
      case .finished(let summary):
        rows[place].metric = Self.metric(summary)
        rows[place].accuracies[run.seed] = Self.accuracy(summary)
        rows[place].last[run.seed] = summary["test"]?[Self.metric(summary)]?.number
        rows[place].seconds.append(summary["seconds"]?["total"]?.number ?? 0)
        rows[place].trainSeconds.append(summary["seconds"]?["train"]?.number ?? 0)
      }
    }
    self.rows = rows
    effects = BenchmarkEffects(rows)
  }

  /// The name of what a run counts with: accuracy, or the main metric of its data set.
  static func metric(_ summary: JSONValue) -> String { summary["metric"]?.text ?? "accuracy" }

  /// What a run counts with.
  static func accuracy(_ summary: JSONValue, of part: String = "test") -> Double? {
    let name = metric(summary)
    return summary["averaged"]?[part]?[name]?.number ?? summary[part]?[name]?.number
  }

  var failures: [BenchmarkPool.Failure] { rows.flatMap { $0.failures.map(\.failure) } }

  /// Against the first method of the same case, over the seeds both have.
  private func comparison(_ row: Row) -> PairedComparison? {
    guard let base = rows.first(where: { $0.benchmark == row.benchmark }), base.method != row.method else { return nil }
    let differences = row.accuracies.sorted { $0.key < $1.key }.compactMap { seed, value in
      base.accuracies[seed].map { value - $0 }
    }
    // Summaries hold finite numbers only.
    return differences.isEmpty ? nil : (try? PairedDifferences(differences)).map { PairedComparison($0) }
  }

  /// The modules that the runs were made of, each state of a library once.
  private var modules: [JSONValue] {
    var seen: Set<JSONValue> = []
    let all = outcomes.flatMap { (outcome) -> [JSONValue] in
      guard case .finished(let summary) = outcome else { return [] }
      return summary["modules"]?.items ?? []
    }
    return all.filter { seen.insert($0).inserted }
  }

  // MARK: For people

  /// The table, the effects and what failed.
  func report() -> String {
    var parts = [table()]
    let variants = plan.methods.compactMap { name in plan.variants?[name].map { [name, $0.summary] } }
    if !variants.isEmpty { parts.append("Methods of one's own\n" + Terminal.table(variants)) }
    let plugins = modules.filter { $0["origin"]?.text != ModuleSearch.Origin.bundled.word }
    if !plugins.isEmpty {
      let rows = plugins.map { module in
        let words = ["name", "version", "origin"].map { module[$0]?.text ?? "" }
        return words + ["sha256 " + (module["sha256"]?.text.map { String($0.prefix(16)) } ?? "unknown")]
      }
      parts.append("Plug-ins\n" + Terminal.table(rows))
    }
    if let effects { parts.append(effects.text()) }
    let failed = rows.flatMap { row in
      row.failures.map { failure in
        "  \(row.benchmark.title) \(row.method) seed \(failure.seed): \(failure.failure.words)"
          + failure.failure.attempts.dropLast().map { "\n    before that, \($0)" }.joined()
      }
    }
    if !failed.isEmpty { parts.append("Failed, and left out above\n" + failed.joined(separator: "\n")) }
    return parts.joined(separator: "\n\n")
  }

  private func table() -> String {
    var lines = [
      [
        "domain", "model", "data set", "method", "test accuracy", "against \(plan.methods.first ?? "the first")",
        "seeds", "s/run",
      ]
    ]
    for row in rows {
      let values = row.values
      let statistics = SampleStatistics(values)
      let scale = row.isInHundredths ? 100.0 : 1
      let accuracy =
        values.isEmpty
        ? "-"
        : String(format: row.isInHundredths ? "%.2f %%" : "%.2f", scale * statistics.mean)
          + (statistics.deviation.map { String(format: " ± %.2f", scale * $0) } ?? "")
          + (row.metric == "accuracy" ? "" : " \(row.metric)")
      let label = row.benchmark.label
      lines.append([
        row.benchmark.domain, row.benchmark.model, row.benchmark.dataset + (label.isEmpty ? "" : " (\(label))"),
        row.method, accuracy,
        comparison(row)?.text(times: scale) ?? "",
        "\(values.count)" + (row.failures.isEmpty ? "" : ", \(row.failures.count) failed"),
        row.seconds.isEmpty ? "-" : String(format: "%.1f", SampleStatistics(row.seconds).mean),
      ])
    }
    let note =
      plan.cases.allSatisfy { $0.seeds == 1 }
      ? "One seed tells nothing about a difference; --seeds N repeats every run."
      : "± is the standard deviation over seeds; differences are in points, with Student's t 95 % interval over paired seeds;\n  s/run: what a run costs by itself, with evaluations and passes for normalization statistics."
    return Terminal.table(lines) + "\n  " + note
  }

  // MARK: results.json

  func json() throws -> JSONValue {
    [
      "seconds": JSONValue(seconds), "plan": try JSONValue(encoding: plan),
      "rows": .array(
        rows.map { row in
          let statistics = SampleStatistics(row.values)
          let c = comparison(row)
          return [
            "domain": .string(row.benchmark.domain), "model": .string(row.benchmark.model),
            "dataset": .string(row.benchmark.dataset), "metric": .string(row.metric),
            "label": JSONValue(row.benchmark.label.isEmpty ? nil : row.benchmark.label), "method": .string(row.method),
            "test": [
              "mean": JSONValue(statistics.mean), "deviation": JSONValue(statistics.deviation),
              "values": bySeed(row.accuracies),
            ],
            "lastStepTest": bySeed(row.last),
            "difference": c.map {
              ["pairs": .int($0.count), "mean": JSONValue($0.mean), "halfWidth95": JSONValue($0.halfWidth)]
            } ?? .null,
            "failures": JSONValue(row.failures.map { "seed \($0.seed): \($0.failure.reason)" }),
            "seconds": JSONValue(SampleStatistics(row.seconds).mean),
            "trainSeconds": JSONValue(SampleStatistics(row.trainSeconds).mean),
          ]
        }),
      "effects": effects?.json() ?? .null, "modules": .array(modules),
      "runs": .array(
        zip(runs, outcomes).map { run, outcome in
          switch outcome {
          case .finished(let summary): ["name": .string(run.name), "summary": summary]
          case .failed(let failure):
            [
              "name": .string(run.name), "failed": .string(failure.reason),
              "kind": .string(failure.kind.rawValue), "attempts": JSONValue(failure.attempts),
              "status": JSONValue(failure.status.map { Int($0) }),
            ]
          }
        }),
    ]
  }

  private func bySeed(_ values: [Int: Double]) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: values.map { ("\($0.key)", JSONValue($0.value)) }))
  }
}
