import Graph
import PluginAPI
import Testing

@Suite("Random splits of the citation graphs")
struct DatasetRandomSplitTests {
  private func planetoid(_ name: String, _ settings: [String: String]) throws -> PlanetoidDataset {
    try PlanetoidDataset(
      DatasetTestFiles.options(settings), source: DataSource(name: name, root: GraphTestData.data),
      random: Random(seed: 0))
  }

  private func nodes(_ data: PlanetoidDataset, _ split: Split) throws -> [Int64] {
    try data.batch(Array(0..<data.count(split)), of: split, augmentation: nil).input.items.values()
  }

  @Test(
    "20 of each class, 500, 1000; another with each seed", .enabled(if: GraphTestData.has("planetoid/citeseer")),
    arguments: [
      ("cora", 7), ("citeseer", 6),
    ])
  func random(_ name: String, _ classes: Int) throws {
    let first = try planetoid(name, ["split": "random"])
    #expect(Split.allCases.map { first.count($0) } == [20 * classes, 500, 1000])
    let labels = try #require(first.labels(.train))
    #expect((0..<classes).allSatisfy { label in labels.count { $0 == label } == 20 })
    let all = try Split.allCases.flatMap { try nodes(first, $0) }
    #expect(Set(all).count == all.count)
    // Classes keep their shares.
    let (validation, test) = (try #require(first.labels(.validation)), try #require(first.labels(.test)))
    for label in 0..<Int32(classes) {
      #expect(abs(validation.count { $0 == label } * 2 - test.count { $0 == label }) <= 2)
    }
    #expect(try nodes(planetoid(name, ["split": "random"]), .test) == nodes(first, .test))
    #expect(try nodes(planetoid(name, ["split": "random", "splitSeed": "1"]), .test) != nodes(first, .test))
    #expect(try nodes(planetoid(name, ["splitSeed": "1"]), .test) == nodes(planetoid(name, [:]), .test))
    let error = ReaderTestData.error { _ = try planetoid(name, ["split": "random", "test": "100000"]) }
    #expect(error?.kind == .usage && error?.advice?.contains("dataset.test") == true)
  }
}
