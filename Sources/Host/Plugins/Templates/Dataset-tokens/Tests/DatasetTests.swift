import PluginAPI
import Testing

import __Target__

@Suite struct DatasetTests {
  @Test("sentences have the lengths that are told, and words of the vocabulary")
  func sentences() throws {
    let set = try __Target__Dataset(.init(), source: DataSource(name: "__name__"), random: Random(seed: 0))
    let (input, target) = try set.batch([3, 8, 1], of: .test, augmentation: nil)
    let lengths = try #require(set.lengths(.test))
    #expect(input.lengths == [3, 8, 1].map { Int(lengths[$0]) })
    #expect(try input.disagreement(with: set.facts.shape) == nil)
    #expect(try target.values(Int64.self) == [3, 0, 1])
  }
}
