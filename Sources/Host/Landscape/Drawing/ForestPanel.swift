import Plotting

/// Estimates with their errors below each other, a row each: samples pale, the mean as a dot, one standard error to
/// both sides as a bar.
struct ForestPanel {
  struct Row {
    let name: String
    let samples: [Double]
    let mean: Double
    let error: Double?
    let color: Drawing.Color
  }

  /// Of the panel with its labels.
  let x, y, width, height: Double
  var title = "", xLabel = ""
  var rows: [Row] = []

  init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  func draw(in drawing: inout Drawing) {
    let names = rows.map { Drawing.width(of: $0.name, size: 11) }.max() ?? 0
    let left = x + max(62, names + 14)
    let right = x + width - 16
    let top = y + 24
    let bottom = y + height - 42
    let axis = Axis(rows.flatMap { row in row.samples + [row.mean - (row.error ?? 0), row.mean + (row.error ?? 0)] })
    func across(_ value: Double) -> Double { left + (right - left) * axis.position(value) }
    // Fewer where names leave little room.
    for tick in axis.ticks(max(2, min(6, Int((right - left) / 45)))) {
      drawing.line([.init(across(tick), top), .init(across(tick), bottom)], .pale, width: 0.8)
      drawing.text(Axis.label(tick), across(tick), bottom + 17, .middle)
    }
    let step = (bottom - top) / Double(max(rows.count, 1))
    for (index, row) in rows.enumerated() {
      let middle = top + step * (Double(index) + 0.5)
      drawing.text(row.name, left - 8, middle + 4, .end)
      for sample in row.samples where sample.isFinite {
        var pale = row.color
        pale.opacity = 0.4
        let mark = min(7, step * 0.25)
        drawing.line([.init(across(sample), middle - mark), .init(across(sample), middle + mark)], pale, width: 1.2)
      }
      guard row.mean.isFinite else { continue }
      if let error = row.error, error.isFinite {
        drawing.line(
          [.init(across(row.mean - error), middle), .init(across(row.mean + error), middle)], row.color, width: 2.4)
      }
      drawing.add(.circle(.init(across(row.mean), middle), radius: 4.5, fill: row.color, edge: .white))
    }
    drawing.line([.init(left, top), .init(left, bottom), .init(right, bottom)], .black)
    drawing.text(title, x + 62, y + 12, size: 12)
    drawing.text(xLabel, (left + right) / 2, bottom + 34, .middle)
  }
}
