/// What the two-sided paired t-test can see: its power, by the noncentral t distribution with noncentrality d sqrt(n).
public enum PairedPower {
  /// The chance to find a true effect of d_z = `effect` with `pairs` pairs. NaN for fewer than two.
  public static func power(effect: Double, pairs: Int, level: Double = 0.05) -> Double {
    guard pairs > 1 else { return .nan }
    return power(effect, pairs, StudentT.quantile(1 - level / 2, freedom: Double(pairs - 1)))
  }

  private static func power(_ effect: Double, _ pairs: Int, _ critical: Double) -> Double {
    let freedom = Double(pairs - 1)
    let noncentrality = effect * Double(pairs).squareRoot()
    return NoncentralT.upperTail(critical, freedom: freedom, noncentrality: noncentrality)
      + NoncentralT.cumulative(-critical, freedom: freedom, noncentrality: noncentrality)
  }

  /// The smallest true effect, in standard deviations of the differences, that is found with the chance `power`. Nil for
  /// fewer than two pairs. Times the deviation of the differences it is the smallest difference these pairs could show.
  public static func smallestEffect(pairs: Int, level: Double = 0.05, power: Double = 0.8) -> Double? {
    guard pairs > 1, power > level, power < 1 else { return nil }
    let critical = StudentT.quantile(1 - level / 2, freedom: Double(pairs - 1))
    var high = 1.0
    while Self.power(high, pairs, critical) < power, high < 1e6 { high *= 2 }
    return Quadrature.root(0, high) { Self.power($0, pairs, critical) - power }
  }
}
