import ConvMixer
import Foundation
import PluginAPI
import Testing

@Suite struct ConvMixerTests {
  private static func fixture() throws -> [String: Tensor] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return try Safetensors.read(folder.appendingPathComponent("convmixer.safetensors").path).tensors
  }

  private static func small(_ activation: Activation.Kind) throws -> ConvMixer {
    var options = ConvMixerOptions()
    options.activation = activation
    (options.width, options.depth, options.kernel, options.patch) = (8, 2, 3, 2)
    return try ConvMixer(
      options, shape: ImageBatch.Shape(channels: 3, height: 8, width: 6), task: .classification(classes: 5))
  }

  /// max |a - b| / max |b|; infinite for another shape and for numbers that are none.
  private static func error(_ a: Tensor, _ b: Tensor?) throws -> Double {
    let b = try #require(b)
    guard a.shape == b.shape else { return .infinity }
    let (x, y): ([Double], [Double]) = try (a.detached().to(.float64).values(), b.to(.float64).values())
    let largest = y.reduce(0) { max($0, abs($1)) }
    let worst = zip(x, y).reduce(0.0) { ($1.0 - $1.1).isFinite ? max($0, abs($1.0 - $1.1)) : .infinity }
    return largest > 0 ? worst / largest : worst
  }

  @Test("names, shapes, logits, statistics and gradients are timm's", arguments: Activation.Kind.allCases)
  func parity(activation: Activation.Kind) throws {
    let prefix = activation.rawValue + "/"
    let fixture = try Dictionary(
      uniqueKeysWithValues: Self.fixture().map { name, tensor in
        (name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name, tensor)
      })
    let model = try Self.small(activation), tensors = model.tensors()
    let names = Set(fixture.keys.filter { $0.hasPrefix("state/") }.map { String($0.dropFirst(6)) })
    #expect(Set(tensors.map(\.path)) == names)
    for item in tensors {
      let value = try #require(fixture["state/" + item.path])
      #expect(value.shape == item.tensor.shape, "\(item.path)")
      try item.tensor.copy(from: value)
    }
    let input = ImageBatch(try #require(fixture["input"]).channelsLast())
    #expect(try Self.error(model(input, .evaluate).prediction, fixture["evaluated"]) < 1e-5)
    let logits = try model(input, .train(RandomStream(Random(seed: 1)))).prediction
    #expect(try Self.error(logits, fixture["trained"]) < 1e-5)
    try crossEntropy(logits, #require(fixture["target"])).backward()
    for item in tensors {
      switch item.role {
      case .parameter:
        // A bias before batch normalization moves the mean alone: its gradient is 0 but for rounding, here and there.
        let gradient = try #require(try item.tensor.gradient(), "\(item.path) has no gradient")
        #expect(try Self.error(gradient, fixture["gradient/" + item.path]) < 1e-4, "\(item.path)")
      case .statistic, .counter:
        #expect(try Self.error(item.tensor, fixture["after/" + item.path]) < 1e-5, "\(item.path)")
      }
    }
  }

  @Test("sizes are those that timm's models of the names have")
  func publishedSizes() throws {
    var registry = Registry(module: "conv-mixer", domain: "vision")
    for (width, depth, kernel, patch, count) in [(1024, 20, 9, 14, 24_383_464), (768, 32, 7, 7, 21_110_248)] {
      var options = ConvMixerOptions()
      (options.width, options.depth, options.kernel, options.patch) = (width, depth, kernel, patch)
      let model = try ConvMixer(
        options, shape: ImageBatch.Shape(channels: 3, height: 224, width: 224), task: .classification(classes: 1000))
      let parameters = model.tensors().filter { $0.role == .parameter }.reduce(0) { $0 + $1.tensor.count }
      #expect(parameters == count)
    }
    registry.add(
      model: "convmixer", ConvMixer.self, "", recipe: Recipe(epochs: 1, batchSize: 1, learningRate: 1, optimizer: "sgd", tail: 1))
    #expect(registry.models[0].options.map(\.name) == ["width", "depth", "kernel", "patch", "dropout", "activation"])
  }

  @Test("an even kernel and too small a picture are refused")
  func refusals() throws {
    let shape = ImageBatch.Shape(channels: 3, height: 8, width: 8)
    var options = ConvMixerOptions()
    options.kernel = 4
    #expect(throws: BasinError.self) { try ConvMixer(options, shape: shape, task: .classification(classes: 2)) }
    options.kernel = 3
    options.patch = 9
    #expect(throws: BasinError.self) { try ConvMixer(options, shape: shape, task: .classification(classes: 2)) }
  }
}
