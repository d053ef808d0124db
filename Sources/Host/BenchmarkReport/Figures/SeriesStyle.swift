/// Colour, dashes and mark of the lines of a figure: from the ninth on the colours come again with other dashes.
enum SeriesStyle {
  static let count = 8

  static func color(_ series: Int) -> String { "c\(series % count)" }

  /// Of a line.
  static func line(_ series: Int) -> String { "l \(color(series)) d\((series + series / count) % count)" }

  static func marker(_ series: Int, _ x: Double, _ y: Double, _ s: Double) -> String {
    func corners(_ points: [(Double, Double)]) -> String { SVGCanvas.path(points.map { (x + $0.0 * s, y + $0.1 * s) }) + "Z" }
    switch (series + series / count) % count {
    case 0:
      let r = SVGCanvas.number(s)
      return
        "M\(SVGCanvas.number(x - s)) \(SVGCanvas.number(y))a\(r) \(r) 0 1 0 \(SVGCanvas.number(2 * s)) 0a\(r) \(r) 0 1 0 \(SVGCanvas.number(-2 * s))"
        + " 0Z"
    case 1: return corners([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case 2: return corners([(0, -1.2), (1.1, 0.8), (-1.1, 0.8)])
    case 3: return corners([(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)])
    case 4: return corners([(0, 1.2), (1.1, -0.8), (-1.1, -0.8)])
    case 5:
      return corners([
        (-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4), (0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4),
        (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4),
      ])
    case 6: return corners([(0, -1.2), (1.15, -0.37), (0.7, 0.97), (-0.7, 0.97), (-1.15, -0.37)])
    default:
      return corners([
        (-1.2, -0.6), (-0.6, -1.2), (0, -0.6), (0.6, -1.2), (1.2, -0.6), (0.6, 0), (1.2, 0.6), (0.6, 1.2), (0, 0.6), (-0.6, 1.2),
        (-1.2, 0.6), (-0.6, 0),
      ])
    }
  }

  /// A short line with its mark, for a legend; says nothing to a screen reader, for the name stands beside it.
  static func sample(_ series: Int) -> String {
    "<svg class=\"key\" aria-hidden=\"true\" viewBox=\"0 0 30 12\" width=\"30\" height=\"12\"><path"
      + " class=\"\(line(series))\" d=\"M1 6L29 6\"/><path class=\"m \(color(series))\""
      + " d=\"\(marker(series, 15, 6, 4))\"/></svg>"
  }
}
