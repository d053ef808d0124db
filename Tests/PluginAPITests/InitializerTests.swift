import PluginAPI
import Testing

private final class OneOrder: Module {
  let first: Linear
  let norm: BatchNorm
  let second: Linear
  init() throws {
    first = try Linear(4, 8)
    norm = try BatchNorm(8)
    second = try Linear(8, 3)
  }
}

private final class OtherOrder: Module {
  let second: Linear
  let extra: Linear
  let first: Linear
  let norm: BatchNorm
  init() throws {
    second = try Linear(8, 3)
    extra = try Linear(5, 5)
    norm = try BatchNorm(8)
    first = try Linear(4, 8)
  }
}

struct InitializerTests {
  private func bytes(_ module: any Module) throws -> [String: [UInt8]] {
    try Dictionary(uniqueKeysWithValues: module.tensors().map { ($0.path, try $0.tensor.bytes()) })
  }

  @Test func valuesDependOnPathAndSeedAlone() throws {
    let one = try OneOrder()
    let other = try OtherOrder()
    try one.initialize(Random(seed: 7))
    try other.initialize(Random(seed: 7))
    let expected = try bytes(one)
    let found = try bytes(other)
    for (path, value) in expected { #expect(found[path] == value, "\(path)") }
    try one.initialize(Random(seed: 7))
    #expect(try bytes(one) == expected)
    try one.initialize(Random(seed: 8))
    #expect(try bytes(one)["first.weight"] != expected["first.weight"])
  }

  @Test func boundsAreThoseOfTheFormulas() throws {
    let layer = try Linear(25, 400)
    try layer.initialize(Random(seed: 1))
    let values = try layer.weight.doubles()
    #expect(values.allSatisfy { abs($0) <= 0.2 } && values.contains { $0 > 0.19 } && values.contains { $0 < -0.19 })
    #expect(try #require(layer.bias).doubles().allSatisfy { abs($0) <= 0.2 })
    let glorot = try Linear(10, 14, weight: .glorotUniform(inputs: 10, outputs: 14))
    try glorot.initialize(Random(seed: 1))
    #expect(try glorot.weight.doubles().allSatisfy { abs($0) <= 0.5 })
    #expect(try glorot.weight.doubles().contains { abs($0) > 0.45 })
    let convolution = try Conv2d(8, 16, 3, groups: 2)
    try convolution.initialize(Random(seed: 1))
    #expect(try convolution.weight.doubles().allSatisfy { abs($0) <= 1.0 / 6 + 1e-7 })
    #expect(convolution.weight.isChannelsLast)
    let embedding = try Embedding(500, 20, padding: 3)
    try embedding.initialize(Random(seed: 1))
    #expect(try embedding.weight.select(3).doubles() == [Double](repeating: 0, count: 20))
    #expect(try abs(embedding.weight.variance([0, 1]).item() - 1) < 0.06)
  }

  @Test func initializingKeepsGradientsAndResetsTheRest() throws {
    let norm = try BatchNorm(3)
    _ = try norm(TestNumbers.tensor([5, 3], seed: 1), .train(RandomStream(Random(seed: 1))))
    #expect(try norm.batches.item() == 1)
    try norm.initialize(Random(seed: 1))
    #expect(try norm.batches.item() == 0)
    #expect(try norm.runningMean.doubles() == [0, 0, 0] && norm.runningVariance.doubles() == [1, 1, 1])
    #expect(norm.weight.requiresGradient && !norm.runningMean.requiresGradient)
  }
}
