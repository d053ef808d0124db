import Foundation
import PluginAPI

/// What `basin sharpness` says to people: one run with its radii and residuals, several in columns.
enum SharpnessTable {
  /// - Parameter document: `sharpness.json`.
  static func text(_ document: JSONValue) -> String {
    let runs = document["runs"]?.items ?? []
    var parts = [runs.count == 1 ? one(runs[0], part: document["part"]?.text ?? "") : several(runs)]
    if let among = document["among"], among != .null { parts.append(distances(among)) }
    return parts.joined(separator: "\n")
  }

  private static func number(_ value: JSONValue?) -> String { value?.number.map { String(format: "%.5g", $0) } ?? "-" }

  /// A column for each of the weights.
  private static func several(_ runs: [JSONValue]) -> String {
    func row(_ name: String, _ value: (JSONValue) -> JSONValue?) -> [String] { [name] + runs.map { number(value($0)) } }
    var rows = [[""] + runs.map { $0["name"]?.text ?? "?" }]
    rows.append(row("loss") { $0["loss"] })
    rows.append(row("gradient norm") { $0["gradientNorm"] })
    for (key, name) in [("sam", "SAM sharpness"), ("asam", "ASAM sharpness")] {
      rows.append(row("\(name) (rho \(number(runs.first?[key]?["rho"])))") { $0[key]?["sharpness"] })
    }
    for rank in 0..<(runs.map { $0["eigenvalues"]?.items.count ?? 0 }.max() ?? 0) {
      rows.append(
        row("eigenvalue \(rank + 1)") { run in
          let pairs = run["eigenvalues"]?.items ?? []
          return pairs.indices.contains(rank) ? pairs[rank]["value"] : nil
        })
    }
    if runs.contains(where: { $0["trace"]?["estimate"] != nil }) {
      rows.append(row("trace") { $0["trace"]?["estimate"] })
      rows.append(row("  standard error") { $0["trace"]?["standardError"] })
    }
    var lines = [Terminal.table(rows)]
    let methods = Set(runs.compactMap { $0["hessianProducts"]?.text }).sorted()
    if !methods.isEmpty { lines.append("  products with the Hessian: \(methods.joined(separator: ", "))") }
    let open = runs.filter { $0["lanczos"]?["converged"] == .bool(false) }.compactMap { $0["name"]?.text }
    if !open.isEmpty {
      lines.append("  Lanczos did not converge for \(open.joined(separator: ", ")) (more with --iterations)")
    }
    return lines.joined(separator: "\n")
  }

  /// Of one of the weights, with radii and residuals.
  private static func one(_ document: JSONValue, part: String) -> String {
    var rows = [
      [
        "loss", number(document["loss"]),
        "over \(Int(document["examples"]?.number ?? 0)) examples of \(part)",
      ],
      ["gradient norm", number(document["gradientNorm"]), ""],
    ]
    for (key, name) in [("sam", "SAM sharpness"), ("asam", "ASAM sharpness")] {
      let steps = Int(document[key]?["steps"]?.number ?? 1)
      rows.append([
        name, number(document[key]?["sharpness"]),
        "rho \(number(document[key]?["rho"])), \(steps) step\(steps == 1 ? "" : "s")",
      ])
    }
    if case .array(let pairs)? = document["eigenvalues"] {
      for (index, pair) in pairs.enumerated() {
        rows.append(["eigenvalue \(index + 1)", number(pair["value"]), "residual \(number(pair["residual"]))"])
      }
      let smallest = document["smallestEigenvalue"]
      rows.append(["smallest", number(smallest?["value"]), "residual \(number(smallest?["residual"]))"])
    }
    if let trace = document["trace"], trace != .null {
      rows.append([
        "trace", number(trace["estimate"]),
        "standard error \(number(trace["standardError"])), \(Int(trace["samples"]?.number ?? 0)) samples",
      ])
    }
    var lines = [Terminal.table(rows)]
    if let products = document["hessianProducts"]?.text {
      var text = "  products with the Hessian: \(products)"
      if let differences = document["differences"], differences != .null {
        text +=
          " of gradients, step \(number(differences["step"])), error about \(number(differences["relativeError"]))"
      }
      if let lanczos = document["lanczos"], lanczos != .null {
        text += "; Lanczos: \(Int(lanczos["iterations"]?.number ?? 0)) iterations"
        if lanczos["converged"] == .bool(false) { text += ", not converged (more with --iterations)" }
      }
      lines.append(text)
    }
    return lines.joined(separator: "\n")
  }

  private static func distances(_ among: JSONValue) -> String {
    var lines: [String] = []
    lines.append(
      "  variance of the weights: \(number(among["variance"])) (mean squared distance from their mean, whose length is \(number(among["meanNorm"])))"
    )
    if case .array(let distances)? = among["distances"], case .array(let names)? = among["weights"] {
      lines.append("  distances:")
      lines.append(
        Terminal.table(
          zip(names, distances).map { name, row in
            guard case .array(let values) = row else { return [] }
            return [name.text ?? ""] + values.map(number)
          }, indent: "    "))
    }
    return lines.joined(separator: "\n")
  }
}
