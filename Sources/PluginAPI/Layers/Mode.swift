/// What a forward pass is for.
public enum Mode {
  /// Dropout on, batch statistics, running statistics updated, pictures augmented.
  case train(RandomStream)
  /// Dropout off, running statistics.
  case evaluate
  /// Dropout off; every normalization layer normalizes by its batch and hands the batch's moments to the collector.
  case estimateStatistics(MomentCollector)

  public var isTraining: Bool { if case .train = self { true } else { false } }

  /// Randomness for this pass, in training only.
  public var random: RandomStream? { if case .train(let random) = self { random } else { nil } }
}

/// Gathers the moments of each normalization layer over the batches of an estimation pass, in float64.
///
/// Pooled over batches b of n_b values: mean = sum n_b mu_b / N; variance = (sum n_b (sigma_b^2 + mu_b^2) / N - mean^2) N / (N - 1),
/// sigma_b^2 the biased variance of the batch.
public final class MomentCollector {
  private struct Sums {
    let mean, variance: Tensor
    var count: Int
    var pooledMean: Tensor
    /// The sum of squared differences from the pooled mean.
    var squares: Tensor
  }

  private var sums: [ObjectIdentifier: Sums] = [:]

  public init() {}

  /// Adds a batch: its `mean` and biased `variance` a channel (`[C]`, float64) over `count` values.
  public func add(layer: any Module, runningMean: Tensor, runningVariance: Tensor, mean: Tensor, variance: Tensor, count: Int) throws {
    guard count > 0 else { return }
    let id = ObjectIdentifier(layer)
    if var entry = sums[id] {
      // The formula above merged batch by batch (Chan, Golub and LeVeque 1983): the difference of two large sums would
      // leave a channel of nearly constant values with a variance below zero.
      let before = Double(entry.count), n = Double(count)
      entry.count += count
      let shift = try mean - entry.pooledMean
      try entry.squares.add(variance, scale: n)
      try entry.squares.addProduct(shift, shift, scale: before / Double(entry.count) * n)
      try entry.pooledMean.add(shift, scale: n / Double(entry.count))
      sums[id] = entry
    } else {
      sums[id] = Sums(
        mean: runningMean, variance: runningVariance, count: count, pooledMean: try mean.clone(),
        squares: try variance * Double(count))
    }
  }

  /// Writes the pooled moments to the running statistics of every layer seen.
  public func finish() throws {
    for entry in sums.values {
      try entry.mean.copy(from: entry.pooledMean)
      try entry.variance.copy(from: entry.squares / Double(max(entry.count - 1, 1)))
    }
  }
}
