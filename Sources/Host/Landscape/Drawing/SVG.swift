import Foundation

extension Drawing {
  /// The drawing as an SVG document.
  public var svg: String {
    var lines = [
      #"<svg xmlns="http://www.w3.org/2000/svg" width="\#(Self.number(width))" height="\#(Self.number(height))" "#
        + #"viewBox="0 0 \#(Self.number(width)) \#(Self.number(height))" font-family="Helvetica, Arial, sans-serif">"#,
      #"<rect width="100%" height="100%" fill="white"/>"#,
    ]
    lines += items.map(Self.element)
    lines.append("</svg>\n")
    return lines.joined(separator: "\n")
  }

  private static func element(_ item: Item) -> String {
    switch item {
    case .polygons(let polygons, let color):
      let path = polygons.map { "M" + $0.map(pair).joined(separator: " ") + "Z" }.joined()
      return #"<path d="\#(path)" fill="\#(color.hex)"\#(opacity("fill", color))/>"#
    case .lines(let lines, let color, let width, let dashed):
      let path = lines.map { "M" + $0.map(pair).joined(separator: " ") }.joined()
      let dash = dashed ? #" stroke-dasharray="4 3""# : ""
      return #"<path d="\#(path)" fill="none" stroke="\#(color.hex)""#
        + #"\#(opacity("stroke", color)) stroke-width="\#(number(width))" stroke-linejoin="round"\#(dash)/>"#
    case .circle(let center, let radius, let fill, let edge):
      return
        #"<circle cx="\#(number(center.x))" cy="\#(number(center.y))" r="\#(number(radius))" fill="\#(fill.hex)" stroke="\#(edge.hex)"/>"#
    case .text(let text, let point, let size, let anchor, let color, let upwards):
      let turn = upwards ? #" transform="rotate(-90 \#(number(point.x)) \#(number(point.y)))""# : ""
      return
        #"<text x="\#(number(point.x))" y="\#(number(point.y))" font-size="\#(number(size))" text-anchor="\#(anchor.rawValue)" "#
        + #"fill="\#(color.hex)"\#(turn)>\#(escaped(text))</text>"#
    }
  }

  private static func pair(_ point: Point) -> String { "\(number(point.x)),\(number(point.y))" }

  private static func opacity(_ kind: String, _ color: Color) -> String {
    color.opacity < 1 ? #" \#(kind)-opacity="\#(number(color.opacity))""# : ""
  }

  /// At most two decimals.
  private static func number(_ value: Double) -> String {
    let hundredths = (value * 100).rounded()
    guard hundredths.isFinite, abs(hundredths) < 1e12 else { return "0" }
    return hundredths.truncatingRemainder(dividingBy: 100) == 0 ? "\(Int(hundredths / 100))" : "\(hundredths / 100)"
  }

  private static func escaped(_ text: String) -> String {
    // XML allows no control characters, escaped or not.
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      default: if scalar.value >= 32, scalar.value != 127 { result.unicodeScalars.append(scalar) }
      }
    }
    return result
  }
}
