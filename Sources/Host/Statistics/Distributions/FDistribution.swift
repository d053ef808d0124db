/// The F distribution of Fisher and Snedecor.
public enum FDistribution {
  public static func cumulative(_ x: Double, _ first: Double, _ second: Double) -> Double {
    guard x > 0 else { return 0 }
    if x.isInfinite { return 1 }
    let sum = first * x + second
    return IncompleteFunctions.beta(first / 2, second / 2, first * x / sum, complement: second / sum)
  }

  /// P(X > x).
  public static func upperTail(_ x: Double, _ first: Double, _ second: Double) -> Double {
    guard x > 0 else { return 1 }
    if x.isInfinite { return 0 }
    let sum = first * x + second
    return IncompleteFunctions.beta(second / 2, first / 2, second / sum, complement: first * x / sum)
  }
}
