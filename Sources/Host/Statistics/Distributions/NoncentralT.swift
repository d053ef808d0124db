import Foundation

/// The noncentral t distribution: of (Z + delta) / sqrt(chi2_v / v), what a t statistic follows where there is an effect.
///
/// P(T <= t) is the integral over s of Phi(t s - delta) times the density of s = sqrt(chi2_v / v), by Gauss-Legendre
/// quadrature: all terms are positive, so that small probabilities keep their relative accuracy (1e-10).
public enum NoncentralT {
  public static func cumulative(_ t: Double, freedom: Double, noncentrality: Double) -> Double {
    integral(t, freedom) { NormalDistribution.cumulative(t * $0 - noncentrality) }
  }

  /// P(T > t).
  public static func upperTail(_ t: Double, freedom: Double, noncentrality: Double) -> Double {
    integral(t, freedom) { NormalDistribution.upperTail(t * $0 - noncentrality) }
  }

  private static func integral(_ t: Double, _ freedom: Double, _ f: (Double) -> Double) -> Double {
    let panels = 48 + Int(min(abs(t), 4000))
    return ChiDistribution.mean(freedom: freedom, panels: panels, f)
  }
}
