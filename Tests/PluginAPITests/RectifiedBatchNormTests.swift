import PluginAPI
import Testing

/// Batch normalization, ReLU and the sums beside them in one pass against LibTorch's operators
/// (`LibTorch.withSecondDerivatives` takes these).
@Suite("Batch normalization with ReLU in one pass")
struct RectifiedBatchNormTests {
  enum Form: String, CaseIterable, Sendable { case alone, plus, sum }

  static let shapes = [[5, 3], [300, 16], [4, 8, 5, 5], [2, 37, 9, 7], [16, 64, 8, 8], [3, 130, 1, 2], [64, 1, 10, 10]]

  private struct Result { var values: [Tensor], buffers: [Tensor] }

  private func run(_ form: Form, _ shape: [Int], trains: Bool, plainly: Bool) throws -> Result {
    let norm = try BatchNorm(shape[1])
    let count = shape.reduce(1, *)
    func numbers(_ name: String, _ shape: [Int], from low: Float = -1, to high: Float = 1) throws -> Tensor {
      let values = Random(seed: 3)[name].uniform(shape.reduce(1, *)).map { low + (high - low) * $0 }
      let tensor = try Tensor(values, shape: shape)
      return try shape.count == 4 ? tensor.channelsLast() : tensor
    }
    try norm.weight.copy(from: numbers("weight", [shape[1]], from: 0.5, to: 2))
    try norm.bias.copy(from: numbers("bias", [shape[1]]))
    try norm.runningMean.copy(from: numbers("mean", [shape[1]]))
    try norm.runningVariance.copy(from: numbers("variance", [shape[1]], from: 0.5, to: 2))
    // Far from 0, where sums of squares would lose digits.
    let x = try numbers("x", shape, from: 20, to: 30), other = try numbers("other", shape)
    let inputs = [x, other, norm.weight, norm.bias]
    for input in inputs { try input.setRequiresGradient(true) }
    let mode = trains ? Mode.train(RandomStream(Random(seed: 1))) : .evaluate
    let (a, b) = (try numbers("a", shape), try numbers("b", shape))
    #expect(count > 0)
    func pass() throws -> [Tensor] {
      switch form {
      case .alone:
        let y = try norm.rectified(x, mode)
        return try [y] + (y * a).sum().gradients(of: [x, norm.weight, norm.bias]).map { try #require($0) }
      case .plus:
        let y = try norm.rectified(x, plus: other, mode)
        return try [y] + (y * a).sum().gradients(of: inputs).map { try #require($0) }
      case .sum:
        let (sum, y) = try norm.rectifiedSum(x, other, mode)
        return try [sum, y] + ((y * a) + (sum * b)).sum().gradients(of: inputs).map { try #require($0) }
      }
    }
    return Result(
      values: try plainly ? LibTorch.withSecondDerivatives(pass) : pass(),
      buffers: [norm.runningMean, norm.runningVariance, norm.batches])
  }

  @Test("outputs, gradients and running moments", arguments: Form.allCases, shapes)
  func twin(form: Form, shape: [Int]) throws {
    for trains in [true, false] {
      let fast = try run(form, shape, trains: trains, plainly: false)
      let plain = try run(form, shape, trains: trains, plainly: true)
      for (index, (a, b)) in zip(fast.values + fast.buffers, plain.values + plain.buffers).enumerated() {
        let scale = try max(b.to(.float64).abs().max().item(), 1e-3)
        let error = try (a.to(.float64) - b.to(.float64)).abs().max().item() / scale
        #expect(error < 3e-5, "value \(index), training \(trains)")
      }
    }
  }

  @Test("the bits do not depend on the number of threads", arguments: Form.allCases)
  func threads(form: Form) throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    var results: [[[Float]]] = []
    for threads in [1, 2, 5] {
      try LibTorch.setThreads(threads)
      results.append(try run(form, [40, 24, 16, 16], trains: true, plainly: false).values.map { try $0.contiguous().values() })
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
  }

  @Test("a sum whose own gradient nobody asks for")
  func sumAlone() throws {
    let norm = try BatchNorm(4)
    let x = try Tensor(Random(seed: 1).uniform(24), shape: [6, 4]), other = try Tensor(Random(seed: 2).uniform(24), shape: [6, 4])
    try x.setRequiresGradient(true)
    let mode = Mode.train(RandomStream(Random(seed: 1)))
    let (sum, y) = try norm.rectifiedSum(x, other, mode)
    let gradient = try #require(try (y * y).sum().gradients(of: [x])[0])
    let plain = try norm.rectified(x + other, mode)
    let expected = try #require(try (plain * plain).sum().gradients(of: [x])[0])
    #expect(try (gradient - expected).abs().max().item() < 1e-5)
    #expect(try sum.values(Float.self) == (x + other).values(Float.self))
    let (again, _) = try norm.rectifiedSum(x, other, mode)
    #expect(try (again.sum().gradients(of: [x])[0]).map { try $0.values(Float.self) } == [Float](repeating: 1, count: 24))
  }
}
