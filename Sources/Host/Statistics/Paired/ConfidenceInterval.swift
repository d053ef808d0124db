/// Where a quantity lies with a confidence of `level`.
public struct ConfidenceInterval: Sendable, Hashable, Codable {
  public let lower, upper: Double
  /// Such as 0.95.
  public let level: Double

  public init(lower: Double, upper: Double, level: Double) {
    self.lower = lower
    self.upper = upper
    self.level = level
  }

  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}

extension PairedDifferences {
  /// Student's t interval of the mean: mean +- t(1 - alpha/2, n-1) s / sqrt(n). Nil for fewer than two pairs. It takes the
  /// differences to be normal; with ten seeds or more it is not sensitive to that.
  public func tInterval(level: Double = 0.95) -> ConfidenceInterval? {
    let sample = SampleStatistics(values)
    guard let error = sample.standardError else { return nil }
    let half = StudentT.quantile((1 + level) / 2, freedom: Double(count - 1)) * error
    return ConfidenceInterval(lower: sample.mean - half, upper: sample.mean + half, level: level)
  }

  /// The two-sided p value of the paired t-test: t = mean sqrt(n) / s with n-1 degrees of freedom. Nil for fewer than two
  /// pairs, and where all differences are the same.
  public var tTestPValue: Double? {
    let sample = SampleStatistics(values)
    guard let error = sample.standardError, error > tolerance else { return nil }
    return StudentT.twoSided(sample.mean / error, freedom: Double(count - 1))
  }
}
