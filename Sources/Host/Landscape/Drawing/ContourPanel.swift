import Foundation

/// Filled contours of a grid with axes, named points and a bar that tells the colours.
struct ContourPanel {
  /// Of the panel with its labels.
  let x, y, width, height: Double
  let xs, ys: [Double]
  /// A row for each of `ys`.
  let values: [[Double]]
  var title = ""
  var marks: [(Drawing.Point, String)] = []

  init(x: Double, y: Double, width: Double, height: Double, xs: [Double], ys: [Double], values: [[Double]]) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
    self.xs = xs
    self.ys = ys
    self.values = values
  }

  // What labels take on each side of the frame.
  private static let left = 50.0, right = 86.0, top = 26.0, bottom = 30.0

  /// The height at which the frame is `shape` times as high as wide.
  static func height(width: Double, shape: Double) -> Double { (width - left - right) * shape + top + bottom }

  /// Values that divide the range into about a dozen bands: round where it is narrow, in equal ratios where it is wide.
  static func levels(_ values: [Double]) -> [Double] {
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max(), high > low else { return [] }
    if low >= 0, high > 8 * low {
      let bottom = max(low, high / 1000)
      return (1..<12).map { bottom * Foundation.pow(high / bottom, Double($0) / 12) }
    }
    return Axis(exactly: low...high).ticks(10).filter { $0 > low && $0 < high }
  }

  func draw(in drawing: inout Drawing) {
    let left = x + Self.left, right = x + width - Self.right, top = y + Self.top, bottom = y + height - Self.bottom
    let (cellWidth, cellHeight) = ((right - left) / Double(max(xs.count - 1, 1)), (bottom - top) / Double(max(ys.count - 1, 1)))
    func place(_ point: Drawing.Point) -> Drawing.Point { .init(left + point.x * cellWidth, bottom - point.y * cellHeight) }
    let contours = Contours(values)
    let levels = Self.levels(values.flatMap { $0 })
    func color(_ band: Int) -> Drawing.Color { ColorScale.color(levels.isEmpty ? 0.5 : Double(band) / Double(levels.count)) }

    drawing.text(title, left, top - 8, size: 12)
    drawing.rectangle(left, top, right - left, bottom - top, color(0))
    for (index, level) in levels.enumerated() {
      drawing.fill(contours.region(above: level).map { $0.map(place) }, color(index + 1))
    }
    for level in levels {
      for line in contours.lines(at: level) { drawing.line(line.map(place), .init(0xFFFFFF, opacity: 0.35), width: 0.6) }
    }
    drawAxes(&drawing, left, right, top, bottom)
    drawBar(&drawing, levels, color, right + 18, top, bottom)
    drawMarks(&drawing, left, right, top, bottom)
  }

  private func drawAxes(_ drawing: inout Drawing, _ left: Double, _ right: Double, _ top: Double, _ bottom: Double) {
    let horizontal = Axis(exactly: (xs.first ?? 0)...(xs.last ?? 1)), vertical = Axis(exactly: (ys.first ?? 0)...(ys.last ?? 1))
    for tick in horizontal.ticks(5) {
      let at = left + (right - left) * horizontal.position(tick)
      drawing.line([.init(at, bottom), .init(at, bottom + 4)], .black)
      drawing.text(Axis.label(tick), at, bottom + 17, .middle)
    }
    for tick in vertical.ticks(5) {
      let at = bottom - (bottom - top) * vertical.position(tick)
      drawing.line([.init(left - 4, at), .init(left, at)], .black)
      drawing.text(Axis.label(tick), left - 7, at + 4, .end)
    }
    drawing.line([.init(left, top), .init(right, top), .init(right, bottom), .init(left, bottom), .init(left, top)], .black)
  }

  private func drawBar(
    _ drawing: inout Drawing, _ levels: [Double], _ color: (Int) -> Drawing.Color, _ left: Double, _ top: Double, _ bottom: Double
  ) {
    let step = (bottom - top) / Double(levels.count + 1)
    for band in 0...levels.count {
      drawing.rectangle(left, bottom - step * Double(band + 1), 14, step + (band > 0 ? 0.5 : 0), color(band))
    }
    let every = step < 13 ? 2 : 1
    for (index, level) in levels.enumerated() where index % every == 0 {
      let at = bottom - step * Double(index + 1)
      drawing.line([.init(left + 14, at), .init(left + 17, at)], .black)
      drawing.text(Axis.label(Double(String(format: "%.3g", level)) ?? level), left + 20, at + 4, size: 10)
    }
    drawing.line(
      [.init(left, top), .init(left + 14, top), .init(left + 14, bottom), .init(left, bottom), .init(left, top)], .black, width: 0.8)
  }

  /// Dots with their names, each on the side away from the others.
  private func drawMarks(_ drawing: inout Drawing, _ left: Double, _ right: Double, _ top: Double, _ bottom: Double) {
    let horizontal = Axis(exactly: (xs.first ?? 0)...(xs.last ?? 1)), vertical = Axis(exactly: (ys.first ?? 0)...(ys.last ?? 1))
    let places = marks.map {
      Drawing.Point(left + (right - left) * horizontal.position($0.0.x), bottom - (bottom - top) * vertical.position($0.0.y))
    }
    let middle = places.reduce(0) { $0 + $1.y } / Double(max(places.count, 1))
    for (place, mark) in zip(places, marks) {
      drawing.add(.circle(place, radius: 4, fill: .init(0xE03030), edge: .white))
      let size = 10.0, wide = Drawing.width(of: mark.1, size: size) + 4
      let x = min(max(place.x, left + wide / 2 + 2), right - wide / 2 - 2)
      let y = place.y > middle ? place.y + 18 : place.y - 9
      drawing.rectangle(x - wide / 2, y - 10, wide, 13, .init(0xFFFFFF, opacity: 0.75))
      drawing.text(mark.1, x, y, size: size, .middle)
    }
  }
}
