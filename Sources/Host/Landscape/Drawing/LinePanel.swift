import Plotting

/// Curves in a frame with axes.
struct LinePanel {
  struct Series {
    let points: [Drawing.Point]
    let color: Drawing.Color
    let width: Double
    var dashed = false
  }

  /// Of the panel with its labels.
  let x, y, width, height: Double
  var title = "", xLabel = "", yLabel = ""
  var series: [Series] = []
  /// Dashed vertical lines.
  var marks: [Double] = []
  var dots: [(Drawing.Point, Drawing.Color)] = []
  /// What stands below the axis instead of round numbers.
  var ticks: [(x: Double, label: String)]?

  init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  func draw(in drawing: inout Drawing) {
    let left = x + 62
    let right = x + width - 16
    let top = y + (title.isEmpty ? 8 : 24)
    let bottom = y + height - 42
    let horizontal =
      ticks == nil
      ? Axis(exactly: Self.span(series.flatMap { $0.points.map(\.x) } + dots.map(\.0.x))) : Axis(dots.map(\.0.x))
    let vertical = Axis(series.flatMap { $0.points.map(\.y) } + dots.map(\.0.y), mayBeLogarithmic: true)
    func across(_ value: Double) -> Double { left + (right - left) * horizontal.position(value) }
    func up(_ value: Double) -> Double { bottom - (bottom - top) * vertical.position(value) }

    for tick in vertical.ticks() {
      drawing.line([.init(left, up(tick)), .init(right, up(tick))], .pale, width: 0.8)
      drawing.text(Axis.label(tick), left - 7, up(tick) + 4, .end)
    }
    if vertical.range.contains(0), !vertical.isLogarithmic {
      drawing.line([.init(left, up(0)), .init(right, up(0))], .grey, width: 0.8)
    }
    for (tick, label) in ticks ?? horizontal.ticks(6).map({ ($0, Axis.label($0)) }) {
      drawing.line([.init(across(tick), bottom), .init(across(tick), bottom + 4)], .black)
      drawing.text(label, across(tick), bottom + 17, .middle)
    }
    for mark in marks where horizontal.range.contains(mark) {
      drawing.line([.init(across(mark), top), .init(across(mark), bottom)], .grey, width: 0.8, dashed: true)
    }
    for curve in series {
      // A loss that is not finite leaves a gap.
      for part in curve.points.split(whereSeparator: { !$0.y.isFinite }) {
        drawing.line(part.map { .init(across($0.x), up($0.y)) }, curve.color, width: curve.width, dashed: curve.dashed)
      }
    }
    for (point, color) in dots where point.y.isFinite && horizontal.range.contains(point.x) {
      drawing.add(.circle(.init(across(point.x), up(point.y)), radius: 4, fill: color, edge: .white))
    }
    drawing.line([.init(left, top), .init(left, bottom), .init(right, bottom)], .black)
    if !title.isEmpty { drawing.text(title, left, y + 12, size: 12) }
    drawing.text(xLabel, (left + right) / 2, bottom + 34, .middle)
    drawing.text(yLabel, x + 16, (top + bottom) / 2, .middle, upwards: true)
  }

  private static func span(_ values: [Double]) -> ClosedRange<Double> {
    let low = values.min() ?? 0
    return low...max(values.max() ?? 1, low)
  }
}
