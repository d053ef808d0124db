import Plotting

/// Estimates with their intervals below each other, each with its name and numbers above, so that it reads on a phone too.
struct ForestFigure {
  struct Row {
    let name, numbers: String
    /// Of the series whose mark and colour it has.
    let number: Int
    /// Single differences, a faint tick each.
    let samples: [Double]
    let mean: Double
    let low, high: Double?
    /// Of the second interval, thinner.
    var low2: Double?, high2: Double?
  }

  var rows: [Row]
  var xLabel: String
  /// Stands at the ends of the axis: to which side it is good.
  var leftWord = "", rightWord = ""

  func svg(id: String, title: String, description: String) -> String {
    let step = 38.0
    let top = 6.0
    let bottom = top + step * Double(rows.count) + 4
    var canvas = SVGCanvas(height: bottom + (leftWord.isEmpty ? 40 : 54), id: id, title: title, description: description)
    let left = 12.0
    let right = canvas.width - 12
    // Single differences may lie far out: they do not stretch the axis beyond three times the intervals.
    let core = rows.flatMap { [$0.mean, $0.low, $0.high, $0.low2, $0.high2].compactMap { $0 } }.filter(\.isFinite) + [0]
    let reach = (core.max() ?? 0) - (core.min() ?? 0)
    let samples = rows.flatMap(\.samples).filter { $0 > (core.min() ?? 0) - reach && $0 < (core.max() ?? 0) + reach }
    let axis = Axis(core + samples)
    func x(_ value: Double) -> Double { left + (right - left) * axis.position(value) }
    for (value, label) in axis.marks(length: right - left) {
      canvas.line(x(value), top, x(value), bottom, "grid")
      let half = SVGCanvas.width(label) / 2
      canvas.text(label, min(max(x(value), half + 1), canvas.width - half - 1), bottom + 16, .middle)
    }
    canvas.line(x(0), top, x(0), bottom, "zero")
    for (index, row) in rows.enumerated() {
      let y = top + step * Double(index)
      let numbersWidth = SVGCanvas.width(row.numbers)
      // Behind the text the grid would disturb.
      canvas.rectangle(left, y + 2, min(SVGCanvas.width(row.name) + 4, right - left), 15, "paper")
      canvas.rectangle(right - numbersWidth - 2, y + 2, numbersWidth + 2, 15, "paper")
      canvas.text(row.name, left, y + 14, style: "name", room: right - left - numbersWidth - 14)
      canvas.text(row.numbers, right, y + 14, .end)
      let middle = y + 26
      let color = SeriesStyle.color(row.number)
      for sample in row.samples where axis.range.contains(sample) {
        canvas.line(x(sample), middle - 6, x(sample), middle + 6, "tick \(color)")
      }
      guard row.mean.isFinite else { continue }
      if let low = row.low2, let high = row.high2 {
        canvas.line(x(low), middle + 5, x(high), middle + 5, "whisker thin \(color)")
      }
      if let low = row.low, let high = row.high { canvas.line(x(low), middle, x(high), middle, "whisker \(color)") }
      canvas.marker(row.number, x(row.mean), middle, size: 5)
    }
    canvas.line(left, bottom, right, bottom, "axis")
    canvas.text(xLabel, (left + right) / 2, bottom + 33, .middle, style: "label")
    if !leftWord.isEmpty {
      canvas.text("← " + leftWord, left, bottom + 49, style: "label")
      canvas.text(rightWord + " →", right, bottom + 49, .end, style: "label")
    }
    return canvas.svg
  }
}
