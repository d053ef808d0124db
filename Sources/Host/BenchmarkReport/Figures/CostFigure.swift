import Plotting

/// Seconds of the methods by part, as bars below each other.
struct CostFigure {
  struct Row {
    let name: String
    /// Train, data, evaluation, averaging, normalization passes, everything else.
    let seconds: [Double]
    let total: String
  }

  static let parts = ["training", "waiting for data", "evaluation", "averaging", "normalization passes", "starting and ending"]

  let rows: [Row]

  func svg(id: String, title: String, description: String) -> String {
    let step = 34.0
    let bottom = 4 + step * Double(rows.count)
    var canvas = SVGCanvas(height: bottom + 36, id: id, title: title, description: description)
    let left = 12.0
    let right = canvas.width - 12
    let largest = rows.map { $0.seconds.reduce(0, +) }.max() ?? 0
    let axis = Axis(exactly: 0...max(largest, 1e-9))
    func x(_ value: Double) -> Double { left + (right - left) * axis.position(value) }
    for (value, label) in axis.marks(length: right - left) {
      canvas.line(x(value), 4, x(value), bottom, "grid")
      let half = SVGCanvas.width(label) / 2
      canvas.text(label, min(max(x(value), half + 1), canvas.width - half - 1), bottom + 15, .middle)
    }
    for (index, row) in rows.enumerated() {
      let y = 4 + step * Double(index)
      let width = SVGCanvas.width(row.total)
      canvas.rectangle(left, y, right - left, 16, "paper")
      canvas.text(row.name, left, y + 12, style: "name", room: right - left - width - 12)
      canvas.text(row.total, right, y + 12, .end)
      var start = 0.0
      for (part, seconds) in row.seconds.enumerated() where seconds > 0 {
        // A gap between the parts tells them apart without colour.
        canvas.rectangle(x(start), y + 17, max(x(start + seconds) - x(start) - 0.8, 0.4), 11, "bar c\(part)")
        start += seconds
      }
    }
    canvas.line(left, bottom, right, bottom, "axis")
    canvas.text("seconds a run, median", (left + right) / 2, bottom + 31, .middle, style: "label")
    return canvas.svg
  }
}
