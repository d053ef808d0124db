/// The ten kinds of figures, in the order of their labels.
public enum ShapeKind: Int, CaseIterable, Sendable {
  case circle, square, triangle, star, cross, ring, crescent, stripes, heart, arrow

  public var name: String { String(describing: self) }

  /// Signed distance from the figure's outline, negative inside; exact or a lower bound outside. The figure fits into
  /// the circle of radius 1.15 around the origin.
  ///
  /// Only + - * /, square root, minimum and maximum: all of them exactly rounded, so equal on every machine.
  func distance(_ p: Point) -> Float {
    switch self {
    case .circle: p.length - 0.9
    case .square: max(abs(p.x), abs(p.y)) - 0.78
    case .triangle: Self.distance(p, Self.triangleCorners)
    case .star: Self.distance(p, Self.starCorners)
    case .cross: min(max(abs(p.x) - 0.95, abs(p.y) - 0.3), max(abs(p.y) - 0.95, abs(p.x) - 0.3))
    case .ring: abs(p.length - 0.7) - 0.22
    case .crescent: max(p.length - 0.98, 0.74 - (p - Point(x: 0.45, y: 0)).length)
    case .stripes:
      max(max(abs(p.x) - 0.88, abs(p.y) - 0.85), min(abs(p.x), abs(abs(p.x) - 0.68)) - 0.2)
    case .heart:
      min(
        (p - Point(x: 0.42, y: -0.32)).length - 0.46, (p - Point(x: -0.42, y: -0.32)).length - 0.46,
        Self.distance(p, Self.heartTip))
    case .arrow: Self.distance(p, Self.arrowCorners)
    }
  }

  private static let triangleCorners = [
    Point(x: 0, y: -1), Point(x: 0.866, y: 0.62), Point(x: -0.866, y: 0.62),
  ]
  private static let starCorners = [
    Point(x: 0, y: -1.1), Point(x: 0.259, y: -0.356), Point(x: 1.046, y: -0.34), Point(x: 0.418, y: 0.136),
    Point(x: 0.647, y: 0.89), Point(x: 0, y: 0.44), Point(x: -0.647, y: 0.89), Point(x: -0.418, y: 0.136),
    Point(x: -1.046, y: -0.34), Point(x: -0.259, y: -0.356),
  ]
  private static let heartTip = [
    Point(x: -0.8, y: -0.06), Point(x: 0, y: -0.35), Point(x: 0.8, y: -0.06), Point(x: 0, y: 0.95),
  ]
  private static let arrowCorners = [
    Point(x: 0, y: -1.05), Point(x: 0.72, y: -0.2), Point(x: 0.27, y: -0.2), Point(x: 0.27, y: 0.95),
    Point(x: -0.27, y: 0.95), Point(x: -0.27, y: -0.2), Point(x: -0.72, y: -0.2),
  ]

  /// Signed distance to a polygon without crossings: the nearest edge, and the parity of edges crossed by a ray.
  private static func distance(_ p: Point, _ corners: [Point]) -> Float {
    var nearest = Float.infinity
    var isInside = false
    var a = corners[corners.count - 1]
    for b in corners {
      let edge = b - a
      let toPoint = p - a
      let along = max(0, min(1, toPoint.dot(edge) / edge.dot(edge)))
      let gap = toPoint - edge * along
      nearest = min(nearest, gap.dot(gap))
      if (a.y > p.y) != (b.y > p.y), p.x < a.x + edge.x * (p.y - a.y) / edge.y { isInside.toggle() }
      a = b
    }
    return isInside ? -nearest.squareRoot() : nearest.squareRoot()
  }
}
