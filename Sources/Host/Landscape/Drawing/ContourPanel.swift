import Foundation
import Plotting

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
    let (cellWidth, cellHeight) = (
      (right - left) / Double(max(xs.count - 1, 1)), (bottom - top) / Double(max(ys.count - 1, 1))
    )
    func place(_ point: Drawing.Point) -> Drawing.Point {
      .init(left + point.x * cellWidth, bottom - point.y * cellHeight)
    }
    let contours = Contours(values)
    let levels = Self.levels(values.flatMap { $0 })
    func color(_ band: Int) -> Drawing.Color {
      ColorScale.color(levels.isEmpty ? 0.5 : Double(band) / Double(levels.count))
    }

    drawing.text(title, left, top - 8, size: 12)
    drawing.rectangle(left, top, right - left, bottom - top, color(0))
    // A little above: errors come in steps, and a plateau of just a level's value is no line.
    let edges = levels.map { $0 + 1e-9 * abs((levels.last ?? 0) - (levels.first ?? 0)) }
    for (index, level) in edges.enumerated() {
      drawing.fill(contours.region(above: level).map { $0.map(place) }, color(index + 1))
    }
    for level in edges {
      drawing.lines(contours.lines(at: level).map { $0.map(place) }, .init(0xFFFFFF, opacity: 0.35), width: 0.6)
    }
    drawAxes(&drawing, left, right, top, bottom)
    drawBar(&drawing, levels, color, right + 18, top, bottom)
    drawMarks(&drawing, left, right, top, bottom)
  }

  private func drawAxes(_ drawing: inout Drawing, _ left: Double, _ right: Double, _ top: Double, _ bottom: Double) {
    let horizontal = Axis(exactly: (xs.first ?? 0)...(xs.last ?? 1)),
      vertical = Axis(exactly: (ys.first ?? 0)...(ys.last ?? 1))
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
    drawing.line(
      [.init(left, top), .init(right, top), .init(right, bottom), .init(left, bottom), .init(left, top)], .black)
  }

  private func drawBar(
    _ drawing: inout Drawing, _ levels: [Double], _ color: (Int) -> Drawing.Color, _ left: Double, _ top: Double,
    _ bottom: Double
  ) {
    let step = (bottom - top) / Double(levels.count + 1)
    for band in 0...levels.count {
      drawing.rectangle(left, bottom - step * Double(band + 1), 14, step + (band > 0 ? 0.5 : 0), color(band))
    }
    let every = step < 13 ? 2 : 1
    // As many digits as tell the levels apart.
    let digits =
      (3...7).first { digits in Set(levels.map { String(format: "%.\(digits)g", $0) }).count == levels.count } ?? 7
    for (index, level) in levels.enumerated() where index % every == 0 {
      let at = bottom - step * Double(index + 1)
      drawing.line([.init(left + 14, at), .init(left + 17, at)], .black)
      drawing.text(Axis.label(level, digits: digits), left + 20, at + 4, size: 10)
    }
    drawing.line(
      [.init(left, top), .init(left + 14, top), .init(left + 14, bottom), .init(left, bottom), .init(left, top)],
      .black, width: 0.8)
  }

  /// Dots with their names, each where it covers no other.
  private func drawMarks(_ drawing: inout Drawing, _ left: Double, _ right: Double, _ top: Double, _ bottom: Double) {
    let horizontal = Axis(exactly: (xs.first ?? 0)...(xs.last ?? 1)),
      vertical = Axis(exactly: (ys.first ?? 0)...(ys.last ?? 1))
    let places = marks.map {
      Drawing.Point(
        left + (right - left) * horizontal.position($0.0.x), bottom - (bottom - top) * vertical.position($0.0.y))
    }
    for place in places { drawing.add(.circle(place, radius: 4, fill: .init(0xE03030), edge: .white)) }
    let middle = places.reduce(0) { $0 + $1.y } / Double(max(places.count, 1))
    let size = 10.0, height = 13.0
    // What must stay free: the dots, then the names placed so far.
    var taken = places.map { (x: $0.x - 5, y: $0.y - 5, width: 10.0, height: 10.0) }
    for (place, mark) in zip(places, marks) {
      let width = Drawing.width(of: mark.1, size: size) + 4
      let (above, below) = ((-width / 2, -9 - height), (-width / 2, 9.0))
      let sides = [
        (9.0, -height / 2), (-width - 9, -height / 2), (9.0, 5.0), (9.0, -5 - height), (-width - 9, 5.0),
        (-width - 9, -5 - height),
      ]
      let boxes = ((place.y > middle ? [below, above] : [above, below]) + sides).map { dx, dy in
        (
          x: min(max(place.x + dx, left + 2), right - width - 2),
          y: min(max(place.y + dy, top + 2), bottom - height - 2),
          width: width, height: height
        )
      }
      let free = boxes.first { box in
        !taken.contains {
          $0.x < box.x + box.width && box.x < $0.x + $0.width && $0.y < box.y + box.height && box.y < $0.y + $0.height
        }
      }
      let box = free ?? boxes[0]
      taken.append(box)
      drawing.rectangle(box.x, box.y, box.width, box.height, .init(0xFFFFFF, opacity: 0.75))
      drawing.text(mark.1, box.x + box.width / 2, box.y + 10, size: size, .middle)
    }
  }
}
