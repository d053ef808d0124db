import PluginAPI
import Testing

import __Target__

@Suite struct DatasetTests {
  @Test("every node is in one split, and edges go both ways")
  func graph() throws {
    let set = try __Target__Dataset(.init(), source: DataSource(name: "__name__"), random: Random(seed: 0))
    var seen: [Int64] = []
    for split in Split.allCases {
      let (input, target) = try set.batch(Array(0..<set.count(split)), of: split, augmentation: nil)
      #expect(input.graph.adjacency == input.graph.adjacency.transposed())
      #expect(try target.values(Int64.self) == set.labels(split)?.map { Int64($0) })
      seen += try input.items.values(Int64.self)
    }
    #expect(seen.sorted() == Array(0..<600))
  }
}
