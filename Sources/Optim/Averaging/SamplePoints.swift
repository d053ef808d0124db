import PluginAPI

/// The steps at which a stretch of a run is sampled.
enum SamplePoints {
  /// Fewest samples a cycle of PSWA holds, if it has as many steps.
  static let fewestPerCycle = 4

  /// The multiples of `interval` in `stretch`, whose lower bound is before its first step and whose upper bound is its
  /// last.
  static func multiples(of interval: Int, in stretch: Range<Int>) -> [Int] {
    let first = (stretch.lowerBound / interval + 1) * interval
    return first > stretch.upperBound ? [] : Array(stride(from: first, through: stretch.upperBound, by: interval))
  }

  /// The samples of a cycle: at the end of every epoch, or evenly spaced if those were fewer than ``fewestPerCycle``.
  ///
  /// The last sample always falls on the cycle's last step: where a cycle ends within an epoch, its last sample waits
  /// for it.
  static func cycle(_ stretch: Range<Int>, stepsPerEpoch: Int) -> [Int] {
    var points = multiples(of: stepsPerEpoch, in: stretch)
    guard points.count >= fewestPerCycle else {
      let length = stretch.count
      let count = min(fewestPerCycle, length)
      return (0..<count).map { index in
        // Rounded to nearest in integers: a product of steps fits easily, a run has fewer than 2^60 of them.
        stretch.lowerBound + (2 * length * (index + 1) + count) / (2 * count)
      }
    }
    points[points.count - 1] = stretch.upperBound
    return points
  }
}

extension Landmark {
  /// In steps, not rounded: for sums of landmarks that are rounded at the end.
  func exactSteps(in run: RunLength) -> Double {
    switch unit {
    case .epochs: value * Double(run.stepsPerEpoch)
    case .steps: value
    case .duration: value * Double(run.steps)
    }
  }
}
