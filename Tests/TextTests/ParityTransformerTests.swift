import Foundation
import PluginAPI
import Testing
import Text

/// The transformer against the PyTorch reference in `Tests/Parity/transformer_model.py`.
@Suite("Transformer parity")
struct ParityTransformerTests {
  struct Fixture {
    let tensors: [String: Tensor]
    let metadata: [String: String]

    init(_ name: String) throws {
      let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      (tensors, metadata) = try Safetensors.read(folder.path + "/Parity/Fixtures/\(name).safetensors")
    }

    func number(_ key: String) throws -> Int { try #require(metadata[key].flatMap { Int($0) }) }
    func tensor(_ name: String) throws -> Tensor { try #require(tensors[name], "\(name) is not in the fixture") }

    func input() throws -> TokenBatch {
      // The reference pads with token 0.
      let tokens = try tensor("input.tokens"), length = tokens.shape[1]
      let grid = try tokens.values(Int64.self)
      return try TokenBatch((0..<tokens.shape[0]).map { row in grid[row * length..<(row + 1) * length].filter { $0 > 0 } })
    }

    func model() throws -> TransformerClassifier {
      var options = TransformerClassifier.ModelOptions()
      options.size = try number("width")
      options.heads = try number("heads")
      options.layers = try number("layers")
      options.feedForward = try number("hidden")
      options.dropout = 0
      options.pooling = try #require(metadata["pooling"].flatMap { .init(rawValue: $0) })
      let model = try TransformerClassifier(
        options, shape: .init(vocabulary: try number("vocabulary"), length: try number("longest")),
        task: .classification(classes: try number("classes")))
      try model.load { try tensor($0) }
      return model
    }
  }

  /// max |a - b| / max |b|.
  static func relativeError(_ a: Tensor, _ b: Tensor) throws -> Double {
    #expect(a.shape == b.shape)
    return try (a - b).abs().max().item() / b.abs().max().item()
  }

  @Test(arguments: ["transformer-mean", "transformer-cls"])
  func forwardAndGradients(name: String) throws {
    let fixture = try Fixture(name)
    let tolerance = try #require(fixture.metadata["tolerance"].flatMap(Double.init))
    let model = try fixture.model()
    let named = model.tensors()
    // Every tensor of the reference is one of the model's, and the other way about.
    let expected = Set(fixture.tensors.keys.filter { $0.hasPrefix("grad.") }.map { String($0.dropFirst(5)) })
    #expect(Set(named.map(\.path)) == expected)
    #expect(named.allSatisfy { $0.role == .parameter })

    let logits = try model(fixture.input(), .train(RandomStream(Random(seed: 0)))).prediction
    let loss = try crossEntropy(logits, fixture.tensor("input.labels"))
    try loss.backward()
    var worst = (name: "logits", error: try Self.relativeError(logits, fixture.tensor("output.logits")))
    func compare(_ name: String, _ a: Tensor, _ b: Tensor) throws {
      let error = try Self.relativeError(a, b)
      #expect(error < tolerance, "\(name)")
      if error > worst.error { worst = (name, error) }
    }
    try compare("logits", logits, fixture.tensor("output.logits"))
    try compare("loss", loss, fixture.tensor("output.loss"))
    for item in named {
      let gradient = try #require(try item.tensor.gradient(), "\(item.path) got no gradient")
      try compare(item.path, gradient, fixture.tensor("grad.\(item.path)"))
    }
    print("\(name): largest relative error \(worst.error) in \(worst.name)")
    let evaluated = try model(fixture.input(), .evaluate).prediction
    #expect(try Self.relativeError(evaluated, fixture.tensor("output.logits")) < tolerance)
  }
}

extension Module {
  /// Fills every tensor with what `tensor(path)` gives.
  func load(_ tensor: (String) throws -> Tensor) throws {
    for item in tensors() { try item.tensor.copy(from: try tensor(item.path)) }
  }
}
