import Foundation
import PluginAPI
import Statistics

/// The 2x2 effects of every case of a benchmark, as text and JSON.
struct BenchmarkEffects {
  let cases: [(benchmark: BenchmarkPlan.Case, effects: FactorialEffects)]

  /// Nil where not all four methods are in the benchmark.
  init?(_ rows: [BenchmarkResults.Row]) {
    var order: [BenchmarkPlan.Case] = []
    var values: [BenchmarkPlan.Case: [FactorialEffects.Cell: [Int: Double]]] = [:]
    for row in rows {
      if values[row.benchmark] == nil { order.append(row.benchmark) }
      guard let cell = FactorialEffects.Cell(rawValue: row.method) else { continue }
      values[row.benchmark, default: [:]][cell] = row.accuracies
    }
    guard values.values.contains(where: { $0.count == FactorialEffects.Cell.allCases.count }) else { return nil }
    let found = order.compactMap { item in values[item].flatMap { try? FactorialEffects($0) }.map { (item, $0) } }
    cases = zip(found, FactorialEffects.corrected(found.map(\.1))).map { ($0.0, $1) }
  }

  func text() -> String {
    var parts = ["Averaging or learning rate? Test accuracy in the 2x2 of backbone, backbone-chc, wa and swa"]
    for (benchmark, item) in cases {
      func mean(_ cell: FactorialEffects.Cell) -> String {
        String(format: "%.2f %%", 100 * (item.means[cell] ?? .nan)) + "  \(cell.rawValue)"
      }
      let dropped =
        item.leftOut.isEmpty
        ? "" : " (left out, for a run failed: \(item.leftOut.map { "\($0)" }.joined(separator: ", ")))"
      let means = [
        ["", "rate decays", "rate stays high"],
        ["no averaging", mean(.backbone), mean(.backboneHigh)],
        ["averaging", mean(.averaged), mean(.averagedHigh)],
      ]
      let effects =
        [["effect", "points (95 % interval)", "p", "p (Holm)"]]
        + item.effects.map { effect in
          [effect.name, effect.comparison.points, Self.probability(effect.pValue), Self.probability(effect.holmValue)]
        }
      parts.append(
        "  \(benchmark.title), \(item.seeds.count) \(item.seeds.count == 1 ? "seed" : "seeds")\(dropped)\n"
          + Terminal.table(means, indent: "    ") + "\n" + Terminal.table(effects, indent: "    "))
    }
    let count = cases.count * 3
    parts.append(
      """
        averaging: mean of wa - backbone and swa - backbone-chc; learning rate: of backbone-chc - backbone and swa - wa;
        interaction: by how much averaging gains more where the rate stays high. Intervals are Student's t over paired seeds, not
        corrected for several comparisons; p is the sign-flip test's, p (Holm) corrects it for the \(count) effects shown.
      """)
    return parts.joined(separator: "\n\n")
  }

  func json() -> JSONValue {
    .array(
      cases.map { benchmark, item in
        [
          "domain": .string(benchmark.domain), "model": .string(benchmark.model), "dataset": .string(benchmark.dataset),
          "label": JSONValue(benchmark.label.isEmpty ? nil : benchmark.label),
          "seeds": .array(item.seeds.map { .int($0) }),
          "leftOut": .array(item.leftOut.map { .int($0) }),
          "means": .object(Dictionary(uniqueKeysWithValues: item.means.map { ($0.key.rawValue, JSONValue($0.value)) })),
          "effects": .object(
            Dictionary(
              uniqueKeysWithValues: item.effects.map { effect in
                (
                  effect.name == "learning rate" ? "learningRate" : effect.name,
                  [
                    "mean": JSONValue(effect.comparison.mean), "halfWidth95": JSONValue(effect.comparison.halfWidth),
                    "p": JSONValue(effect.pValue), "pHolm": JSONValue(effect.holmValue),
                    "differences": .array(effect.differences.map { JSONValue($0) }),
                  ]
                )
              })),
        ]
      })
  }

  private static func probability(_ value: Double) -> String {
    value < 0.0001 ? "<0.0001" : String(format: value < 0.01 ? "%.4f" : "%.3f", value)
  }
}

extension PairedComparison {
  /// In hundredths: `+0.42 [-0.10, +0.94]`.
  var points: String { text(times: 100) }

  func text(times scale: Double) -> String {
    String(format: "%+.2f", scale * mean)
      + (halfWidth.map { String(format: " [%+.2f, %+.2f]", scale * (mean - $0), scale * (mean + $0)) } ?? "")
  }
}
