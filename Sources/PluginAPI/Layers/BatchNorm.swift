/// Batch normalization (Ioffe and Szegedy 2015) over `[N, C]` or `[N, C, H, W]`: moments a channel.
public final class BatchNorm: Module {
  /// `[C]`, 1 at first: what normalized values are multiplied by.
  @Parameter public var weight: Tensor
  /// `[C]`, 0 at first: what is added to them.
  @Parameter public var bias: Tensor
  /// `running_mean` `[C]`: the mean that evaluation normalizes by.
  @Statistic public var runningMean: Tensor
  /// `running_var` `[C]`: the variance that evaluation normalizes by.
  @Statistic public var runningVariance: Tensor
  /// `num_batches_tracked`: batches of training so far.
  @Counter public var batches: Tensor
  /// The part of a batch in the running statistics, and what is added to the variance.
  public let momentum, epsilon: Double

  /// - Parameter momentum: running = (1 - momentum) running + momentum batch.
  public init(_ channels: Int, momentum: Double = 0.1, epsilon: Double = 1e-5) throws {
    _weight = try Parameter(shape: [channels], .constant(1))
    _bias = try Parameter(shape: [channels], .constant(0))
    _runningMean = try Statistic(shape: [channels], 0, key: "running_mean")
    _runningVariance = try Statistic(shape: [channels], 1, key: "running_var")
    _batches = try Counter(key: "num_batches_tracked")
    self.momentum = momentum
    self.epsilon = epsilon
  }

  /// `[N, C]` or `[N, C, H, W]`, same shape out.
  ///
  /// - Throws: `TensorError` for another number of channels, and in training for one value a channel.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    try located {
      let shape = x.shape
      guard shape.count >= 2, shape[1] == weight.shape[0] else {
        throw TensorError(
          operation: "batch_norm", shapes: [shape, weight.shape],
          message: "needs [N, C] or [N, C, H, W] with a weight a channel")
      }
      let valuesAChannel = shape[0] * shape.dropFirst(2).reduce(1, *)
      switch mode {
      case .train:
        guard valuesAChannel > 1 else {
          throw TensorError(
            operation: "batch_norm", shapes: [shape],
            message: "one value a channel has no variance: training needs larger batches")
        }
        try countBatch()
        return try normalize(x, byBatch: true, updating: true)
      case .evaluate: return try normalize(x, byBatch: false, updating: true)
      case .estimateStatistics(let collector):
        let (mean, variance) = try ChannelMoments.of(x.detached())
        try collector.add(
          layer: self, runningMean: runningMean, runningVariance: runningVariance, mean: mean, variance: variance,
          count: valuesAChannel)
        return try normalize(x, byBatch: true, updating: false)
      }
    }
  }

  func countBatch() throws {
    if batches.device == .cpu {
      // An operation on a new tensor a layer and step would cost more than the count is worth.
      try batches.withMemory(of: Int64.self) { $0.pointee &+= 1 }
    } else {
      try batches.add(Tensor(scalar: Int64(1)).to(batches.device))
    }
  }

  private func normalize(_ x: Tensor, byBatch: Bool, updating: Bool) throws -> Tensor {
    try Operators.batchNorm(
      .tensor(x), .tensor(weight), .tensor(bias), .tensor(updating ? runningMean : nil),
      .tensor(updating ? runningVariance : nil), .bool(byBatch), .double(momentum), .double(epsilon), .bool(false))
  }
}
