import CPNG
import Foundation
import Host
import Plotting
import Testing

@Suite("drawing") struct DrawingTests {
  private typealias Point = Drawing.Point

  private func pixel(_ raster: Raster, _ x: Int, _ y: Int) -> [UInt8] {
    let start = (y * raster.width + x) * 3
    return Array(raster.pixels[start..<start + 3])
  }

  @Test("pixels take as much of a colour as a shape covers of them")
  func coverage() {
    var drawing = Drawing(width: 8, height: 6)
    drawing.rectangle(1, 1, 2.5, 2.5, .init(0x000000))
    let raster = Raster(drawing, scale: 1)
    #expect(raster.width == 8 && raster.height == 6)
    #expect(
      pixel(raster, 0, 0) == [255, 255, 255] && pixel(raster, 1, 1) == [0, 0, 0] && pixel(raster, 2, 2) == [0, 0, 0])
    #expect(pixel(raster, 3, 1) == [128, 128, 128] && pixel(raster, 1, 3) == [128, 128, 128])
    #expect(pixel(raster, 3, 3) == [191, 191, 191] && pixel(raster, 4, 1) == [255, 255, 255])
  }

  @Test("polygons of one item that overlap or touch leave no trace of each other")
  func overlap() {
    var drawing = Drawing(width: 6, height: 4)
    let left = [Point(0, 0), Point(2.5, 0), Point(2.5, 4), Point(0, 4)]
    let right = [Point(2.5, 0), Point(6, 0), Point(6, 4), Point(2.5, 4)]
    drawing.fill([left, right, left], .init(0x204060, opacity: 0.5))
    let raster = Raster(drawing, scale: 1)
    #expect(Set((0..<6).map { pixel(raster, $0, 2) }).count == 1)
    #expect(pixel(raster, 0, 0) == [144, 160, 176])
  }

  @Test("what lies outside is cut off, and nothing crashes at what is not finite")
  func outside() {
    var drawing = Drawing(width: 5, height: 5)
    drawing.rectangle(-100, -100, 102, 1000, .init(0xFF0000))
    drawing.line([Point(.nan, 1), Point(3, .infinity)])
    drawing.fill([[Point(3, 3)]], .black)
    drawing.add(.circle(Point(50, 50), radius: 3, fill: .black, edge: .white))
    let raster = Raster(drawing, scale: 1)
    #expect(pixel(raster, 1, 4) == [255, 0, 0] && pixel(raster, 4, 2) == [255, 255, 255])
    #expect(!drawing.svg.contains("nan") && !drawing.svg.contains("inf"))
  }

  @Test("PNG: the size it says, and the same bytes again")
  func png() throws {
    var drawing = Drawing(width: 30, height: 20)
    drawing.text("Loss 0.25 (%)", 2, 14)
    let raster = Raster(drawing)
    #expect(raster.pixels.contains { $0 < 100 })
    let data = try raster.png()
    #expect(data.prefix(8) == Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    #expect(data[16..<24] == Data([0, 0, 0, 60, 0, 0, 0, 40]))
    #expect(data.suffix(8).prefix(4) == Data("IEND".utf8))
    #expect(try data == Raster(drawing).png())
    #expect(try decodedPNG(data) == raster.pixels)
  }

  @Test("text is anchored where it says, and turned upwards")
  func text() {
    func ink(_ anchor: Drawing.Anchor, upwards: Bool = false) -> (left: Int, right: Int, top: Int, bottom: Int) {
      var drawing = Drawing(width: 100, height: 100)
      drawing.text("HHHH", 50, 50, size: 10, anchor, upwards: upwards)
      let raster = Raster(drawing, scale: 1)
      let dark = (0..<10_000).filter { raster.pixels[$0 * 3] < 128 }
      let xs = dark.map { $0 % 100 }
      let ys = dark.map { $0 / 100 }
      return (xs.min() ?? -1, xs.max() ?? -1, ys.min() ?? -1, ys.max() ?? -1)
    }
    let start = ink(.start)
    let middle = ink(.middle)
    let end = ink(.end)
    let up = ink(.start, upwards: true)
    #expect(abs(start.left - 50) <= 1 && abs(end.right - 50) <= 1 && abs(middle.left + middle.right - 100) <= 2)
    #expect(abs(start.bottom - 50) <= 1 && start.top < 45)
    #expect(abs(up.bottom - 50) <= 1 && abs(up.right - 50) <= 1 && up.top < 30)
  }

  @Test("SVG escapes what XML does not allow")
  func escaping() {
    var drawing = Drawing(width: 10, height: 10)
    drawing.text("a<b & c>\u{1}d", 1, 1)
    #expect(drawing.svg.contains(">a&lt;b &amp; c&gt;d</text>"))
  }

  @Test(
    "ticks are round, within the range, and neither few nor many",
    arguments: [(0.0, 1.0), (-3.2, 4.1), (1.5391, 1.5392), (1e-7, 3e-7), (0, 123456)])
  func ticks(low: Double, high: Double) {
    let axis = Axis(exactly: low...high)
    let ticks = axis.ticks()
    #expect(
      (3...7).contains(ticks.count) && ticks == ticks.sorted()
        && ticks.allSatisfy { $0 >= low - 1e-12 && $0 <= high * (1 + 1e-9) })
    #expect(Set(ticks.map { Axis.label($0) }).count == ticks.count || (high - low) / high < 1e-3)
    #expect(axis.position(low) == 0 && axis.position(high) == 1)
  }

  @Test(
    "labels are short, and say the value",
    arguments: [
      (0, "0"), (1, "1"), (0.001, "0.001"), (0.0001, "1e-4"), (-0.00025, "-2.5e-4"), (1e-12, "1e-12"),
      (12345.678, "1.235e4"),
    ])
  func labels(value: Double, text: String) {
    #expect(Axis.label(value) == text)
  }

  @Test("an axis of values: logarithmic where they span much, and never empty")
  func axes() {
    #expect(Axis([1, 1000], mayBeLogarithmic: true).isLogarithmic)
    #expect(
      !Axis([1, 20], mayBeLogarithmic: true).isLogarithmic && !Axis([0, 1000], mayBeLogarithmic: true).isLogarithmic)
    let logarithmic = Axis(exactly: 0.01...100, isLogarithmic: true)
    #expect(abs(logarithmic.position(1) - 0.5) < 1e-12 && logarithmic.ticks().contains { abs($0 - 1) < 1e-12 })
    for values in [[], [2, 2], [.nan, .infinity], [0]] as [[Double]] {
      let range = Axis(values, mayBeLogarithmic: true).range
      #expect(range.lowerBound < range.upperBound)
    }
  }

  private func area(_ polygons: [[Drawing.Point]]) -> Double {
    var sum = 0.0
    for polygon in polygons {
      var double = 0.0
      var a = polygon[polygon.count - 1]
      for b in polygon {
        double += a.x * b.y - b.x * a.y
        a = b
      }
      sum += abs(double) / 2
    }
    return sum
  }

  @Test("regions above a level of a slope and of a cone have the area they should")
  func contours() {
    let slope = Contours((0..<5).map { _ in (0..<9).map(Double.init) })
    for level in [0.5, 2, 3.25, 7.9] { #expect(abs(area(slope.region(above: level)) - 4 * (8 - level)) < 1e-9) }
    #expect(area(slope.region(above: 9)) == 0 && abs(area(slope.region(above: -1)) - 32) < 1e-12)
    #expect(slope.lines(at: 2.5).allSatisfy { $0.allSatisfy { abs($0.x - 2.5) < 1e-12 } })
    let cone = Contours((0..<41).map { y in (0..<41).map { x in -hypot(Double(x - 20), Double(y - 20)) } })
    #expect(abs(area(cone.region(above: -10)) / (100 * Double.pi) - 1) < 0.01)
    var length = 0.0
    for line in cone.lines(at: -10) { length += hypot(line[0].x - line[1].x, line[0].y - line[1].y) }
    #expect(abs(length / (20 * Double.pi) - 1) < 0.01)
    // What is not finite counts as the greatest.
    #expect(area(Contours([[0, 1], [.nan, .infinity]]).region(above: 0.9)) > 0.3)
  }
}

/// The pixels of a PNG file as libpng reads them.
func decodedPNG(_ data: Data) throws -> [UInt8] {
  var image = png_image()
  image.version = png_uint_32(PNG_IMAGE_VERSION)
  defer { png_image_free(&image) }
  return try data.withUnsafeBytes { bytes in
    try #require(png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0)
    image.format = png_uint_32(PNG_FORMAT_RGB)
    var pixels = [UInt8](repeating: 0, count: Int(image.width) * Int(image.height) * 3)
    try #require(png_image_finish_read(&image, nil, &pixels, 0, nil) != 0)
    return pixels
  }
}
