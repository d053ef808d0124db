#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum GaussianPair {
  /// Two independent standard normal numbers from two random words (Box and Muller).
  static func from(_ first: UInt32, _ second: UInt32) -> (Double, Double) {
    let radius = sqrt(-2 * log((Double(first) + 0.5) * 0x1p-32))
    let angle = 2 * Double.pi * (Double(second) + 0.5) * 0x1p-32
    return (radius * cos(angle), radius * sin(angle))
  }
}
