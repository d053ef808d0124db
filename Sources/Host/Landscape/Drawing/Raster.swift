import CPNG
import Foundation
import PluginAPI

/// A drawing as pixels, edges smoothed by the area they cover.
public struct Raster {
  public let width, height: Int
  /// Red, green, blue of each pixel, row by row from the top.
  public internal(set) var pixels: [UInt8]
  private let scale: Double
  /// How much of each pixel the present item covers.
  private var coverage: [Float]
  /// Bands a row of pixels is sampled in.
  private static let bands = 4

  /// - Parameter scale: pixels a point.
  public init(_ drawing: Drawing, scale: Double = 2) {
    width = max(1, Int((drawing.width * scale).rounded()))
    height = max(1, Int((drawing.height * scale).rounded()))
    self.scale = scale
    pixels = [UInt8](repeating: 255, count: width * height * 3)
    coverage = [Float](repeating: 0, count: width * height)
    for item in drawing.items { draw(item) }
  }

  // MARK: Primitives

  private mutating func draw(_ item: Drawing.Item) {
    switch item {
    case .polygons(let polygons, let color): lay(polygons, color)
    case .lines(let lines, let color, let width, let dashed):
      let parts = dashed ? lines.flatMap { Self.dashes($0, on: 4, off: 3) } : lines
      lay(parts.flatMap { Self.outline($0, width) }, color)
    case .circle(let center, let radius, let fill, let edge):
      lay([Self.disc(center, radius + 0.5)], edge)
      lay([Self.disc(center, radius - 0.5)], fill)
    case .text(let text, let point, let size, let anchor, let color, let upwards):
      let width = StrokeFont.width(text, size: size)
      let shift = anchor == .start ? 0 : anchor == .middle ? -width / 2 : -width
      let strokes = StrokeFont.strokes(text, size: size).map { stroke in
        stroke.map {
          let (x, y) = ($0.x + shift, $0.y)
          return upwards ? Drawing.Point(point.x + y, point.y - x) : Drawing.Point(point.x + x, point.y + y)
        }
      }
      lay(strokes.flatMap { Self.outline($0, size * 0.09) }, color)
    }
  }

  /// Polygons that together are a polyline of that width with round joints and ends.
  private static func outline(_ points: [Drawing.Point], _ width: Double) -> [[Drawing.Point]] {
    var result = points.map { disc($0, width / 2, corners: 8) }
    for (a, b) in zip(points, points.dropFirst()) {
      let length = ((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot()
      guard length > 0 else { continue }
      let (dx, dy) = ((b.y - a.y) / length * width / 2, (a.x - b.x) / length * width / 2)
      result.append([
        Drawing.Point(a.x + dx, a.y + dy), Drawing.Point(b.x + dx, b.y + dy), Drawing.Point(b.x - dx, b.y - dy),
        Drawing.Point(a.x - dx, a.y - dy),
      ])
    }
    return result
  }

  private static func disc(_ center: Drawing.Point, _ radius: Double, corners: Int = 24) -> [Drawing.Point] {
    (0..<corners).map {
      let angle = 2 * Double.pi * Double($0) / Double(corners)
      return Drawing.Point(center.x + radius * cos(angle), center.y + radius * sin(angle))
    }
  }

  private static func dashes(_ points: [Drawing.Point], on: Double, off: Double) -> [[Drawing.Point]] {
    var result: [[Drawing.Point]] = []
    for (a, b) in zip(points, points.dropFirst()) {
      let length = ((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot()
      func at(_ distance: Double) -> Drawing.Point {
        Drawing.Point(a.x + (b.x - a.x) * distance / length, a.y + (b.y - a.y) * distance / length)
      }
      for start in stride(from: 0, to: length, by: on + off) {
        result.append([at(start), at(min(start + on, length))])
      }
    }
    return result
  }

  // MARK: Coverage

  private mutating func lay(_ polygons: [[Drawing.Point]], _ color: Drawing.Color) {
    var first = height, last = -1
    for polygon in polygons {
      let ys = polygon.map { $0.y * scale }
      guard let low = ys.min(), let high = ys.max(), low.isFinite, high.isFinite else { continue }
      let begin = max(0, Int(max(low, 0))), end = min(height - 1, Int(min(high, Double(height))))
      guard begin <= end else { continue }
      first = min(first, begin)
      last = max(last, end)
      for row in begin...end { cover(polygon, row) }
    }
    guard first <= last else { return }
    for index in first * width..<(last + 1) * width where coverage[index] > 0 {
      // Bands and touching polygons add up; where they overlap the sum is over one.
      let part = Double(min(coverage[index], 1)) * color.opacity
      coverage[index] = 0
      for (channel, value) in [color.red, color.green, color.blue].enumerated() {
        let old = Double(pixels[index * 3 + channel])
        pixels[index * 3 + channel] = UInt8((old + (Double(value) - old) * part).rounded())
      }
    }
  }

  /// Adds what a polygon covers of one row: even-odd spans in each band, exact from left to right.
  private mutating func cover(_ polygon: [Drawing.Point], _ row: Int) {
    for band in 0..<Self.bands {
      let y = (Double(row) + (Double(band) + 0.5) / Double(Self.bands)) / scale
      var crossings: [Double] = []
      var a = polygon[polygon.count - 1]
      for b in polygon {
        if (a.y <= y) != (b.y <= y) { crossings.append((a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x)) * scale) }
        a = b
      }
      crossings.sort()
      for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
        let left = max(crossings[pair], 0), right = min(crossings[pair + 1], Double(width))
        guard left < right else { continue }
        for column in Int(left)...min(Int(right), width - 1) {
          let inside = min(right, Double(column + 1)) - max(left, Double(column))
          coverage[row * width + column] += Float(inside) / Float(Self.bands)
        }
      }
    }
  }

  // MARK: PNG

  /// The pixels as a PNG file.
  public func png() throws -> Data {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)
    defer { png_image_free(&image) }
    var size = 0
    var data = Data()
    // The first call asks for the size.
    var done = png_image_write_to_memory(&image, nil, &size, 0, pixels, 0, nil) != 0
    if done {
      data = Data(count: size)
      done = data.withUnsafeMutableBytes {
        png_image_write_to_memory(&image, $0.baseAddress, &size, 0, pixels, 0, nil) != 0
      }
    }
    guard done else { throw BasinError.internalError("libpng could not write a picture of \(width)x\(height) pixels") }
    return data.prefix(size)
  }
}
