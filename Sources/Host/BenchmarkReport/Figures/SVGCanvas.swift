/// An SVG drawing whose colours are classes of the page's style sheet, so that dark mode and print change them too. The
/// figures are as wide as a phone, and grow with the page.
struct SVGCanvas {
  enum Anchor: String { case start, middle, end }

  let width, height: Double
  private var body = ""
  private let head: String

  /// - Parameters:
  ///   - id: unique in the page.
  ///   - title: what it is; description: what it shows, for those who cannot see it.
  init(width: Double = 440, height: Double, id: String, title: String, description: String) {
    self.width = width
    self.height = height
    head =
      "<svg class=\"plot\" role=\"img\" aria-labelledby=\"\(id)-t \(id)-d\" viewBox=\"0 0 \(Self.number(width))"
      + " \(Self.number(height))\">"
      + "<title id=\"\(id)-t\">\(EscapedText.html(title))</title><desc id=\"\(id)-d\">\(EscapedText.html(description))</desc>"
  }

  var svg: String { head + body + "</svg>" }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    body += "<path class=\"\(style)\" d=\"M\(Self.number(x1)) \(Self.number(y1))L\(Self.number(x2)) \(Self.number(y2))\"/>"
  }

  /// A polyline for each list of points.
  mutating func lines(_ lines: [[(x: Double, y: Double)]], _ style: String) {
    let path = lines.filter { $0.count > 1 }.map(Self.path).joined()
    if !path.isEmpty { body += "<path class=\"\(style)\" d=\"\(path)\"/>" }
  }

  mutating func polygon(_ points: [(x: Double, y: Double)], _ style: String) {
    if points.count > 2 { body += "<path class=\"\(style)\" d=\"\(Self.path(points))Z\"/>" }
  }

  mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String) {
    body +=
      "<rect class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(max(width, 0)))\""
      + " height=\"\(Self.number(max(height, 0)))\"/>"
  }

  /// - Parameter room: where the text is wider it is cut, and the whole of it shown on pointing at it.
  mutating func text(
    _ text: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, style: String = "", size: Double = 12,
    room: Double? = nil
  ) {
    let shown = room.map { Self.fitted(text, size: size, room: $0) } ?? text
    let title = shown == text ? "" : "<title>\(EscapedText.html(text))</title>"
    body +=
      "<text\(style.isEmpty ? "" : " class=\"\(style)\"") x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
      + (anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\"")
      + (size == 12 ? "" : " font-size=\"\(Self.number(size))\"")
      + ">\(title)\(EscapedText.html(shown))</text>"
  }

  /// The mark of a series: its shape tells it apart where colour does not.
  mutating func marker(_ series: Int, _ x: Double, _ y: Double, size: Double = 4) {
    body += "<path class=\"m \(SeriesStyle.color(series))\" d=\"\(SeriesStyle.marker(series, x, y, size))\"/>"
  }

  /// Raw elements, of numbers alone.
  mutating func add(_ element: String) { body += element }

  static func path(_ points: [(x: Double, y: Double)]) -> String {
    var result = ""
    for (index, point) in points.enumerated() {
      result += index == 0 ? "M" : index == 1 ? "L" : " "
      result += number(point.x) + " " + number(point.y)
    }
    return result
  }

  /// At most one decimal: a tenth of a pixel.
  static func number(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e9 else { return "0" }
    let tenths = Int((value * 10).rounded())
    if tenths % 10 == 0 { return "\(tenths / 10)" }
    return (tenths < 0 ? "-" : "") + "\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  /// About how wide a text is in a common sans-serif font.
  static func width(_ text: String, size: Double = 12) -> Double {
    text.unicodeScalars.reduce(0) { sum, scalar in
      let part: Double =
        switch scalar.value {
        case 0x2E, 0x2C, 0x3A, 0x3B, 0x7C, 0x69, 0x6A, 0x6C, 0x20, 0x5B, 0x5D, 0x27, 0x2D, 0x28, 0x29: 0.34
        case 0x4D, 0x57, 0x6D, 0x77, 0x25, 0x40: 0.92
        case 0x41...0x5A, 0x2B, 0x2212, 0x3C...0x3E: 0.72
        case 0x300...0x36F, 0x200B...0x200F: 0
        case 0x1100...0x11FF, 0x2E80...0xFFDC, 0x1F000...0x1FFFF: 1.05
        default: 0.6
        }
      return sum + part * size
    }
  }

  static func fitted(_ text: String, size: Double, room: Double) -> String {
    if width(text, size: size) <= room { return text }
    var result = text
    while !result.isEmpty, width(result + "…", size: size) > room { result.removeLast() }
    return result + "…"
  }
}
