import Foundation

/// The studentized range: (largest - smallest of k normal values) / their estimated standard deviation with v degrees of
/// freedom; v may be infinite, as the Nemenyi test needs it.
///
/// For infinite v: k times the integral of phi(z) (Phi(z) - Phi(z - q))^(k-1); else its mean over the distribution of the
/// estimated deviation. Gauss-Legendre quadrature; absolute error about 1e-13.
public enum StudentizedRange {
  public static func cumulative(_ q: Double, groups: Int, freedom: Double = .infinity) -> Double {
    guard groups > 1, q > 0 else { return groups > 1 ? 0 : .nan }
    if freedom.isInfinite { return normalRange(q, groups) }
    return min(1, ChiDistribution.mean(freedom: freedom, panels: 16) { normalRange(q * $0, groups) })
  }

  /// P(range > q).
  public static func upperTail(_ q: Double, groups: Int, freedom: Double = .infinity) -> Double {
    max(0, 1 - cumulative(q, groups: groups, freedom: freedom))
  }

  /// The value below which a part `p` of the distribution lies.
  public static func quantile(_ p: Double, groups: Int, freedom: Double = .infinity) -> Double {
    guard groups > 1, p > 0, p < 1 else { return .nan }
    var high = 4.0
    while cumulative(high, groups: groups, freedom: freedom) < p, high < 1e6 { high *= 2 }
    return Quadrature.root(0, high) { cumulative($0, groups: groups, freedom: freedom) - p }
  }

  private static func normalRange(_ q: Double, _ groups: Int) -> Double {
    guard q > 0 else { return 0 }
    let power = Double(groups - 1)
    return min(
      1,
      Double(groups)
        * Quadrature.integral(-9, 9, panels: 12) { z in
          // From the side on which the two are small.
          let part =
            z > q / 2
            ? NormalDistribution.upperTail(z - q) - NormalDistribution.upperTail(z)
            : NormalDistribution.cumulative(z) - NormalDistribution.cumulative(z - q)
          return NormalDistribution.density(z) * pow(max(0, part), power)
        })
  }
}
