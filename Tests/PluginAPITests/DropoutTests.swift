import PluginAPI
import Testing

struct DropoutTests {
  /// Compares the kernel with its plain twin: outputs and gradients are the same numbers (the sign of zero left out).
  private func compare(_ x: Tensor, _ rate: Double, _ random: Random) throws {
    let weights = try TestNumbers.tensor(x.shape, seed: 8)
    func run(_ body: (Tensor) throws -> Tensor) throws -> (output: Tensor, gradient: [Float]) {
      let leaf = try x.detached().clone()
      try leaf.setRequiresGradient(true)
      let output = try body(leaf)
      let gradient = try #require(try (output * weights).sum().gradients(of: [leaf])[0])
      return (output, try gradient.values())
    }
    let fast = try run { try $0.droppedOut(rate, random) }
    let plain = try run { try $0.droppedOutPlainly(rate, random) }
    #expect(fast.output.shape == x.shape)
    #expect(fast.output.isChannelsLast == x.isChannelsLast)
    #expect(try fast.output.values(Float.self) == plain.output.values(Float.self))
    #expect(fast.gradient == plain.gradient)
  }

  @Test(arguments: [[1], [31], [32], [33], [7, 5], [64, 16], [3, 1, 43], [2, 3, 5, 7], [0, 4], [40_000]])
  func kernelAgreesWithItsTwin(_ shape: [Int]) throws {
    for (index, rate) in [0.1, 0.5, 0.9].enumerated() {
      try compare(TestNumbers.tensor(shape, seed: 3), rate, Random(seed: 1)[index])
    }
  }

  @Test(arguments: [[2, 3, 5, 7], [1, 8, 1, 1], [3, 1, 4, 4], [2, 33, 3, 1]])
  func kernelAgreesWithItsTwinChannelsLast(_ shape: [Int]) throws {
    try compare(TestNumbers.tensor(shape, seed: 3).channelsLast(), 0.3, Random(seed: 2))
  }

  @Test func otherLayoutsAndTypesWork() throws {
    let x = try TestNumbers.tensor([6, 9], seed: 3)
    let random = Random(seed: 3)
    let expected = try x.droppedOut(0.5, random).doubles()
    #expect(try x.transposed().contiguous().transposed().droppedOut(0.5, random).doubles() == expected)
    #expect(try x.to(.float64).droppedOut(0.5, random).doubles() == expected)
  }

  @Test(arguments: [0.1, 0.5, 0.8]) func aSharePassesAndIsScaled(_ rate: Double) throws {
    let count = 100_000
    let output = try Tensor.ones([count]).droppedOut(rate, Random(seed: 5)["keep"]).values(Float.self)
    let kept = output.count { $0 != 0 }
    let deviation = (Double(count) * rate * (1 - rate)).squareRoot()
    #expect(abs(Double(kept) - Double(count) * (1 - rate)) < 4 * deviation)
    #expect(Set(output) == [0, Float(1 / (1 - rate))])
  }

  @Test func layerFollowsTheMode() throws {
    let layer = Dropout(0.5)
    let x = try Tensor.ones([256])
    #expect(try layer(x, .evaluate).isIdentical(to: x))
    #expect(try layer(x, .estimateStatistics(MomentCollector())).isIdentical(to: x))
    let stream = RandomStream(Random(seed: 1))
    let first = try layer(x, .train(stream)).doubles()
    let second = try layer(x, .train(stream)).doubles()
    #expect(first != second, "each use within a pass has numbers of its own")
    #expect(try layer(x, .train(RandomStream(Random(seed: 1)))).doubles() == first)
    #expect(try Dropout(0)(x, .train(stream)).isIdentical(to: x))
  }
}
