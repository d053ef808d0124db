/// A small seeded generator that gives the same numbers on every machine.
///
/// SplitMix64 of Steele, Lea and Flood ("Fast splittable pseudorandom number generators", OOPSLA 2014): the state grows by
/// the golden ratio's fraction of 2^64 and each output is a bijective mix of it. The period is 2^64. Good enough for
/// resampling; not for cryptography. Any other `RandomNumberGenerator` can take its place.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  /// A generator for what is called `name`, so that one result does not depend on how many came before it.
  public init(seed: UInt64, name: String) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    state = seed ^ hash
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension RandomNumberGenerator {
  /// A number from 0 up to `bound`: the high word of a product. Not rejected for evenness, which costs a bias below
  /// `bound` / 2^64 and makes the count of draws known; the standard library's own way may change between versions.
  mutating func index(below bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}
