import Foundation
import PluginAPI
import Tabular
import Testing

@Suite struct ParityTests {
  private let fixture: [String: Tensor]

  init() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    fixture = try Safetensors.read(folder.appendingPathComponent("rtdl.safetensors").path).tensors
  }

  private func tensor(_ name: String) throws -> Tensor { try #require(fixture[name], "no \(name) in the fixture") }

  /// max |a - b| / max |b|; infinite for another shape and for numbers that are none.
  private func error(_ a: Tensor, _ name: String) throws -> Double {
    let b = try tensor(name)
    guard a.shape == b.shape else { return .infinity }
    let (x, y): ([Double], [Double]) = try (a.detached().to(.float64).values(), b.to(.float64).values())
    let largest = y.reduce(0) { max($0, abs($1)) }
    let worst = zip(x, y).reduce(0.0) { ($1.0 - $1.1).isFinite ? max($0, abs($1.0 - $1.1)) : .infinity }
    return largest > 0 ? worst / largest : worst
  }

  private func check<M: Model>(_ name: String, _ model: M, _ input: TableBatch) throws where M.Input == TableBatch {
    let prefix = "\(name)/state/"
    let names = Set(fixture.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
    #expect(Set(model.tensors().map(\.path)) == names)
    for item in model.tensors() { try item.tensor.copy(from: tensor(prefix + item.path)) }
    // Nothing is dropped: training takes the other way through attention, to the same numbers.
    for mode in [Mode.evaluate, .train(RandomStream(Random(seed: 1)))] {
      for item in model.tensors() { try item.tensor.clearGradient() }
      let output = try model(input, mode).prediction
      #expect(try error(output, "\(name)/output") < 1e-5)
      try (output * tensor("\(name)/weighting")).sum().backward()
      for item in model.tensors() {
        let gradient = try #require(try item.tensor.gradient(), "\(item.path) has no gradient")
        let path = "\(name)/gradient/\(item.path)"
        // A key's bias moves all scores alike: its gradient is 0 but for rounding.
        if item.path.hasSuffix("W_k.bias") {
          #expect(try gradient.abs().max().item() < 1e-5)
        } else {
          #expect(try error(gradient, path) < 1e-4, "\(path)")
        }
      }
    }
  }

  private func options(size: Int, blocks: Int, heads: Int, dropout: Double = 0) -> FTTransformerOptions {
    var options = FTTransformerOptions()
    (options.size, options.blocks, options.heads, options.attentionDropout, options.dropout) = (size, blocks, heads, dropout, dropout)
    return options
  }

  @Test("FT-Transformer is the authors', with categories and without")
  func transformer() throws {
    let numbers = try tensor("numbers"), categories = try tensor("categories")
    try check(
      "ft",
      FTTransformer(
        options(size: 8, blocks: 3, heads: 2), shape: .init(numbers: 3, categories: [4, 3]), task: .classification(classes: 2)),
      TableBatch(numbers: numbers, categories: categories))
    try check(
      "single",
      FTTransformer(options(size: 6, blocks: 1, heads: 1), shape: .init(numbers: 3, categories: []), task: .regression(outputs: 1)),
      TableBatch(numbers: numbers, categories: Tensor.zeros([5, 0], .int64)))
  }

  @Test("the perceptron is the authors'")
  func perceptron() throws {
    var options = TabularMLPOptions()
    (options.width, options.layers, options.dropout) = (7, 2, 0)
    try check(
      "mlp", TabularMLP(options, shape: .init(numbers: 5, categories: []), task: .regression(outputs: 1)),
      TableBatch(numbers: tensor("wide"), categories: Tensor.zeros([5, 0], .int64)))
  }

  @Test("a size that the heads do not divide, and a table without columns, are refused")
  func refusals() throws {
    let shape = TableBatch.Shape(numbers: 3, categories: [])
    #expect(throws: BasinError.self) {
      try FTTransformer(options(size: 10, blocks: 1, heads: 4), shape: shape, task: .classification(classes: 2))
    }
    #expect(throws: BasinError.self) {
      try TabularMLP(TabularMLPOptions(), shape: .init(numbers: 0, categories: []), task: .classification(classes: 2))
    }
  }

  @Test("dropout changes training, not evaluation")
  func dropout() throws {
    let shape = TableBatch.Shape(numbers: 3, categories: [4, 3])
    let input = TableBatch(numbers: try tensor("numbers"), categories: try tensor("categories"))
    let model = try FTTransformer(options(size: 8, blocks: 2, heads: 2, dropout: 0.5), shape: shape, task: .classification(classes: 2))
    try model.initialize(Random(seed: 2))
    func run(_ mode: Mode) throws -> [Float] { try model(input, mode).prediction.detached().values() }
    #expect(try run(.evaluate) == run(.evaluate))
    #expect(try run(.train(RandomStream(Random(seed: 3)))) != run(.evaluate))
    #expect(try run(.train(RandomStream(Random(seed: 3)))) == run(.train(RandomStream(Random(seed: 3)))))
  }
}
