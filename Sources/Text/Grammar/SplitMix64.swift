/// A small random generator for generated data (Steele, Lea and Flood, 2014): the same numbers on every platform and
/// with every version of Swift, which `Int.random(in:using:)` does not promise.
struct SplitMix64: Sendable {
  private var state: UInt64

  /// One stream for each seed, stream and index.
  init(seed: UInt64, stream: UInt64, index: UInt64) {
    state = Self.mix(Self.mix(Self.mix(seed &+ Self.step) ^ stream &+ Self.step) ^ index &+ Self.step)
  }

  private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func next() -> UInt64 {
    state &+= Self.step
    return Self.mix(state)
  }

  /// A whole number in `0 ..< bound`. Its bias, below `bound / 2^64`, is of no matter here.
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(max(bound, 1))).high)
  }

  mutating func chance(_ probability: Double) -> Bool { Double(next() >> 11) * 0x1p-53 < probability }

  /// One of the elements of an array that is not empty.
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
