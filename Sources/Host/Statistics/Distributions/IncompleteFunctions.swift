import Foundation

/// The regularized incomplete gamma and beta functions, which the distributions rest on.
///
/// Series and continued fractions as in Abramowitz and Stegun (6.5.29, 6.5.31, 26.5.8), the fractions by the modified
/// Lentz method; relative error below 1e-12 for parameters up to some thousands, where the logarithms of the gamma function
/// in front limit it.
public enum IncompleteFunctions {
  /// P(a, x) = integral of t^(a-1) e^-t from 0 to x, over gamma(a); for a > 0, x >= 0.
  public static func gammaLower(_ a: Double, _ x: Double) -> Double {
    guard a > 0, x > 0 else { return x == 0 ? 0 : .nan }
    return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x)
  }

  /// Q(a, x) = 1 - P(a, x), without cancellation.
  public static func gammaUpper(_ a: Double, _ x: Double) -> Double {
    guard a > 0, x > 0 else { return x == 0 ? 1 : .nan }
    return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x)
  }

  /// I_x(a, b) = integral of t^(a-1) (1-t)^(b-1) from 0 to x, over beta(a, b).
  ///
  /// - Parameter complement: 1 - x, where it is known better than by subtraction.
  public static func beta(_ a: Double, _ b: Double, _ x: Double, complement: Double? = nil) -> Double {
    let y = complement ?? 1 - x
    guard a > 0, b > 0, x >= 0, y >= 0 else { return .nan }
    if x == 0 { return 0 }
    if y == 0 { return 1 }
    let front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log(y))
    // The fraction converges fast on this side of the mean; the other side is its mirror image.
    return x < (a + 1) / (a + b + 2) ? front * betaFraction(a, b, x) / a : 1 - front * betaFraction(b, a, y) / b
  }

  static func logGamma(_ x: Double) -> Double { lgamma(x) }

  private static func gammaSeries(_ a: Double, _ x: Double) -> Double {
    var term = 1 / a
    var sum = term
    var k = a
    for _ in 0..<100_000 {
      k += 1
      term *= x / k
      sum += term
      if term < sum * 1e-17 { break }
    }
    return sum * exp(a * log(x) - x - logGamma(a))
  }

  private static func gammaFraction(_ a: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    var b = x + 1 - a
    var c = 1 / tiny
    var d = 1 / b
    var h = d
    for i in 1..<100_000 {
      let factor = -Double(i) * (Double(i) - a)
      b += 2
      d = 1 / nonzero(factor * d + b, tiny)
      c = nonzero(b + factor / c, tiny)
      let change = d * c
      h *= change
      if abs(change - 1) < 1e-16 { break }
    }
    return h * exp(a * log(x) - x - logGamma(a))
  }

  private static func betaFraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    var c = 1.0
    var d = 1 / nonzero(1 - (a + b) * x / (a + 1), tiny)
    var h = d
    for i in 1..<100_000 {
      let m = Double(i)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / nonzero(1 + even * d, tiny)
      c = nonzero(1 + even / c, tiny)
      h *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / nonzero(1 + odd * d, tiny)
      c = nonzero(1 + odd / c, tiny)
      let change = d * c
      h *= change
      if abs(change - 1) < 1e-16 { break }
    }
    return h
  }

  private static func nonzero(_ value: Double, _ tiny: Double) -> Double { abs(value) < tiny ? tiny : value }
}
