/// A picture of a few primitives; lengths in points from the top left corner. `svg` and `Raster` render it.
public struct Drawing {
  public struct Point: Hashable, Sendable {
    public var x, y: Double
    public init(_ x: Double, _ y: Double) {
      self.x = x
      self.y = y
    }
  }

  public struct Color: Hashable, Sendable {
    public var red, green, blue: UInt8
    /// From 0, transparent, to 1.
    public var opacity: Double

    /// - Parameter hex: 0xRRGGBB.
    public init(_ hex: UInt32, opacity: Double = 1) {
      red = UInt8(hex >> 16 & 255)
      green = UInt8(hex >> 8 & 255)
      blue = UInt8(hex & 255)
      self.opacity = opacity
    }

    public static let black = Color(0x202020), white = Color(0xFFFFFF), grey = Color(0x808080), pale = Color(0xE4E4E4)

    /// `#rrggbb`.
    var hex: String {
      "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
  }

  public enum Anchor: String, Sendable { case start, middle, end }

  public enum Item: Sendable {
    /// Polygons of one colour; where they overlap or touch, the colour is laid on once.
    case polygons([[Point]], Color)
    case lines([[Point]], Color, width: Double, dashed: Bool)
    case circle(Point, radius: Double, fill: Color, edge: Color)
    /// - Parameters: the left, middle or right end of the base line; upwards: turned to the left by a right angle.
    case text(String, Point, size: Double, Anchor, Color, upwards: Bool)
  }

  public let width, height: Double
  public private(set) var items: [Item] = []

  public init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  public mutating func add(_ item: Item) { items.append(item) }

  public mutating func fill(_ polygons: [[Point]], _ color: Color) {
    if !polygons.isEmpty { items.append(.polygons(polygons, color)) }
  }

  public mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ color: Color) {
    fill([[Point(x, y), Point(x + width, y), Point(x + width, y + height), Point(x, y + height)]], color)
  }

  public mutating func line(_ points: [Point], _ color: Color = .black, width: Double = 1, dashed: Bool = false) {
    lines([points], color, width: width, dashed: dashed)
  }

  /// Polylines of one colour, laid on once where they meet.
  public mutating func lines(_ lines: [[Point]], _ color: Color, width: Double = 1, dashed: Bool = false) {
    if !lines.isEmpty { items.append(.lines(lines, color, width: width, dashed: dashed)) }
  }

  public mutating func text(
    _ text: String, _ x: Double, _ y: Double, size: Double = 11, _ anchor: Anchor = .start, _ color: Color = .black,
    upwards: Bool = false
  ) {
    items.append(.text(text, Point(x, y), size: size, anchor, color, upwards: upwards))
  }

  /// About how wide a text is, whichever font shows it.
  static func width(of text: String, size: Double) -> Double { 0.6 * size * Double(text.count) }
}
