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
    var first: Tensor
    var second: Tensor
  }

  private var sums: [ObjectIdentifier: Sums] = [:]

  public init() {}

  /// Adds a batch: its `mean` and biased `variance` a channel (`[C]`, float64) over `count` values.
  public func add(layer: any Module, runningMean: Tensor, runningVariance: Tensor, mean: Tensor, variance: Tensor, count: Int) throws {
    let n = Double(count)
    let first = try mean * n
    let second = try (variance + mean * mean) * n
    let id = ObjectIdentifier(layer)
    if var entry = sums[id] {
      entry.count += count
      try entry.first.add(first)
      try entry.second.add(second)
      sums[id] = entry
    } else {
      sums[id] = Sums(mean: runningMean, variance: runningVariance, count: count, first: first, second: second)
    }
  }

  /// Writes the pooled moments to the running statistics of every layer seen.
  public func finish() throws {
    for entry in sums.values {
      let n = Double(entry.count)
      let mean = try entry.first / n
      let biased = try entry.second / n - mean * mean
      try entry.mean.copy(from: mean)
      try entry.variance.copy(from: entry.count > 1 ? biased * (n / (n - 1)) : biased)
    }
  }
}
