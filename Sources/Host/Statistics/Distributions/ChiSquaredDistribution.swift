/// The chi-square distribution.
public enum ChiSquaredDistribution {
  public static func cumulative(_ x: Double, freedom: Double) -> Double {
    x <= 0 ? 0 : IncompleteFunctions.gammaLower(freedom / 2, x / 2)
  }

  /// P(X > x).
  public static func upperTail(_ x: Double, freedom: Double) -> Double {
    x <= 0 ? 1 : IncompleteFunctions.gammaUpper(freedom / 2, x / 2)
  }
}
