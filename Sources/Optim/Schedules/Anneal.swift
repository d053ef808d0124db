#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How a rate goes from one value to another.
public enum Anneal: String, CaseIterable, Sendable {
  case cosine, linear

  /// The value between `from` and `to` when `fraction`, 0...1, of the way is over.
  func value(from: Double, to: Double, at fraction: Double) -> Double {
    switch self {
    case .cosine: to + 0.5 * (from - to) * (1 + cos(Double.pi * fraction))
    case .linear: from + (to - from) * fraction
    }
  }
}
