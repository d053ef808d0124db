/// Mean and spread of values. What is not finite spreads to the results: these describe, they do not judge.
public struct SampleStatistics: Sendable, Hashable, Codable {
  public let count: Int
  public let mean: Double
  /// The sample standard deviation (n - 1); nil for fewer than two values.
  public let deviation: Double?
  public let minimum, maximum, median: Double?

  public init(_ values: [Double]) {
    count = values.count
    let n = Double(values.count)
    let mean = values.isEmpty ? .nan : values.reduce(0, +) / n
    self.mean = mean
    deviation = values.count > 1 ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)).squareRoot() : nil
    let sorted = values.sorted()
    minimum = sorted.first
    maximum = sorted.last
    median = sorted.isEmpty ? nil : Self.quantile(0.5, ofSorted: sorted)
  }

  /// Of the mean; nil for fewer than two values.
  public var standardError: Double? { deviation.map { $0 / Double(count).squareRoot() } }

  /// Linear between the order statistics (type 7 of Hyndman and Fan, numpy's default).
  static func quantile(_ p: Double, ofSorted values: [Double]) -> Double {
    let place = p * Double(values.count - 1)
    let low = min(max(Int(place), 0), values.count - 1)
    let high = min(low + 1, values.count - 1)
    let part = place - Double(low)
    // Not 0 * infinity: what lies above may be infinite.
    return part == 0 ? values[low] : values[low] + part * (values[high] - values[low])
  }
}
