import Foundation
import PluginAPI

/// The learning rate over a run as a chart of characters, with its averaging events below.
enum PlanChart {
  static func draw(run: RunLength, rate: (Int) -> Double, events: [AveragingEvent], width: Int = 72, height: Int = 10) -> String {
    let columns = max(1, min(width, run.steps))
    func first(_ column: Int) -> Int { column * run.steps / columns }
    // The highest and the lowest rate within each column: a cyclic schedule fills the space between.
    let spans = (0..<columns).map { column -> (Double, Double) in
      let steps = first(column)..<max(first(column) + 1, first(column + 1))
      let rates = stride(from: steps.lowerBound, to: steps.upperBound, by: max(1, steps.count / 64)).map(rate)
      return (rates.min() ?? 0, rates.max() ?? 0)
    }
    let top = max(spans.map(\.1).max() ?? 0, 1e-300)
    var lines: [String] = []
    for row in (0..<height).reversed() {
      let low = top * Double(row) / Double(height), high = top * Double(row + 1) / Double(height)
      let cells = spans.map { span -> Character in
        if span.1 > low && span.0 <= high || row == 0 && span.1 <= low { return span.0 > low && span.0 <= high || span.1 < high ? "▄" : "█" }
        return " "
      }
      let label = row == height - 1 || row == 0 ? String(format: "%9.3g", row == 0 ? 0 : top) : String(repeating: " ", count: 9)
      lines.append("\(label) │" + String(cells))
    }
    var marks = [Character](repeating: " ", count: columns)
    for event in events {
      let column = min(columns - 1, (event.step - 1) * columns / max(run.steps, 1))
      if event.kind == .restart { marks[column] = "R" } else if marks[column] == " " { marks[column] = "·" }
    }
    lines.append("          └" + String(repeating: "─", count: columns) + " epoch \(run.epochs)")
    if !events.isEmpty { lines.append("           " + String(marks) + " · sample, R restart") }
    return lines.joined(separator: "\n")
  }
}
