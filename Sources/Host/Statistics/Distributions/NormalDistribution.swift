import Foundation

/// The standard normal distribution.
public enum NormalDistribution {
  public static func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }

  /// P(Z <= x).
  public static func cumulative(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

  /// P(Z > x), without cancellation.
  public static func upperTail(_ x: Double) -> Double { erfc(x / 2.0.squareRoot()) / 2 }

  /// The value below which a part `p` of the distribution lies; infinite at 0 and 1.
  public static func quantile(_ p: Double) -> Double {
    guard p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
    if p > 0.5 { return -quantile(1 - p) }
    // Abramowitz and Stegun 26.2.23, right to 4.5e-4, then Halley's iteration.
    let t = (-2 * log(p)).squareRoot()
    var x =
      -(t - (2.515517 + 0.802853 * t + 0.010328 * t * t)
        / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t))
    for _ in 0..<4 {
      let density = density(x)
      guard density > 0 else { break }
      let error = (cumulative(x) - p) / density
      x -= error / (1 + x * error / 2)
    }
    return x
  }
}
