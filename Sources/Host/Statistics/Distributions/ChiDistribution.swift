import Foundation

/// The distribution of sqrt(chi2_v / v): a sample's standard deviation in units of the true one.
enum ChiDistribution {
  /// The mean of f over it, for v >= 1.
  static func mean(freedom: Double, panels: Int, _ f: (Double) -> Double) -> Double {
    guard freedom >= 1 else { return .nan }
    let reach = 14 / (2 * freedom).squareRoot()
    let logFront = log(2) + freedom / 2 * log(freedom / 2) - IncompleteFunctions.logGamma(freedom / 2)
    return Quadrature.integral(max(0, 1 - reach), 1 + reach, panels: panels) { s in
      exp(logFront + (freedom - 1) * log(s) - freedom * s * s / 2) * f(s)
    }
  }
}
