/// Random numbers for one picture, from a hash of (seed, split, index): any picture can be made without those before
/// it.
///
/// SplitMix64. Floats are made of whole multiples of 2^-24, so that every machine gets the same bits.
struct ShapeRandom {
  private var state: UInt64

  init(seed: UInt64, split: UInt64, index: Int) {
    state = Self.mix(Self.mix(seed &+ 0x9e37_79b9_7f4a_7c15) ^ split) ^ Self.mix(UInt64(truncatingIfNeeded: index))
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    return Self.mix(state)
  }

  /// Uniform in 0..<1.
  mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

  mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

  /// Uniform in 0..<bound.
  mutating func below(_ bound: Int) -> Int { Int(((next() >> 32) * UInt64(bound)) >> 32) }

  /// A unit vector in any direction. Made of a rational parametrization of the circle instead of sine and cosine, which
  /// differ between libraries in the last bit.
  mutating func direction() -> Point {
    let quarter = tilt(1)
    switch below(4) {
    case 0: return quarter
    case 1: return Point(x: -quarter.y, y: quarter.x)
    case 2: return Point(x: -quarter.x, y: -quarter.y)
    default: return Point(x: quarter.y, y: -quarter.x)
    }
  }

  /// A unit vector near (1, 0): `2 * atan(limit)` is the largest angle.
  mutating func tilt(_ limit: Float) -> Point {
    let t = uniform(-limit, limit)
    let scale = 1 / (1 + t * t)
    return Point(x: (1 - t * t) * scale, y: 2 * t * scale)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

struct Point {
  var x: Float
  var y: Float

  static func - (a: Point, b: Point) -> Point { Point(x: a.x - b.x, y: a.y - b.y) }
  static func * (a: Point, factor: Float) -> Point { Point(x: a.x * factor, y: a.y * factor) }
  func dot(_ other: Point) -> Float { x * other.x + y * other.y }
  var length: Float { dot(self).squareRoot() }
}
