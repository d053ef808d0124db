/// Values of two methods brought together by seed, split, or whatever the key is.
public struct Pairing<Key: Hashable & Comparable & Sendable>: Sendable {
  /// The keys both have, ascending.
  public let keys: [Key]
  /// The keys that only one of them has: a run failed or is missing.
  public let leftOut: [Key]
  /// In the order of `keys`.
  public let values, reference: [Double]
  public let differences: PairedDifferences

  /// - Throws: `StatisticsError.notFinite`, with the place among the pairs.
  public init(_ values: [Key: Double], minus reference: [Key: Double]) throws(StatisticsError) {
    var pairs: [(key: Key, value: Double, reference: Double)] = []
    for (key, value) in values {
      if let other = reference[key] { pairs.append((key, value, other)) }
    }
    pairs.sort { $0.key < $1.key }
    keys = pairs.map(\.key)
    leftOut = Set(values.keys).symmetricDifference(reference.keys).sorted()
    self.values = pairs.map(\.value)
    self.reference = pairs.map(\.reference)
    differences = try PairedDifferences(self.values, minus: self.reference)
  }
}
