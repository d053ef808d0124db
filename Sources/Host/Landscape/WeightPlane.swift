import PluginAPI

/// The plane through three weights, with an orthonormal basis by Gram and Schmidt (the figures of Izmailov et al.
/// 2018): u = (a - o) / |a - o|, v = what of b - o is orthogonal to u, at length 1. Coordinates are distances.
public struct WeightPlane {
  public struct Position: Hashable, Sendable {
    public let x, y: Double

    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// float64, one tensor a parameter.
  public let origin, u, v: [Tensor]
  /// Of o, a and b.
  public let positions: [Position]

  /// - Throws: `BasinError` where the three lie on one line.
  public init(_ origin: [Tensor], _ a: [Tensor], _ b: [Tensor]) throws {
    let wide = try [origin, a, b].map { try $0.map { try $0.detached().to(.float64) } }
    let first = try zip(wide[1], wide[0]).map { try $0 - $1 }
    let second = try zip(wide[2], wide[0]).map { try $0 - $1 }
    let width = try VectorMath.norm(first), reach = try VectorMath.norm(second)
    guard width > 0, reach > 0 else {
      throw BasinError.usage("two of the three weights are the same", advice: "Give three different ones")
    }
    let u = try first.map { try $0 / width }
    // Twice: what rounding left of u in the first difference.
    var rest = second
    for _ in 0..<2 {
      let along = try VectorMath.dot(rest, u)
      rest = try zip(rest, u).map { try $0 - $1 * along }
    }
    let height = try VectorMath.norm(rest)
    guard height > 1e-6 * reach else {
      throw BasinError.usage(
        "the three weights lie on one line", advice: "Give three that span a plane, or draw the line with --to")
    }
    self.origin = wide[0]
    self.u = u
    v = try rest.map { try $0 / height }
    positions = [
      Position(x: 0, y: 0), Position(x: width, y: 0), Position(x: try VectorMath.dot(second, u), y: height),
    ]
  }

  /// The weights at a point of the plane, float64.
  public func weights(at position: Position) throws -> [Tensor] {
    try zip(origin, zip(u, v)).map { try $0 + $1.0 * position.x + $1.1 * position.y }
  }
}
