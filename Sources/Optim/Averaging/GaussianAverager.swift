import PluginAPI

/// The moments of SWAG (Maddox et al. 2019): mean and variance of all samples, and the deviations of the last `rank`.
///
/// Sample n: mean' = mean + (w - mean) / n, v' = v + ((w - mean)(w - mean') - v) / n, deviation w - mean'. The paper's
/// second moment is v + mean^2; kept like that, the variance would be a small difference of large numbers, and float32
/// would leave nothing of it where weights move by less than a thousandth of themselves.
///
/// A draw is mean + sqrt(scale) (sqrt(v) z + D y / sqrt(K - 1)), z and y standard normal, K the deviations held. With fewer
/// than two deviations there is no second term.
public final class GaussianAverager: SamplingAverager {
  private let trained: TrainedTensors
  private let scale: Double
  private let hasNarrowTypes: Bool
  public let draws: Int
  /// Empty before the first sample; kept through a reset, whose next sample overwrites them.
  private var means: [Tensor] = []
  private var variances: [Tensor] = []
  private var deviations: SampleRing
  public private(set) var samples = 0

  public init(_ parameters: [NamedTensor], rank: Int, draws: Int, scale: Double) {
    trained = TrainedTensors(parameters)
    hasNarrowTypes = trained.tensors.contains { $0.averagingType != $0.dtype }
    deviations = SampleRing(capacity: max(rank, 0))
    self.draws = draws
    self.scale = scale
  }

  private func makeBuffers() throws -> [Tensor] {
    try trained.tensors.indices.map { try trained.zeros($0).to(trained.tensors[$0].averagingType) }
  }

  public func sample() throws {
    try LibTorch.withoutGradient {
      if means.isEmpty {
        variances = try makeBuffers()
        means = try makeBuffers()
      }
      let share = 1 / Double(samples + 1)
      let newest = deviations.capacity == 0 ? nil : try deviations.advance(makeBuffers)
      for (position, parameter) in trained.tensors.enumerated() {
        let mean = means[position], variance = variances[position]
        let weight = try parameter.to(mean.dtype)
        if samples == 0 {
          try mean.copy(from: weight)
          try variance.fill(0)
          continue
        }
        let before = try weight - mean
        try mean.add(before, scale: share)
        let after = try weight - mean
        try variance.multiply(by: 1 - share)
        try variance.addProduct(before, after, scale: share)
        try newest?[position].copy(from: after)
      }
    }
    samples += 1
  }

  /// The mean.
  public func average() throws -> [Tensor]? {
    guard samples > 0 else { return nil }
    return try zip(means, trained.tensors).map { mean, weight in
      mean.dtype == weight.dtype ? try mean.clone() : try mean.to(weight.dtype)
    }
  }

  /// The variance of each weight over the samples (divided by their number), one tensor a parameter, float32 for 16-bit
  /// weights; nil before the first sample.
  public func variance() throws -> [Tensor]? { samples == 0 ? nil : try variances.map { try Self.clamp($0) } }

  // A product of two differences that rounding drove apart may be a little below 0.
  private static func clamp(_ variance: Tensor) throws -> Tensor { try clampMin(.tensor(variance), .double(0)) }
  private static let clampMin = Operator("aten::clamp_min")

  /// The streams below `random` are `diagonal`, by the position of the parameter, and `deviations`.
  public func draw(_ random: Random) throws -> [Tensor]? {
    guard samples > 0 else { return nil }
    let columns = deviations.sets
    let factors = try Self.normal([columns.count], random["deviations"]).values(Float.self)
    return try LibTorch.withoutGradient {
      try trained.tensors.indices.map { position in
        let mean = means[position], weight = trained.tensors[position]
        let noise = try Self.normal(mean.shape, random["diagonal"][position]).to(mean.dtype).to(mean.device)
        let result = try mean.clone()
        try result.addProduct(Self.clamp(variances[position]).sqrt(), noise, scale: scale.squareRoot())
        if columns.count > 1 {
          for (column, factor) in zip(columns, factors) {
            try result.add(column[position], scale: Double(factor) * (scale / Double(columns.count - 1)).squareRoot())
          }
        }
        return result.dtype == weight.dtype ? result : try result.to(weight.dtype)
      }
    }
  }

  private static func normal(_ shape: [Int], _ random: Random) throws -> Tensor {
    let tensor = try Tensor.empty(shape)
    try tensor.fillNormal(deviation: 1, random)
    return tensor
  }

  /// `mean/<path>`, `variance/<path>`, `deviation.0/<path>` (the oldest) ... and the counter `samples`.
  public var state: OptimizerState {
    get throws {
      guard samples > 0 else { return OptimizerState(counters: ["samples": 0]) }
      var tensors = try trained.saved(means, as: "mean")
      tensors.merge(try trained.saved(variances, as: "variance")) { $1 }
      tensors.merge(try deviations.saved(as: "deviation", of: trained)) { $1 }
      return OptimizerState(tensors: tensors, counters: ["samples": samples])
    }
  }

  public func restore(_ state: OptimizerState) throws {
    let kinds = ["mean", "variance"] + deviations.kinds("deviation")
    try trained.check(state, kinds: kinds, counters: { $0 == "samples" }, of: "average")
    let count = try state.sampleCount
    let dtype: DType? = hasNarrowTypes ? .float32 : nil
    let means = try trained.buffers("mean", from: state, dtype: dtype).compactMap { $0 }
    let variances = try trained.buffers("variance", from: state, dtype: dtype).compactMap { $0 }
    let expected = count == 0 ? 0 : trained.tensors.count
    guard means.count == expected, variances.count == expected else {
      throw BasinError.badData(
        "the saved average holds \(means.count) means and \(variances.count) variances of \(trained.tensors.count) parameters"
          + " after \(count) samples", advice: "It was saved with another model")
    }
    deviations = try deviations.restored(
      "deviation", count: min(count, deviations.capacity), from: state, of: trained, dtype: dtype)
    self.means = means
    self.variances = variances
    samples = count
  }

  public func reset() {
    deviations.removeAll()
    samples = 0
  }
}
