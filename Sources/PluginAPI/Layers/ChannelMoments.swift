import TensorKernels

/// The mean and biased variance of each channel of a batch, in float64.
enum ChannelMoments {
  /// Elements a part of the work has: it stays within the caches, and what is summed in which order does not depend on the
  /// number of threads.
  private static let partElements = 1 << 18

  /// - Parameter x: `[N, C, ...]` with at least one value a channel.
  /// - Returns: float64 `[C]` each.
  static func of(_ x: Tensor) throws -> (mean: Tensor, variance: Tensor) {
    let shape = x.shape
    guard x.dtype == .float32, x.device == .cpu, x.count > 0, x.isContiguous || x.isChannelsLast else { return try plainly(x) }
    let channels = shape[1], size = shape.dropFirst(2).reduce(1, *)
    // Two dimensions are channels last however one looks at them.
    let isLast = !x.isContiguous || size == 1
    // What one unit is: a row of channels, or an example.
    let units = isLast ? shape[0] * size : shape[0]
    let unitElements = isLast ? channels : channels * size
    let perPart = max(1, partElements / max(unitElements, 1))
    let parts = (units + perPart - 1) / perPart
    // Sums of differences from a value that occurs: nothing is lost where a channel is far from 0.
    var shift: [Double] = []
    var sums = [Double](repeating: 0, count: parts * 2 * channels)
    try x.withMemory(of: Float.self, layout: x.isContiguous ? .rowMajor : .channelsLast) { values in
      shift = (0..<channels).map { Double(values[isLast ? $0 : $0 * size]) }
      try sums.withUnsafeMutableBufferPointer { sums in
        try shift.withUnsafeBufferPointer { shift in
          guard let sums = sums.baseAddress, let shift = shift.baseAddress else { return }
          nonisolated(unsafe) let (values, target, origin) = (values, sums, shift)
          try LibTorch.parallelFor(0..<parts, grain: 1) { range in
            for part in range {
              let begin = Int64(part * perPart), end = Int64(min((part + 1) * perPart, units))
              let own = target + part * 2 * channels
              if isLast {
                basinRowMoments(begin, end, Int64(channels), values, origin, own)
              } else {
                basinPlaneMoments(begin, end, Int64(channels), Int64(size), values, origin, own)
              }
            }
          }
        }
      }
    }
    let count = Double(shape[0] * size)
    var means: [Double] = [], variances: [Double] = []
    for channel in 0..<channels {
      var firstSum = 0.0, secondSum = 0.0
      for part in 0..<parts {
        firstSum += sums[part * 2 * channels + channel]
        secondSum += sums[part * 2 * channels + channels + channel]
      }
      means.append(shift[channel] + firstSum / count)
      variances.append(max(0, (secondSum - firstSum * firstSum / count) / count))
    }
    return (try Tensor(means), try Tensor(variances))
  }

  /// The same by LibTorch's operators: any type, device and layout.
  static func plainly(_ x: Tensor) throws -> (mean: Tensor, variance: Tensor) {
    let axes = [0] + Array(2..<max(x.shape.count, 2))
    let wide = try x.to(.float64)
    return (try wide.mean(axes), try wide.variance(axes, correction: 0))
  }
}
