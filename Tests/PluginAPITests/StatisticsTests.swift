import PluginAPI
import Testing

/// The two ways of gathering moments beyond the plain pooled one, and moments of large batches.
@Suite struct StatisticsTests {
  private func makeLayer(_ channels: Int) throws -> BatchNorm {
    let layer = try BatchNorm(channels)
    try layer.initialize(Random(seed: 1))
    return layer
  }

  /// Mean and unbiased variance of a `[N, C]` batch's channel.
  private func moments(_ batch: Tensor, _ channel: Int) throws -> (mean: Double, variance: Double) {
    let column = try batch.select(channel, axis: 1).doubles()
    let mean = column.reduce(0, +) / Double(column.count)
    return (mean, column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(column.count - 1))
  }

  @Test func runningWeightIsTheBatchsPartOfAllSoFar() throws {
    let batches = try [8, 8, 3].enumerated().map { try TestNumbers.tensor([$1, 2], seed: UInt64($0)) * Double($0 + 1) }
    let layer = try makeLayer(2)
    let collector = MomentCollector(.running)
    for batch in batches {
      collector.beginBatch(examples: batch.shape[0])
      _ = try layer(batch, .estimateStatistics(collector))
    }
    try collector.finish()
    for channel in 0..<2 {
      var mean = 0.0, variance = 1.0, seen = 0.0
      for batch in batches {
        // The paper's code: momentum b / (n + b), and PyTorch's running variance is that of the unbiased estimate.
        let part = try moments(batch, channel)
        let weight = Double(batch.shape[0]) / (seen + Double(batch.shape[0]))
        mean += weight * (part.mean - mean)
        variance += weight * (part.variance - variance)
        seen += Double(batch.shape[0])
      }
      #expect(abs(try layer.runningMean.doubles()[channel] - mean) < 1e-6)
      #expect(abs(try layer.runningVariance.doubles()[channel] - variance) < 1e-6)
    }
  }

  @Test func dropoutIsOnOnlyWhereTheCollectorHasRandomness() throws {
    let collector = MomentCollector(.running)
    collector.beginBatch(examples: 4, random: RandomStream(Random(seed: 3)))
    #expect(Mode.estimateStatistics(collector).isTraining)
    let x = try Tensor.ones([1000])
    #expect(try Dropout(0.5)(x, .estimateStatistics(collector)).sum().item() != 1000)
    collector.beginBatch(examples: 4)
    #expect(!Mode.estimateStatistics(collector).isTraining)
    #expect(try Dropout(0.5)(x, .estimateStatistics(collector)).isIdentical(to: x))
  }

  /// The kernel's two layouts, in several parts and in one, against LibTorch's operators in float64.
  @Test(arguments: [[21, 8, 96, 96], [9, 4, 200, 200], [1_100_001, 1], [7, 3], [5, 19, 3, 3], [2, 300, 1, 1], [40, 7, 11, 13]], [false, true])
  func momentsAreThoseOfTheWholeBatch(shape: [Int], channelsLast: Bool) throws {
    var x = try TestNumbers.tensor(shape, seed: 9) * 2 + 100
    if channelsLast, shape.count == 4 { x = try x.channelsLast() }
    let layer = try makeLayer(shape[1])
    let collector = MomentCollector()
    collector.beginBatch(examples: shape[0])
    _ = try layer(x, .estimateStatistics(collector))
    try collector.finish()
    let axes = [0] + Array(2..<shape.count)
    let wide = try x.to(.float64)
    #expect(try relativeError(layer.runningMean.doubles(), wide.mean(axes).doubles()) < 1e-7)
    #expect(try relativeError(layer.runningVariance.doubles(), wide.variance(axes).doubles()) < 1e-6)
  }

  @Test func momentsDoNotDependOnTheNumberOfThreads() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    for shape in [[37, 24, 40, 40], [90_001, 12]] {
      let x = try TestNumbers.tensor(shape, seed: 4)
      let ends = try [1, 2, 3].map { threads in
        try LibTorch.setThreads(threads)
        let layer = try makeLayer(shape[1])
        let collector = MomentCollector()
        _ = try layer(x, .estimateStatistics(collector))
        try collector.finish()
        return try layer.runningMean.doubles() + layer.runningVariance.doubles()
      }
      #expect(ends[0] == ends[1] && ends[1] == ends[2])
    }
  }

  @Test func changeShrinksAsTheStatisticsSettle() throws {
    let layer = try makeLayer(3)
    let collector = MomentCollector(tracksChange: true)
    var changes: [Double] = []
    for index in 0..<40 {
      collector.beginBatch(examples: 50)
      _ = try layer(TestNumbers.tensor([50, 3], seed: UInt64(index)), .estimateStatistics(collector))
      changes.append(collector.change)
    }
    #expect(changes[0] == .infinity)
    #expect(changes[1] > 0.01)
    #expect(changes.suffix(5).allSatisfy { 0 < $0 && $0 < 0.02 })
    // A batch of another distribution moves them again.
    collector.beginBatch(examples: 50)
    _ = try layer(TestNumbers.tensor([50, 3], seed: 99) + 5, .estimateStatistics(collector))
    #expect(collector.change > 0.1)
  }
}

@Suite struct PrecisionTests {
  @Test func productsAreCastAndLossesAreNot() throws {
    let a = try TestNumbers.tensor([8, 8], seed: 1), b = try TestNumbers.tensor([8, 8], seed: 2)
    let exact = try a.matmul(b)
    for dtype in [DType.bfloat16, .float16] {
      let (product, loss) = try LibTorch.autocasting(to: dtype, on: .cpu) {
        let product = try a.matmul(b)
        return (product, try crossEntropy(product, Tensor([Int64](repeating: 3, count: 8))))
      }
      #expect(product.dtype == dtype && loss.dtype == .float32)
      let error = try relativeError(product.doubles(), exact.doubles())
      #expect(error > 0 && error < 2e-2)
    }
    #expect(try a.matmul(b).dtype == .float32, "the casts end with the body")
    #expect(try LibTorch.autocasting(to: nil, on: .cpu) { try a.matmul(b) }.dtype == .float32)
  }
}
