/// Gathers the moments of each normalization layer over the batches of an estimation pass, in float64.
///
/// - `pooled`: over batches b of n_b values: mean = sum n_b mu_b / N; variance =
///   (sum n_b (sigma_b^2 + mu_b^2) / N - mean^2) N / (N - 1), sigma_b^2 the biased variance of the batch.
/// - `running`: a mean over batches as in the code of the SWA papers: batch b of e_b examples comes in with weight
///   e_b / (e_1 + ... + e_b), its variance the unbiased one.
public final class MomentCollector {
  public enum Weighting: Sendable { case pooled, running }

  private struct Sums {
    let mean, variance: Tensor
    var count: Int
    /// `pooled`: the mean and the sum of squared differences from it; `running`: mean and variance.
    var first, second: Tensor
  }

  public let weighting: Weighting
  /// Whether ``change`` is found, at the cost of a few small operations a layer and batch.
  public let tracksChange: Bool
  /// Dropout of the present batch; nil: dropout off.
  public private(set) var random: RandomStream?
  /// How far the last batch moved the statistics of any channel: the shift of its mean in standard deviations, or of its
  /// variance as a part of it, whichever is greater. Infinite before the second batch.
  public private(set) var change = Double.infinity
  private var sums: [ObjectIdentifier: Sums] = [:]
  /// Of the present batch, and of all with it.
  private var batchExamples = 0, allExamples = 0

  public init(_ weighting: Weighting = .pooled, tracksChange: Bool = false) {
    self.weighting = weighting
    self.tracksChange = tracksChange
  }

  /// Says that the next forward pass is one of `examples` examples, with dropout from `random` if there is one.
  public func beginBatch(examples: Int, random: RandomStream? = nil) {
    batchExamples = examples
    allExamples += examples
    self.random = random
    change = sums.isEmpty ? .infinity : 0
  }

  /// Adds a batch: its `mean` and biased `variance` a channel (`[C]`, float64) over `count` values.
  public func add(layer: any Module, runningMean: Tensor, runningVariance: Tensor, mean: Tensor, variance: Tensor, count: Int) throws {
    guard count > 0 else { return }
    let id = ObjectIdentifier(layer)
    guard var entry = sums[id] else {
      sums[id] = Sums(
        mean: runningMean, variance: runningVariance, count: count, first: try mean.clone(),
        second: weighting == .pooled ? try variance * Double(count) : try Self.unbiased(variance, count))
      return
    }
    let before = try tracksChange ? (entry.first.clone(), Self.variance(of: entry, weighting)) : nil
    entry.count += count
    let shift = try mean - entry.first
    switch weighting {
    case .pooled:
      // The formula above merged batch by batch (Chan, Golub and LeVeque 1983): the difference of two large sums would
      // leave a channel of nearly constant values with a variance below zero.
      let earlier = Double(entry.count - count), n = Double(count)
      try entry.second.add(variance, scale: n)
      try entry.second.addProduct(shift, shift, scale: earlier / Double(entry.count) * n)
      try entry.first.add(shift, scale: n / Double(entry.count))
    case .running:
      let weight = allExamples > 0 ? Double(batchExamples) / Double(allExamples) : Double(count) / Double(entry.count)
      try entry.first.add(shift, scale: weight)
      try entry.second.add(Self.unbiased(variance, count) - entry.second, scale: weight)
    }
    sums[id] = entry
    if let (oldMean, oldVariance) = before { try noteChange(oldMean, oldVariance, entry) }
  }

  private func noteChange(_ oldMean: Tensor, _ oldVariance: Tensor, _ entry: Sums) throws {
    // 1e-5 is what normalization layers add to a variance: below it a channel's scale means nothing.
    let scale = try oldVariance + 1e-5
    let meanShift = try ((entry.first - oldMean).abs() / scale.sqrt()).max().item()
    let varianceShift = try ((Self.variance(of: entry, weighting) - oldVariance).abs() / scale).max().item()
    change = max(change, meanShift, varianceShift)
  }

  private static func unbiased(_ variance: Tensor, _ count: Int) throws -> Tensor {
    try variance * (Double(count) / Double(max(count - 1, 1)))
  }

  private static func variance(of entry: Sums, _ weighting: Weighting) throws -> Tensor {
    weighting == .pooled ? try entry.second / Double(max(entry.count - 1, 1)) : entry.second
  }

  /// Writes the moments to the running statistics of every layer seen.
  public func finish() throws {
    for entry in sums.values {
      try entry.mean.copy(from: entry.first)
      try entry.variance.copy(from: Self.variance(of: entry, weighting))
    }
  }
}
