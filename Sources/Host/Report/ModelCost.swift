import PluginAPI

/// What a model costs to run: counted and measured on made-up examples of its shape.
public struct ModelCost: Sendable {
  /// Multiply-adds of a forward pass of one example: of convolutions, linear layers, matrix products and attention.
  public let multiplyAdds: Int
  /// Bytes that a forward pass in training leaves for the backward pass: for one example.
  public let activationBytes: Int?

  /// nil for models whose inputs cannot be made up.
  public init?(of model: any LoadedModel) throws {
    guard let one = try model.exampleBatch(1) else { return nil }
    var products = 0
    try LibTorch.withoutGradient {
      try Operator.observing({ products += Self.multiplyAdds(of: $0, $1, $2) }) { _ = try model.forward(one, .evaluate) }
    }
    multiplyAdds = products
    // Two sizes, so that what does not grow with the batch drops out. One example would have no variance.
    let (small, large) = (2, 4)
    // What LibTorch prepares once for each shape and keeps is no activation.
    for count in [small, large] { _ = try Self.bytesKept(by: model, count) }
    guard let less = try Self.bytesKept(by: model, small), let more = try Self.bytesKept(by: model, large) else {
      activationBytes = nil
      return
    }
    activationBytes = max(0, (more - less) / (large - small))
  }

  private static func bytesKept(by model: any LoadedModel, _ count: Int) throws -> Int? {
    guard let batch = try model.exampleBatch(count), let before = LibTorch.allocatedBytes else { return nil }
    let output = try model.forward(batch, .train(RandomStream(Random(seed: 0))))
    return withExtendedLifetime(output) { LibTorch.allocatedBytes.map { $0 - before } }
  }

  private static func multiplyAdds(of name: String, _ arguments: [Operator.Value], _ results: [Operator.Value]) -> Int {
    func shape(_ values: [Operator.Value], _ index: Int) -> [Int] {
      guard index < values.count, case .tensor(let tensor) = values[index] else { return [] }
      return tensor.shape
    }
    func count(_ shape: some Sequence<Int>) -> Int { shape.reduce(1, *) }
    let outputs = count(shape(results, 0))
    switch name {
    case "conv2d": return outputs * count(shape(arguments, 1).dropFirst())
    case "linear", "matmul": return outputs * (shape(arguments, 0).last ?? 0)
    case "scaled_dot_product_attention":
      // Each of the queries' products with the keys, and as many for the mean of the values.
      return 2 * count(shape(arguments, 0)) * (shape(arguments, 1).dropLast().last ?? 0)
    default: return 0
    }
  }
}
