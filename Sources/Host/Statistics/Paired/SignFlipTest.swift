/// The paired permutation test (Fisher, The Design of Experiments, 1935): were the sign of each seed's difference a coin's
/// throw, how often would their mean be as far from zero as it is? It takes the differences to be symmetric about their
/// mean without an effect, and nothing else.
public struct SignFlipTest: Sendable, Hashable, Codable {
  /// Up to so many differences all sign patterns are counted.
  public static let exhaustiveCount = 32

  /// Two-sided; 1 for no differences.
  public let pValue: Double
  /// Whether all patterns were counted.
  public let isExact: Bool

  /// All patterns up to 32 differences; beyond, patterns drawn from `generator`, the observed one counted among them, so
  /// that p is never 0 (Phipson and Smyth, 2010).
  ///
  /// - Parameters:
  ///   - exhaustively: nil decides by the number of differences; true costs 2^(n/2) log.
  ///   - patterns: how many are drawn.
  public init(
    _ differences: PairedDifferences, exhaustively: Bool? = nil, patterns: Int = 65_536,
    using generator: inout some RandomNumberGenerator
  ) {
    let values = differences.values
    isExact = exhaustively ?? (values.count <= Self.exhaustiveCount)
    guard !values.isEmpty else {
      pValue = 1
      return
    }
    // Sums that are equal must count as equal in spite of rounding.
    let bound = abs(values.reduce(0, +)) - 1e-12 * values.reduce(0) { $0 + abs($1) }
    pValue = isExact ? Self.counted(values, bound) : Self.drawn(values, bound, patterns, &generator)
  }

  /// The same with a generator of its own, so that the same differences always give the same p.
  public init(_ differences: PairedDifferences, exhaustively: Bool? = nil) {
    var generator = SplitMix64(seed: 0, name: "sign flips")
    self.init(differences, exhaustively: exhaustively, using: &generator)
  }

  /// The part of all patterns whose sum is at least `bound` away from zero: the sums of both halves of the differences are
  /// listed, and for each of the one the others that are far enough counted in the sorted other list.
  private static func counted(_ values: [Double], _ bound: Double) -> Double {
    if bound <= 0 { return 1 }
    let half = values.count / 2
    let left = sums(values[..<half]).sorted()
    let right = sums(values[half...]).sorted()
    var count = 0
    var place = right.count
    // As `left` grows, ever more of `right` reach the bound from above. A pattern and its opposite are equally far, so that
    // those beyond -bound are as many.
    for sum in left {
      while place > 0, sum + right[place - 1] >= bound { place -= 1 }
      count += right.count - place
    }
    return min(1, 2 * Double(count) / (Double(left.count) * Double(right.count)))
  }

  private static func sums(_ values: ArraySlice<Double>) -> [Double] {
    values.reduce([0]) { sums, value in sums.map { $0 + value } + sums.map { $0 - value } }
  }

  private static func drawn(
    _ values: [Double], _ bound: Double, _ patterns: Int, _ generator: inout some RandomNumberGenerator
  ) -> Double {
    // The sums of each eight differences under all of their signs: a byte of signs is then one look-up.
    let tables = stride(from: 0, to: values.count, by: 8).flatMap { start -> [Double] in
      let sums = sums(values[start..<min(start + 8, values.count)])
      return (0..<256).map { sums[$0 % sums.count] }
    }
    let bytes = tables.count / 256
    var count = 0
    for _ in 0..<patterns {
      var sum = 0.0
      var word: UInt64 = 0
      for byte in 0..<bytes {
        if byte % 8 == 0 { word = generator.next() }
        sum += tables[byte * 256 + Int(word & 255)]
        word >>= 8
      }
      if abs(sum) >= bound { count += 1 }
    }
    return Double(count + 1) / Double(patterns + 1)
  }
}
