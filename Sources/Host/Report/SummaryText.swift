import Foundation

/// A run's summary for people.
enum SummaryText {
  /// `84.33 %  (loss 0.9209)`, and the data set's own figures: `68.12 %  (loss 0.6210, matthews 0.1234)`.
  static func metrics(_ metrics: Metrics?) -> String {
    guard let metrics, !metrics.loss.isNaN else { return "-" }
    let parts = [String(format: "loss %.4f", metrics.loss)]
      + metrics.figures.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.isNaN ? "-" : String(format: "%.4f", $0.value))" }
    return (metrics.accuracy.map { String(format: "%.2f %%  ", 100 * $0) } ?? "") + "(\(parts.joined(separator: ", ")))"
  }

  static func table(_ summary: JSONValue) -> String {
    func text(_ key: String) -> String { summary[key]?.text ?? "?" }
    func percent(_ metrics: JSONValue?) -> String { self.metrics(Metrics(json: metrics)) }
    let epochs = Int(summary["epochs"]?.number ?? 0)
    let total = summary["seconds"]?["total"]?.number ?? 0
    var rows = [
      ["", "validation", "test"],
      ["last epoch (\(epochs))", percent(summary["validation"]), percent(summary["test"])],
    ]
    if let selected = summary["selected"], let epoch = selected["epoch"]?.number, Int(epoch) != epochs {
      rows.append(["selected (\(Int(epoch)))", percent(selected["validation"]), percent(selected["test"])])
    }
    if let averaged = summary["averaged"], let samples = averaged["samples"]?.number {
      rows.append(["average of \(Int(samples))", percent(averaged["validation"]), percent(averaged["test"])])
    }
    if case .object(let observed)? = summary["observed"] {
      for (name, average) in observed.sorted(by: { $0.key < $1.key }) {
        let samples = Int(average["samples"]?.number ?? 0)
        rows.append(["observed \(name) of \(samples)", percent(average["validation"]), percent(average["test"])])
      }
    }
    let rate = summary["examplesPerSecond"]?.number.map { String(format: "%.0f", $0) } ?? "-"
    var lines = ["\(text("model")) on \(text("dataset")), method \(text("method")), seed \(Int(summary["seed"]?.number ?? 0))", Terminal.table(rows)]
    if let reason = summary["stopped"]?.text { lines.append("  stopped early: \(reason)") }
    lines.append(String(format: "  %.1f s, \(rate) training examples/s", total))
    return lines.joined(separator: "\n")
  }
}
