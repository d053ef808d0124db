import TensorKernels

/// `[N, C]` or `[N, C, H, W]` in channels last as rows of C numbers.
struct NormRows: Sendable {
  private let shape: [Int]
  private let rows, channels, blocks: Int
  private let byBatch: Bool

  /// Numbers a thread reads at least.
  private static let grain = 65_536

  /// nil where kernels cannot work on `x`, or do not know what the mode wants.
  init?(_ x: Tensor, _ norm: BatchNorm, _ mode: Mode) throws {
    shape = x.shape
    guard shape.count == 2 || shape.count == 4, shape[1] == norm.weight.shape[0], shape.allSatisfy({ $0 > 0 }),
      x.dtype == .float32, norm.weight.dtype == .float32, x.device == .cpu, norm.weight.device == .cpu,
      !LibTorch.wantsSecondDerivatives, shape.count == 2 ? x.isContiguous : x.isChannelsLast
    else { return nil }
    channels = shape[1]
    rows = shape[0] * shape.dropFirst(2).reduce(1, *)
    blocks = Int(basinNormBlocks(Int64(rows), Int64(channels)))
    switch mode {
    // Of one value a channel there is no variance: the twin says so.
    case .train where rows < 2: return nil
    case .train: byBatch = true
    case .evaluate: byBatch = false
    case .estimateStatistics: return nil
    }
  }

  func fits(_ other: Tensor) -> Bool { other.shape == shape && other.dtype == .float32 && other.device == .cpu }

  func arranged(_ x: Tensor) throws -> Tensor { try shape.count == 2 ? x.contiguous() : x.channelsLast() }

  func empty() throws -> Tensor { try shape.count == 2 ? Tensor.empty(shape) : Tensor.emptyChannelsLast(shape) }

  private func memory(_ tensor: Tensor) throws -> UnsafeMutablePointer<Float> {
    try tensor.withMemory(of: Float.self, layout: tensor.shape.count == 4 ? .channelsLast : .rowMajor) { $0 }
  }

  private func parallel(_ body: (_ begin: Int64, _ end: Int64) -> Void) throws {
    let grain = max(1, Self.grain / Int(basinNormBlockRows(Int64(channels))) / channels)
    try LibTorch.parallelFor(guided: 0..<blocks, grain: grain) { body(Int64($0.lowerBound), Int64($0.upperBound)) }
  }

  /// The normalization of `x`, or of `x` + `other`, which is then written to `sum`; as `[4, C]`. Running moments are moved
  /// in training.
  func prepare(_ x: Tensor, plus other: Tensor? = nil, sum: Tensor? = nil, of norm: BatchNorm, _ mode: Mode) throws -> Tensor {
    let applied = try Tensor.empty([4, channels]), partials = try Tensor.empty([blocks, 2, channels])
    var mean = [Double](repeating: 0, count: channels), variance = mean
    nonisolated(unsafe) let (values, others, sums) = (try memory(x), try other.map(memory), try sum.map(memory))
    nonisolated(unsafe) let parts = try partials.withMemory(of: Float.self) { $0 }
    let (rows, channels) = (Int64(rows), Int64(channels))
    try withExtendedLifetime((x, other, sum, partials)) {
      // In evaluation just for the sum.
      if byBatch || others != nil {
        try parallel { basinNormMoments(values, others, rows, channels, $0, $1, sums, parts) }
      }
      if byBatch {
        basinNormCombine(parts, rows, channels, &mean, &variance)
        try norm.countBatch()
      }
    }
    try norm.runningMean.withMemory(of: Float.self) { running in
      try norm.runningVariance.withMemory(of: Float.self) { runningVariance in
        let correction = Double(rows) / Double(max(rows - 1, 1))
        for channel in mean.indices {
          if byBatch {
            running[channel] = Float((1 - norm.momentum) * Double(running[channel]) + norm.momentum * mean[channel])
            runningVariance[channel] = Float(
              (1 - norm.momentum) * Double(runningVariance[channel]) + norm.momentum * variance[channel] * correction)
          } else {
            mean[channel] = Double(running[channel])
            variance[channel] = Double(runningVariance[channel])
          }
        }
      }
    }
    try applied.withMemory(of: Float.self) { applied in
      try norm.weight.withMemory(of: Float.self) { weight in
        try norm.bias.withMemory(of: Float.self) { bias in
          basinNormPrepare(mean, variance, weight, bias, norm.epsilon, channels, applied)
        }
      }
    }
    return applied
  }

  /// relu(x scale + shift + other).
  func apply(_ x: Tensor, plus other: Tensor?, _ applied: Tensor, to output: Tensor) throws {
    nonisolated(unsafe) let (values, others, target) = (try memory(x), try other.map(memory), try memory(output))
    nonisolated(unsafe) let norm = try applied.withMemory(of: Float.self) { $0 }
    let (rows, channels) = (Int64(rows), Int64(channels))
    try withExtendedLifetime((x, other, applied, output)) {
      try parallel { basinNormApply(values, others, norm, 1, rows, channels, $0, $1, target) }
    }
  }

  /// The gradients of x, weight and bias.
  ///
  /// - Parameters:
  ///   - result: where it is over 0 the gradient passes; nil: where the normalized values are.
  ///   - passed: gets the gradient that passed.
  ///   - beside: added to the gradient of x.
  func gradients(
    _ x: Tensor, _ applied: Tensor, _ gradient: Tensor, by result: Tensor? = nil, passed: Tensor? = nil,
    plus beside: Tensor? = nil
  ) throws -> [Tensor?] {
    let output = try empty(), partials = try Tensor.empty([blocks, 2, channels]), means = try Tensor.empty([2, channels])
    let weight = try Tensor.empty([channels]), bias = try Tensor.empty([channels])
    nonisolated(unsafe) let (values, incoming, target) = (try memory(x), try memory(gradient), try memory(output))
    nonisolated(unsafe) let (results, through, more) = (try result.map(memory), try passed.map(memory), try beside.map(memory))
    nonisolated(unsafe) let (norm, parts) = (try flat(applied), try flat(partials))
    nonisolated(unsafe) let averages = try flat(means)
    let (rows, channels) = (Int64(rows), Int64(channels))
    let passing = Int32(result == nil ? BASIN_PASS_POSITIVE : BASIN_PASS_BY_RESULT)
    try withExtendedLifetime((x, applied, gradient, result, passed, beside, partials, means)) {
      try parallel { basinNormGradientSums(values, norm, incoming, results, passing, rows, channels, $0, $1, through, parts) }
      basinNormGradientCombine(parts, rows, channels, byBatch ? 1 : 0, try flat(weight), try flat(bias), averages)
      // What has passed already passes whole.
      let rest = Int32(through == nil ? BASIN_PASS_POSITIVE : BASIN_PASS_ALL)
      try parallel {
        basinNormGradient(values, norm, averages, through ?? incoming, more, rest, rows, channels, $0, $1, target)
      }
    }
    return [output, weight, bias]
  }

  private func flat(_ tensor: Tensor) throws -> UnsafeMutablePointer<Float> { try tensor.withMemory(of: Float.self) { $0 } }
}
