import PluginAPI
import Testing

import __Target__

@Suite struct DatasetTests {
  @Test("a batch is what its numbers say, in their order")
  func order() throws {
    let set = try __Target__Dataset(.init(), source: DataSource(name: "__name__"), random: Random(seed: 0))
    let both = try set.batch([5, 2], of: .train, augmentation: nil)
    let one = try set.batch([2], of: .train, augmentation: nil)
    #expect(both.input.images.shape == [2, 1, 16, 16])
    #expect(try both.input.images.select(1).values(Float.self) == one.input.images.select(0).values())
    #expect(try both.target.values(Int64.self) == [1, 2])
  }
}
