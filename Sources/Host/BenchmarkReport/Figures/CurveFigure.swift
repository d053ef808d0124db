import Plotting
import Statistics

/// Curves with bands in a frame with axes.
struct CurveFigure {
  struct Point {
    let x, y: Double
    /// Of the dark band, one standard error, and the pale one, the range over seeds.
    var low: Double?, high: Double?, lowest: Double?, highest: Double?
  }

  struct Series {
    let number: Int
    let points: [Point]
  }

  var series: [Series]
  var xLabel, yLabel: String
  /// A line at zero, for differences.
  var showsZero = false
  /// Lines hold their height to the next point.
  var isStaircase = false
  var xRange: ClosedRange<Double>?
  var yRange: ClosedRange<Double>?
  var height = 250.0

  init(_ series: [Series], xLabel: String, yLabel: String) {
    self.series = series.map { Series(number: $0.number, points: $0.points.filter { $0.x.isFinite && $0.y.isFinite }) }
      .filter { !$0.points.isEmpty }
    self.xLabel = xLabel
    self.yLabel = yLabel
  }

  var isEmpty: Bool { series.isEmpty }

  func svg(id: String, title: String, description: String) -> String {
    var canvas = SVGCanvas(height: height, id: id, title: title, description: description)
    let xs = series.flatMap { $0.points.map(\.x) }
    let ys = series.flatMap { $0.points.flatMap { [$0.y, $0.low, $0.high, $0.lowest, $0.highest].compactMap { $0 } } }
    let across = Axis(exactly: xRange ?? Self.range(xs))
    let up = yRange.map { Axis(exactly: $0) } ?? Axis(ys + (showsZero ? [0] : []))
    let top = 28.0
    let bottom = height - 40
    let right = canvas.width - 12
    let upMarks = up.ticks(5).map { ($0, Axis.label($0).replacing("-", with: "−")) }
    let left = 12 + (upMarks.map { SVGCanvas.width($0.1) }.max() ?? 20)
    func x(_ value: Double) -> Double { left + (right - left) * across.position(value) }
    func y(_ value: Double) -> Double { bottom - (bottom - top) * min(max(up.position(value), -0.02), 1.02) }

    for (value, label) in upMarks {
      canvas.line(left, y(value), right, y(value), "grid")
      canvas.text(label, left - 6, y(value) + 4, .end)
    }
    if showsZero { canvas.line(left, y(0), right, y(0), "zero") }
    for (value, label) in across.marks(length: right - left) {
      canvas.line(x(value), bottom, x(value), bottom + 4, "axis")
      // At the ends a label would leave the picture.
      let half = SVGCanvas.width(label) / 2
      canvas.text(label, min(x(value), canvas.width - half - 1), bottom + 17, .middle)
    }
    for one in series {
      if one.points.count > 1 {
        band(one, "b2", &canvas, x, y) { ($0.lowest, $0.highest) }
        band(one, "b1", &canvas, x, y) { ($0.low, $0.high) }
      }
    }
    for one in series {
      var line: [(x: Double, y: Double)] = []
      for point in one.points {
        if isStaircase, let last = line.last { line.append((x(point.x), last.y)) }
        line.append((x(point.x), y(point.y)))
      }
      canvas.lines([line], SeriesStyle.line(one.number))
      // A mark now and then, at other places for each line.
      let every = max(1, one.points.count / 4)
      for (index, point) in one.points.enumerated()
      where one.points.count == 1 || index % every == (one.number * every / 5) % every {
        canvas.marker(one.number, x(point.x), y(point.y), size: 3.4)
      }
    }
    canvas.lines([[(left, top), (left, bottom), (right, bottom)]], "axis")
    canvas.text(yLabel, 4, 14, style: "label", room: canvas.width - 8)
    canvas.text(xLabel, (left + right) / 2, height - 7, .middle, style: "label")
    return canvas.svg
  }

  private func band(
    _ one: Series, _ style: String, _ canvas: inout SVGCanvas, _ x: (Double) -> Double, _ y: (Double) -> Double,
    _ limits: (Point) -> (Double?, Double?)
  ) {
    let pairs = one.points.compactMap { point in
      if case (let low?, let high?) = limits(point), low.isFinite, high.isFinite {
        (point.x, low, high)
      } else {
        nil as (Double, Double, Double)?
      }
    }
    guard pairs.contains(where: { $0.2 > $0.1 }) else { return }
    canvas.polygon(
      pairs.map { (x($0.0), y($0.2)) } + pairs.reversed().map { (x($0.0), y($0.1)) }, "\(style) \(SeriesStyle.color(one.number))")
  }

  private static func range(_ values: [Double]) -> ClosedRange<Double> {
    let low = values.min() ?? 0
    let high = values.max() ?? 1
    return high > low ? low...high : low - 0.5...low + 0.5
  }

  /// A band's points, each value shown by `shown`.
  static func points(_ band: CurveBand, _ shown: (Double) -> Double) -> [Point] {
    band.points.map { point in
      Point(
        x: point.place, y: shown(point.mean), low: point.standardError.map { shown(point.mean - $0) },
        high: point.standardError.map { shown(point.mean + $0) }, lowest: shown(point.minimum), highest: shown(point.maximum))
    }
  }
}
