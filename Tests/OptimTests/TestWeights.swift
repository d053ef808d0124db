import PluginAPI
import Testing

/// A model that is nothing but parameters, of any type and layout, with gradients by decree.
final class TestWeights: Module {
  final class Item: Module {
    @Parameter var w: Tensor
    init(_ start: Tensor) throws {
      let memory = try start.clone()
      try memory.setRequiresGradient(true)
      _w = Parameter(wrappedValue: memory)
    }
  }

  let items: [Item]

  init(_ starts: [Tensor]) throws { items = try starts.map { try Item($0) } }

  var weights: [Tensor] { items.map(\.w) }

  func setGradients(_ gradients: [Tensor?]) throws {
    for (weight, gradient) in zip(weights, gradients) {
      try weight.clearGradient()
      // The derivative of sum(w g) is g itself, to the bit.
      if let gradient { try (weight * gradient).sum().backward() }
    }
  }

  func bytes() throws -> [[UInt8]] { try weights.map { try $0.detached().bytes() } }
}

/// Numbers that look random, the same in every run.
func noise(_ shape: [Int], _ seed: Int, _ dtype: DType = .float32) throws -> Tensor {
  let values = Random(seed: 7)[seed].uniform(shape.reduce(1, *)).map { 2 * $0 - 1 }
  return try Tensor(values, shape: shape).to(dtype)
}

/// The average of an averager that must have one.
func presentAverage(_ averager: any Averager) throws -> [Tensor] {
  let average = try averager.average()
  return try #require(average)
}
