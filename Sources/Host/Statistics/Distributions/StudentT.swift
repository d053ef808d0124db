import Foundation

/// Student's t distribution.
public enum StudentT {
  public static func density(_ t: Double, freedom: Double) -> Double {
    let logs = IncompleteFunctions.logGamma((freedom + 1) / 2) - IncompleteFunctions.logGamma(freedom / 2)
    return exp(logs - (freedom + 1) / 2 * log1p(t * t / freedom)) / (freedom * Double.pi).squareRoot()
  }

  /// P(T <= t).
  public static func cumulative(_ t: Double, freedom: Double) -> Double { upperTail(-t, freedom: freedom) }

  /// P(T > t), without cancellation for t > 0.
  public static func upperTail(_ t: Double, freedom: Double) -> Double {
    guard freedom > 0, !t.isNaN else { return .nan }
    if t.isInfinite { return t > 0 ? 0 : 1 }
    let square = t * t
    // P(|T| > |t|) = I_{v / (v + t^2)}(v / 2, 1 / 2)
    let tail =
      IncompleteFunctions.beta(freedom / 2, 0.5, freedom / (freedom + square), complement: square / (freedom + square)) / 2
    return t >= 0 ? tail : 1 - tail
  }

  /// P(|T| > |t|), the two-sided p value.
  public static func twoSided(_ t: Double, freedom: Double) -> Double { min(1, 2 * upperTail(abs(t), freedom: freedom)) }

  /// The value below which a part `p` of the distribution lies.
  public static func quantile(_ p: Double, freedom: Double) -> Double {
    guard freedom > 0, p > 0, p < 1 else { return freedom > 0 && p == 1 ? .infinity : freedom > 0 && p == 0 ? -.infinity : .nan }
    if p == 0.5 { return 0 }
    let tail = min(p, 1 - p)
    var high = 2.0
    while upperTail(high, freedom: freedom) > tail, high < 1e300 { high *= 4 }
    // In logarithms the tail is nearly straight.
    let root = Quadrature.root(0, high) { log(tail) - log(upperTail($0, freedom: freedom)) }
    return p < 0.5 ? -root : root
  }
}
