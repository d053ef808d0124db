import PluginAPI

/// The paired permutation test: were the sign of each seed's difference a coin's throw, how often would their mean be as
/// far from zero as it is? It takes the differences to be symmetric about their mean, and nothing else.
public enum SignFlipTest {
  /// Up to so many differences all sign patterns are counted; beyond, as many as these would be are drawn.
  public static let exhaustiveCount = 16

  /// The two-sided p value; 1 for no differences.
  ///
  /// - Parameter exhaustively: nil decides by the number of differences. Drawn patterns come from a counter-based
  ///   generator with a fixed seed, and the observed pattern is counted among them, so that p is never 0.
  public static func pValue(_ differences: [Double], exhaustively: Bool? = nil) -> Double {
    guard !differences.isEmpty else { return 1 }
    let sum = abs(differences.reduce(0, +))
    // Accuracies are fractions of a few hundred examples: sums that are equal must count as equal in spite of rounding.
    let bound = sum - 1e-12 * differences.reduce(0) { $0 + abs($1) }
    func isAsFar(_ signs: (Int) -> Bool) -> Bool {
      var flipped = 0.0
      for (index, difference) in differences.enumerated() { flipped += signs(index) ? difference : -difference }
      return abs(flipped) >= bound
    }
    if exhaustively ?? (differences.count <= exhaustiveCount) {
      // A pattern and its opposite are equally far: the last sign stays.
      let patterns = 1 << (differences.count - 1)
      let count = (0..<patterns).reduce(0) { count, pattern in count + (isAsFar { pattern >> $0 & 1 == 0 } ? 1 : 0) }
      return Double(count) / Double(patterns)
    }
    let patterns = 1 << exhaustiveCount, width = (differences.count + 31) / 32
    let words = Random(seed: 0)["sign flips"].words(0..<patterns * width)
    let count = (0..<patterns).reduce(0) { count, pattern in
      count + (isAsFar { words[pattern * width + $0 / 32] >> UInt32($0 % 32) & 1 == 0 } ? 1 : 0)
    }
    return Double(count + 1) / Double(patterns + 1)
  }
}

/// Holm's step-down correction (Scand. J. Stat. 6, 1979): the chance of any false finding in the family stays below the
/// level.
public enum HolmCorrection {
  /// Corrected p values in the order of `values`.
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
