import Foundation
import PluginAPI
import Statistics

/// The outcome of a sweep as a table and as `sweep.json`.
struct SweepReport {
  let sweep: Sweep
  let rungs: [[Sweep.Score]]

  /// The best of the last rung, which trained for the whole number of epochs; nil where every trial failed.
  var best: Sweep.Score? { rungs.count == sweep.plan.rungs.count ? rungs.last?.first { $0.mean != nil } : nil }

  /// How to train with the chosen values.
  var command: String? {
    guard let best else { return nil }
    var request = sweep.base
    for pair in best.trial.values {
      if let key = RunRequest.Key(rawValue: pair[0]) { request[key] = pair[1] } else { request.settings[pair[0]] = pair[1] }
    }
    request[.threads] = "\(sweep.threads)"
    return "basin train " + request.arguments.map { $0.contains { " ,;*$'\"(".contains($0) } ? "'\($0)'" : $0 }.joined(separator: " ")
  }

  func text() -> String {
    var parts: [String] = []
    for (index, scores) in rungs.enumerated() {
      let rung = sweep.plan.rungs[index]
      let metric = scores.first?.metric ?? "accuracy"
      let keys = scores.first?.trial.values.map { $0[0] } ?? []
      let rows = scores.prefix(20).map { score in
        score.trial.values.map { $0[1] }
          + [Self.number(score.mean, score.validation), "\(score.validation.count)", String(format: "%.1f", score.seconds)]
          + [score.failures.isEmpty ? "" : "failed, \(score.failures[0])"]
      }
      var title = "\(scores.count) \(scores.count == 1 ? "trial" : "trials") of \(rung.epochs) epochs"
      if sweep.plan.rungs.count > 1 { title = "Rung \(index + 1): " + title }
      parts.append(
        title + "\n" + Terminal.table([keys + ["validation \(metric)", "seeds", "s", ""]] + rows)
          + (scores.count > 20 ? "\n  and \(scores.count - 20) more in sweep.json" : ""))
    }
    if let best, let command {
      parts.append(
        """
        Chosen by validation: \(best.trial.text)
          validation \(Self.number(best.mean, best.validation)), test \(Self.number(best.test.isEmpty ? nil : SampleStatistics(best.test).mean, best.test))
          The best of \(rungs[0].count) looks better than it is: what it is worth other seeds tell.
          \(command)
        """)
    } else {
      parts.append("Every trial failed: nothing can be chosen.")
    }
    return parts.joined(separator: "\n\n")
  }

  private static func number(_ mean: Double?, _ values: [Double]) -> String {
    guard let mean else { return "-" }
    return String(format: "%.4f", mean) + (SampleStatistics(values).deviation.map { String(format: " ± %.4f", $0) } ?? "")
  }

  func json() throws -> JSONValue {
    func document(_ score: Sweep.Score) -> JSONValue {
      [
        "name": .string(score.trial.name),
        "values": .object(Dictionary(score.trial.values.map { ($0[0], .string($0[1])) }, uniquingKeysWith: { $1 })),
        "metric": .string(score.metric), "validation": .array(score.validation.map { .double($0) }), "mean": JSONValue(score.mean),
        "seconds": .double(score.seconds), "failures": JSONValue(score.failures),
      ]
    }
    return [
      "plan": try JSONValue(encoding: sweep.plan), "seeds": .int(sweep.seeds), "method": .string(sweep.configuration.method),
      "model": .string(sweep.configuration.model), "dataset": .string(sweep.configuration.dataset),
      "rungs": .array(
        zip(sweep.plan.rungs, rungs).map { ["epochs": .int($0.epochs), "trials": .array($1.map(document))] }),
      "best": best.map { document($0).adding(["test": .array($0.test.map { .double($0) }), "command": JSONValue(command)]) } ?? .null,
    ]
  }
}
