import PluginAPI
import Testing

import __Target__

@Suite struct ModelTests {
  private func model() throws -> __Target__Model {
    let shape = TokenBatch.Shape(vocabulary: 20, length: 8)
    let model = try __Target__Model(.init(), shape: shape, task: .classification(classes: 3))
    try model.initialize(Random(seed: 1))
    return model
  }

  @Test("a prediction has a row a sentence and a column a class")
  func shapes() throws {
    #expect(try model()(TokenBatch([[1, 2, 3], [4]]), .evaluate).prediction.shape == [2, 3])
  }

  @Test("the order of words does not count")
  func order() throws {
    let rows: [Float] = try model()(TokenBatch([[7, 7, 9, 9], [9, 7, 9, 7]]), .evaluate).prediction.values()
    for (a, b) in zip(rows.prefix(3), rows.suffix(3)) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("it does not predict the next token")
  func task() {
    #expect(throws: BasinError.self) {
      try __Target__Model(.init(), shape: TokenBatch.exampleShape, task: .nextToken(vocabulary: 10_000))
    }
  }
}
