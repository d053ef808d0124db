/// Differences of pairs, method minus reference, of the same seed or split: what all paired tests work on. All are finite.
public struct PairedDifferences: Sendable, Hashable {
  public let values: [Double]

  /// - Throws: `StatisticsError.notFinite`.
  public init(_ values: [Double]) throws(StatisticsError) {
    try StatisticsError.check(values)
    self.values = values
  }

  /// - Throws: `StatisticsError.unequalCounts`, `.notFinite`.
  public init(_ values: [Double], minus reference: [Double]) throws(StatisticsError) {
    guard values.count == reference.count else { throw .unequalCounts(values.count, reference.count) }
    try self.init(zip(values, reference).map { $0 - $1 })
  }

  public var count: Int { values.count }

  /// Below it two differences, or a difference and zero, are the same: accuracies are fractions of a few hundred
  /// examples, and 0.862 - 0.858 is not 0.842 - 0.838 but for rounding.
  var tolerance: Double { 1e-11 * (values.map { abs($0) }.max() ?? 0) }
}
