import Foundation

/// Differences between two methods over the same seeds.
public struct PairedComparison: Sendable {
  public let count: Int
  public let mean: Double
  /// Half the width of the 95 % interval of the mean (Student's t); nil for fewer than two pairs.
  public let halfWidth: Double?

  public init(_ differences: [Double]) {
    let statistics = SampleStatistics(differences)
    count = differences.count
    mean = statistics.mean
    halfWidth = statistics.deviation.map {
      StudentT.quantile(0.975, freedom: Double(differences.count - 1)) * $0 / Double(differences.count).squareRoot()
    }
  }
}
