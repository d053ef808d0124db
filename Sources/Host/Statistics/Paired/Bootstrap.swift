import Foundation

/// Bootstrap confidence intervals (Efron, "Better bootstrap confidence intervals", JASA 82, 1987) of a statistic of one
/// sample, by default the mean.
///
/// - `percentile`: the alpha/2 and 1 - alpha/2 quantiles of the statistic over resamples drawn with replacement.
/// - `bca`: the same with the two levels moved by the bias z0 = Phi^-1(part of resamples below the sample's value, ties
///   half) and the acceleration a = sum u^3 / (6 (sum u^2)^1.5), u from the jackknife:
///   Phi(z0 + (z0 + z) / (1 - a (z0 + z))).
///
/// With few pairs both are too narrow: the t interval is the safer one below ten.
public struct Bootstrap: Sendable {
  /// The statistic of each resample, ascending.
  public let distribution: [Double]
  public let estimate: Double
  private let sample: [Double]
  private let jackknife: [Double]

  /// - Parameters:
  ///   - resamples: how many are drawn, each with as many values as the sample; a draw is one number of the generator.
  ///   - statistic: of a resample; nil is the mean.
  public init(
    _ differences: PairedDifferences, resamples: Int = 9_999, statistic: (([Double]) -> Double)? = nil,
    using generator: inout some RandomNumberGenerator
  ) {
    let sample = differences.values
    self.sample = sample
    let n = sample.count
    guard n > 0 else {
      distribution = []
      jackknife = []
      estimate = .nan
      return
    }
    let mean: ([Double]) -> Double = { $0.reduce(0, +) / Double($0.count) }
    estimate = (statistic ?? mean)(sample)
    var values = [Double](repeating: 0, count: resamples)
    if let statistic {
      var drawn = sample
      for index in values.indices {
        for place in 0..<n { drawn[place] = sample[generator.index(below: n)] }
        values[index] = statistic(drawn)
      }
    } else {
      for index in values.indices {
        var sum = 0.0
        for _ in 0..<n { sum += sample[generator.index(below: n)] }
        values[index] = sum / Double(n)
      }
    }
    values.sort()
    distribution = values
    jackknife =
      n < 2
      ? []
      : sample.indices.map { left in
        var rest = sample
        rest.remove(at: left)
        return (statistic ?? mean)(rest)
      }
  }

  /// Nil for fewer than two values.
  public func percentile(level: Double = 0.95) -> ConfidenceInterval? {
    guard sample.count > 1, !distribution.isEmpty else { return nil }
    return interval((1 - level) / 2, (1 + level) / 2, level)
  }

  /// Nil for fewer than two values, and where the values are all the same or every resample lies on one side.
  public func bca(level: Double = 0.95) -> ConfidenceInterval? {
    guard sample.count > 1, !distribution.isEmpty else { return nil }
    let tolerance = 1e-13 * (sample.map { abs($0) }.max() ?? 0)
    var below = 0.0
    for value in distribution {
      if value > estimate + tolerance { break }
      below += value < estimate - tolerance ? 1 : 0.5
    }
    let bias = NormalDistribution.quantile(below / Double(distribution.count))
    let center = jackknife.reduce(0, +) / Double(jackknife.count)
    let squares = jackknife.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    guard bias.isFinite, squares > tolerance * tolerance else { return nil }
    let cubes = jackknife.reduce(0) { $0 + (center - $1) * (center - $1) * (center - $1) }
    let acceleration = cubes / (6 * squares * squares.squareRoot())
    func moved(_ p: Double) -> Double {
      let z = bias + NormalDistribution.quantile(p)
      return NormalDistribution.cumulative(bias + z / (1 - acceleration * z))
    }
    return interval(moved((1 - level) / 2), moved((1 + level) / 2), level)
  }

  private func interval(_ low: Double, _ high: Double, _ level: Double) -> ConfidenceInterval {
    ConfidenceInterval(
      lower: SampleStatistics.quantile(low, ofSorted: distribution),
      upper: SampleStatistics.quantile(high, ofSorted: distribution), level: level)
  }
}
