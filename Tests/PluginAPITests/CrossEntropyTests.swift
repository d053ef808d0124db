import PluginAPI
import Testing

/// The loss of one pass over memory and the count beside it, against LibTorch's operators.
struct CrossEntropyTests {
  private func classes(_ count: Int, below width: Int, seed: UInt64) throws -> Tensor {
    var numbers = SplitMix(seed: seed)
    return try Tensor((0..<count).map { _ in Int64(numbers.below(width)) })
  }

  /// Loss and gradient of three times the loss.
  private func result(_ logits: Tensor, _ targets: Tensor, sum: Bool, plainly: Bool) throws -> (Double, [Double]) {
    let leaf = try logits.clone()
    try leaf.setRequiresGradient(true)
    let loss = try plainly
      ? LibTorch.withSecondDerivatives { try crossEntropy(leaf, targets, sum: sum) } : crossEntropy(leaf, targets, sum: sum)
    try (loss * 3).backward()
    return (try loss.item(), try #require(try leaf.gradient()).doubles())
  }

  private func compare(_ logits: Tensor, _ targets: Tensor) throws {
    for sum in [false, true] {
      let plain = try result(logits, targets, sum: sum, plainly: true), fused = try result(logits, targets, sum: sum, plainly: false)
      #expect(abs(plain.0 - fused.0) <= 1e-6 * max(1, abs(plain.0)))
      #expect(relativeError(fused.1, plain.1) < 1e-5)
    }
    #expect(try correctPredictions(logits, targets).item() == logits.argmax(-1).equals(targets).sum().item())
  }

  @Test("as LibTorch's", arguments: [[1, 1], [5, 2], [7, 8], [3, 17], [300, 130], [9, 40_000]])
  func plainTwin(shape: [Int]) throws {
    for scale in [0.1, 30] {
      try compare(TestNumbers.tensor(shape, seed: 1) * scale, classes(shape[0], below: shape[1], seed: 2))
    }
  }

  @Test("rows without a class do not count")
  func withoutClass() throws {
    let logits = try TestNumbers.tensor([4, 5], seed: 1)
    try compare(logits, Tensor([Int64(2), -100, 0, -100]))
    let none = try Tensor([Int64](repeating: -100, count: 4))
    #expect(try crossEntropy(logits, none).item().isNaN)
    #expect(try crossEntropy(logits, none, sum: true).item() == 0)
    #expect(try correctPredictions(logits, none).item() == 0)
  }

  @Test("logits laid out otherwise, far apart, and of classes that are ruled out")
  func unusualLogits() throws {
    let targets = try Tensor([Int64(2), 0, 4])
    try compare(TestNumbers.tensor([5, 3], seed: 1).transposed(0, 1), targets)
    try compare(TestNumbers.tensor([3, 5], seed: 1) * 1e5, targets)
    // Numbers that float32 has there: the loss is that of what they differ by.
    let steps = try Tensor((0..<15).map { Float($0 % 4) }, shape: [3, 5])
    let near = try result(steps, targets, sum: true, plainly: false)
    let far = try result(steps + 1e6, targets, sum: true, plainly: false)
    #expect(abs(near.0 - far.0) < 1e-6 && relativeError(far.1, near.1) < 1e-6)
    var numbers = TestNumbers.doubles(15, seed: 3).map(Float.init)
    for place in [0, 3, 7, 11] { numbers[place] = -.infinity }
    let masked = try Tensor(numbers, shape: [3, 5])
    try compare(masked, targets)
    let gradient = try result(masked, targets, sum: true, plainly: false).1
    for place in [0, 3, 7, 11] { #expect(gradient[place] == 0) }
  }

  @Test("a loss that is not finite is told", arguments: [Float.nan, .infinity])
  func notFinite(number: Float) throws {
    let logits = try Tensor([0, number, 1, 2, 3, 4], shape: [2, 3])
    #expect(try crossEntropy(logits, Tensor([Int64(0), 1])).item().isFinite == false)
  }

  @Test("its second derivatives are LibTorch's", arguments: [false, true])
  func secondDerivatives(sum: Bool) throws {
    let x = try TestNumbers.leaf([4, 5], seed: 1), targets = try Tensor([Int64(2), 0, -100, 4])
    func second(_ loss: Tensor) throws -> [Double] {
      let first = try #require(loss.gradients(of: [x], createGraph: true)[0])
      return try #require((first * first * first).sum().gradients(of: [x])[0]).doubles()
    }
    let plain = try second(LibTorch.withSecondDerivatives { try crossEntropy(x * x * 2, targets, sum: sum) * 3 })
    #expect(try relativeError(second(crossEntropy(x * x * 2, targets, sum: sum) * 3), plain) < 1e-5)
  }

  @Test("of equal logits the first counts, and a NaN is the greatest")
  func ties() throws {
    let numbers: [Float] = [1, 5, 5, 5, 2, 5, .nan, 9, .nan, -.infinity, -.infinity, -.infinity]
    let logits = try Tensor(numbers, shape: [4, 3])
    for row in 0..<3 {
      let targets = try Tensor((0..<4).map { Int64(($0 + row) % 3) })
      #expect(try correctPredictions(logits, targets).item() == logits.argmax(-1).equals(targets).sum().item())
    }
  }

  @Test("a class that is none is an error that names its row", arguments: [-1, 3, -99])
  func outside(value: Int64) throws {
    let error = #expect(throws: TensorError.self) {
      _ = try crossEntropy(TestNumbers.tensor([3, 3], seed: 1), Tensor([Int64(0), value, 1]))
    }
    #expect(error?.message == "row 1 has class \(value); there are 3")
  }

  /// -sum_c q_c log p_c w_c over the batch, divided by the sum of the targets' weights; q = (1 - s) onehot + s / C.
  private func formula(_ logits: [[Double]], _ labels: [Int], weights: [Double]?, smoothing: Double) -> Double {
    var loss = 0.0, total = 0.0
    for (row, label) in zip(logits, labels) {
      let logSum = row.map { exponential($0) }.reduce(0, +)
      for (index, value) in row.enumerated() {
        let target = smoothing / Double(row.count) + (index == label ? 1 - smoothing : 0)
        loss -= target * (value - logarithm(logSum)) * (weights?[index] ?? 1)
      }
      total += weights?[label] ?? 1
    }
    return loss / total
  }

  private func exponential(_ x: Double) -> Double { (try? Tensor(scalar: x).exp().item()) ?? .nan }
  private func logarithm(_ x: Double) -> Double { (try? Tensor(scalar: x).log().item()) ?? .nan }

  @Test(arguments: [0, 0.1, 0.5], [nil, [1, 2, 0.25, 0]])
  func smoothedAndWeighted(smoothing: Double, weights: [Double]?) throws {
    let logits = try TestNumbers.tensor([6, 4], seed: 4) * 3
    let labels = [0, 1, 2, 3, 1, 1]
    let rows = try (0..<6).map { try logits.select($0).doubles() }
    let value = try crossEntropy(
      logits, Tensor(labels.map { Int64($0) }), classWeights: weights.map { try Tensor($0.map { Float($0) }) },
      labelSmoothing: smoothing)
    #expect(abs(try value.item() - formula(rows, labels, weights: weights, smoothing: smoothing)) < 1e-5)
  }
}
