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

  /// A sample at each multiple of `every` after `start`, up to the end of the run.
  ///
  /// One array of the right size and nothing beside it: there may be a sample in each of millions of steps.
  ///
  /// - Throws: `BasinError` of kind usage for a start after the end, an interval of less than a step, or no sample.
  static func periodic(
    every interval: Landmark, after start: Int, in run: RunLength, of owner: String
  ) throws -> [AveragingEvent] {
    let steps = interval.steps(in: run)
    guard steps > 0 else {
      throw BasinError.usage(
        "\(owner): every \(interval) is less than a step of this run", advice: "Set averaging.every=1ep")
    }
    guard steps <= run.steps else {
      throw BasinError.usage(
        "\(owner): no sample falls in the run, for every \(interval) (\(steps) steps) is longer than its \(run.steps) steps",
        advice: "Set averaging.every shorter, such as 1ep")
    }
    let first = start / steps + 1, last = run.steps / steps
    guard first <= last else {
      throw BasinError.usage(
        "\(owner): no sample falls between the start (step \(start)) and the end (step \(run.steps)) of the run, for"
          + " samples come every \(steps) steps",
        advice: "Set averaging.start lower or averaging.every shorter")
    }
    return [AveragingEvent](unsafeUninitializedCapacity: last - first + 1) { buffer, count in
      for index in first...last {
        buffer.initializeElement(at: index - first, to: AveragingEvent(step: index * steps, kind: .sample))
      }
      count = last - first + 1
    }
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
