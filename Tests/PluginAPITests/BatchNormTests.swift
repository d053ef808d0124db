import Foundation
import PluginAPI
import Testing

struct BatchNormTests {
  private func fixture() throws -> [String: Tensor] {
    let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    return try Safetensors.read(
      folder.deletingLastPathComponent().appendingPathComponent("Parity/Fixtures/bn-update.safetensors").path
    ).tensors
  }

  /// Moments a channel of `[N, C, H, W]`, straight from the definition.
  private func moments(_ x: Tensor, correction: Int) throws -> (mean: [Double], variance: [Double]) {
    let channels = x.shape[1]
    let flat = try x.permuted([1, 0, 2, 3]).reshaped([channels, -1]).doubles()
    let n = flat.count / channels
    var means: [Double] = []
    var variances: [Double] = []
    for channel in 0..<channels {
      let part = flat[(channel * n)..<((channel + 1) * n)]
      let mean = part.reduce(0, +) / Double(n)
      means.append(mean)
      variances.append(part.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n - correction))
    }
    return (means, variances)
  }

  private func makeLayer(_ channels: Int, momentum: Double = 0.1) throws -> BatchNorm {
    let layer = try BatchNorm(channels, momentum: momentum)
    try layer.initialize(Random(seed: 1))
    return layer
  }

  private func estimate(_ layer: BatchNorm, _ batches: [Tensor]) throws {
    let collector = MomentCollector()
    for batch in batches { _ = try layer(batch, .estimateStatistics(collector)) }
    try collector.finish()
  }

  @Test func pooledStatisticsAreTheFixtures() throws {
    let fixture = try fixture()
    let x = try #require(fixture["input.x"])
    let layer = try makeLayer(3)
    try estimate(layer, x.split(4))
    let mean = try #require(fixture["pooled.running_mean"]).doubles()
    let variance = try #require(fixture["pooled.running_var"]).doubles()
    for channel in 0..<3 {
      #expect(try relativeError([layer.runningMean.doubles()[channel]], [mean[channel]]) < 2e-7)
      #expect(try relativeError([layer.runningVariance.doubles()[channel]], [variance[channel]]) < 2e-7)
    }
    #expect(try layer.batches.item() == 0, "an estimation pass is no training step")
  }

  @Test func collectorPoolsMomentsInFloat64() throws {
    let fixture = try fixture()
    let counts = try #require(fixture["batch.count"]).doubles().map { Int($0) }
    let means = try #require(fixture["batch.mean"])
    let variances = try #require(fixture["batch.variance"])
    let runningMean = try Tensor.zeros([3], .float64)
    let runningVariance = try Tensor.zeros([3], .float64)
    let layer = try makeLayer(3)
    let collector = MomentCollector()
    for (index, count) in counts.enumerated() {
      try collector.add(
        layer: layer, runningMean: runningMean, runningVariance: runningVariance, mean: means.select(index),
        variance: variances.select(index), count: count)
    }
    try collector.finish()
    #expect(try relativeError(runningMean.doubles(), #require(fixture["pooled.running_mean"]).doubles()) < 1e-14)
    #expect(try relativeError(runningVariance.doubles(), #require(fixture["pooled.running_var"]).doubles()) < 1e-12)
  }

  @Test func anyDivisionIntoBatchesGivesTheMomentsOfTheWhole() throws {
    var source = SplitMix(seed: 21)
    let x = try TestNumbers.tensor([23, 4, 3, 2], seed: 5) * 3 + 2
    let expected = try moments(x, correction: 1)
    for _ in 0..<8 {
      var batches: [Tensor] = []
      var start = 0
      while start < 23 {
        let end = min(23, start + 1 + source.below(9))
        batches.append(try x.slice(start..<end))
        start = end
      }
      let layer = try makeLayer(4)
      try estimate(layer, batches)
      #expect(try relativeError(layer.runningMean.doubles(), expected.mean) < 1e-6)
      #expect(try relativeError(layer.runningVariance.doubles(), expected.variance) < 1e-6)
    }
  }

  @Test func estimationNormalizesByTheBatch() throws {
    let layer = try makeLayer(3)
    let x = try TestNumbers.tensor([6, 3], seed: 2)
    let inTraining = try layer(x, .train(RandomStream(Random(seed: 1)))).doubles()
    #expect(try layer(x, .estimateStatistics(MomentCollector())).doubles() == inTraining)
  }

  @Test func varianceOfConstantsIsNotNegative() throws {
    // The difference of two large sums would leave minus a few thousandths for some of these.
    let layer = try makeLayer(1)
    for seed in 0..<20 {
      let value = Double(Float(3e6 + 12_345.678 * Double(seed)))
      try estimate(layer, [1001, 777, 353].map { try Tensor.full([$0, 1], value) })
      #expect(try layer.runningVariance.item() == 0)
      #expect(try layer.runningMean.item() == value)
      #expect(try layer(Tensor.full([2, 1], value), .evaluate).isFinite())
    }
  }

  @Test func trainingUpdatesStatisticsAndEvaluationDoesNot() throws {
    let layer = try makeLayer(4, momentum: 0.25)
    let x = try TestNumbers.tensor([5, 4, 2, 3], seed: 4).channelsLast()
    let unbiased = try moments(x, correction: 1)
    let biased = try moments(x, correction: 0)
    let output = try layer(x, .train(RandomStream(Random(seed: 1))))
    #expect(try relativeError(layer.runningMean.doubles(), biased.mean.map { 0.25 * $0 }) < 1e-5)
    #expect(try relativeError(layer.runningVariance.doubles(), unbiased.variance.map { 0.75 + 0.25 * $0 }) < 1e-6)
    #expect(try layer.batches.values(Int64.self) == [1])
    func normalized(_ mean: [Double], _ variance: [Double]) throws -> [Double] {
      try x.doubles().enumerated().map { index, value in
        let channel = index / 6 % 4
        return (value - mean[channel]) / (variance[channel] + 1e-5).squareRoot()
      }
    }
    #expect(try relativeError(output.doubles(), normalized(biased.mean, biased.variance)) < 1e-5)
    let before = try layer.tensors().map { try $0.tensor.bytes() }
    let evaluated = try layer(x, .evaluate)
    #expect(
      try relativeError(
        evaluated.doubles(), normalized(layer.runningMean.doubles(), layer.runningVariance.doubles())) < 1e-5)
    _ = try layer(x, .estimateStatistics(MomentCollector()))
    #expect(try layer.tensors().map { try $0.tensor.bytes() } == before)
  }

  @Test func oneValueAChannelLeavesNoNaNBehind() throws {
    let layer = try makeLayer(2)
    let single = try TestNumbers.tensor([1, 2], seed: 1)
    // There is no variance to learn from one value: an error that says so, as in PyTorch.
    let error = #expect(throws: TensorError.self) { _ = try layer(single, .train(RandomStream(Random(seed: 1)))) }
    #expect(error?.shapes == [[1, 2]])
    #expect(try layer.runningVariance.isFinite())
    #expect(try layer.batches.item() == 0)
    try estimate(layer, [TestNumbers.tensor([3, 2], seed: 2), single])
    #expect(try layer.runningVariance.isFinite())
    #expect(try layer(single, .evaluate).isFinite())
  }
}
