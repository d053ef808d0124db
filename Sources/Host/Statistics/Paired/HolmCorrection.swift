/// Holm's step-down correction (Scand. J. Stat. 6, 1979): the chance of any false finding in the family stays below the
/// level, whatever the dependence.
public enum HolmCorrection {
  /// Corrected p values in the order of `values`: the r-th smallest of m becomes max over s <= r of (m - s + 1) p_s, at
  /// most 1.
  public static func adjusted(_ values: [Double]) -> [Double] {
    var result = values
    var highest = 0.0
    for (rank, index) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
      highest = max(highest, min(1, Double(values.count - rank) * values[index]))
      result[index] = highest
    }
    return result
  }
}
