import Foundation

public struct SampleStatistics: Sendable {
  public let mean: Double
  /// The sample standard deviation (n - 1); nil for fewer than two values.
  public let deviation: Double?

  public init(_ values: [Double]) {
    let n = Double(values.count)
    let mean = values.isEmpty ? .nan : values.reduce(0, +) / n
    self.mean = mean
    deviation = values.count > 1 ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)).squareRoot() : nil
  }
}

/// Student's t distribution.
public enum StudentT {
  /// The value below which a part `p` (0.5..<1) of the distribution lies.
  public static func quantile(_ p: Double, freedom: Double) -> Double {
    guard freedom > 0 else { return .nan }
    var low = 0.0, high = 1.0
    while cumulative(high, freedom) < p, high < 1e9 { high *= 2 }
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if cumulative(middle, freedom) < p { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// P(T <= t) for t >= 0: 1/2 plus the density integrated by Simpson's rule in the variable t = sqrt(freedom) tan(a).
  private static func cumulative(_ t: Double, _ freedom: Double) -> Double {
    let end = atan(t / freedom.squareRoot())
    let constant = exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / Double.pi.squareRoot()
    let n = 400
    let step = end / Double(n)
    var sum = 0.0
    for i in 0...n { sum += (i == 0 || i == n ? 1 : i % 2 == 1 ? 4 : 2) * pow(cos(Double(i) * step), freedom - 1) }
    return 0.5 + constant * sum * step / 3
  }
}
