import PluginAPI
import Testing

import __Target__

@Suite struct DomainTests {
  @Test("a batch of the data set through the model")
  func together() throws {
    let set = try __Target__Dataset(.init(), source: DataSource(name: "__name__-waves"), random: Random(seed: 0))
    let model = try __Target__Model(.init(), shape: set.facts.shape, task: set.facts.task)
    try model.initialize(Random(seed: 1))
    let (input, target) = try set.batch([0, 1, 2, 3], of: .train, augmentation: nil)
    #expect(try model(input, .evaluate).prediction.shape == [4, 3])
    #expect(try target.values(Int64.self) == [0, 1, 2, 0])
  }

  @Test("the shape reads what it writes")
  func shape() {
    #expect(__Target__Batch.Shape("12") == __Target__Batch.Shape(length: 12))
    #expect(__Target__Batch.Shape("x") == nil && __Target__Batch.Shape("0") == nil)
  }
}
