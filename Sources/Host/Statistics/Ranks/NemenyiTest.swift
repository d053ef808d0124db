/// Nemenyi's test after Friedman's: two methods differ where their mean ranks lie further apart than the critical difference
/// q(alpha; k, infinity) / sqrt(2) * sqrt(k (k+1) / (6 N)), q of the studentized range (Demsar, JMLR 7, 2006).
public enum NemenyiTest {
  /// Nil for fewer than two methods or one workload.
  public static func criticalDifference(methods: Int, workloads: Int, level: Double = 0.05) -> Double? {
    guard methods > 1, workloads > 0 else { return nil }
    return StudentizedRange.quantile(1 - level, groups: methods) / 2.0.squareRoot() * error(methods, workloads)
  }

  /// Of two methods whose mean ranks are `difference` apart.
  public static func pValue(difference: Double, methods: Int, workloads: Int) -> Double {
    StudentizedRange.upperTail(abs(difference) / error(methods, workloads) * 2.0.squareRoot(), groups: methods)
  }

  private static func error(_ k: Int, _ n: Int) -> Double { (Double(k * (k + 1)) / Double(6 * n)).squareRoot() }
}
