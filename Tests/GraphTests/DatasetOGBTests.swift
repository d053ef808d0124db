import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Folders of the Open Graph Benchmark")
struct DatasetOGBTests {
  private static let files: [String: String] = [
    "raw/edge": "0,1\n1,2\n0,1\n", "raw/num-node-list": "3\n2\n1\n", "raw/num-edge-list": "2\n1\n0\n",
    "raw/node-feat": "1,0.5\n2,0\n1,1\n2,2\n1,3\n5,4\n", "raw/edge-feat": "1,2\n3,4\n5,6\n",
    "raw/graph-label": "1\n0\n1\n", "split/scaffold/train": "0\n1\n", "split/scaffold/valid": "2\n",
    "split/scaffold/test": "\n",
  ]

  private func folder(_ changes: [String: String] = [:]) throws -> DatasetTestFiles {
    let folder = try DatasetTestFiles()
    for (name, text) in Self.files.merging(changes, uniquingKeysWith: { $1 }) where !text.isEmpty {
      try folder.writeGzip(name + ".csv.gz", text)
    }
    return folder
  }

  private func dataset(_ folder: DatasetTestFiles, _ settings: [String: String] = [:]) throws -> OGBDataset {
    try OGBDataset(
      DatasetTestFiles.options(settings), source: DataSource(name: "ogb", path: folder.path), random: Random(seed: 0))
  }

  @Test("graphs with a published split")
  func graphs() throws {
    let folder = try folder()
    let data = try dataset(folder)
    #expect(Split.allCases.map { data.count($0) } == [2, 1, 0])
    #expect(data.facts.task == .classification(classes: 2))
    #expect(data.facts.shape == .init(features: 2, level: .graph, meanNodes: 2, edgeFeatures: 2))
    let (input, target) = try data.batch([0], of: .validation, augmentation: nil)
    #expect(try target.values(Int64.self) == [1] && input.items.values(Int64.self) == [2])
    #expect(input.graph.graphPointers == [0, 3, 5, 6])
    // Both ways, and the second graph's edge among its own nodes.
    #expect(input.graph.adjacency.row(1).map(\.column) == [0, 2] && input.graph.adjacency.row(3).map(\.column) == [4])
    #expect(input.graph.features.row(5).map(\.value) == [5, 4])
    #expect(data.files.count == 9)
    let told = try data.inspection()
    #expect(told.graphs == 3 && told.nodes == 6 && told.edges == 3 && told.directed == false)
    #expect(
      told.edgeAttributes == ["attribute.0", "attribute.1"] && told.warnings.map(\.message) == ["1 node has no edge"])
    let oneWay = try dataset(folder, ["symmetric": "false", "weight": "attribute.1", "features": "categories,degree"])
    let graph = try oneWay.batch([0], of: .train, augmentation: nil).input.graph
    #expect(graph.adjacency.row(2).map(\.value) == [4] && graph.adjacency.row(0).isEmpty)
    #expect(graph.features.columns == 3 + 6 + 2)
  }

  @Test("nodes, several labels, some not known")
  func nodes() throws {
    let labels = "0,1\n1,nan\n,0\nnan,nan\n1,1\n0,0\n"
    let folder = try folder(["raw/graph-label": "", "raw/node-label": labels, "split/scaffold/train": "0\n1\n3\n"])
    let data = try dataset(folder)
    // Node 3 has no label at all.
    #expect(data.facts.task == .multiLabel(labels: 2) && data.count(.train) == 2)
    #expect(data.facts.shape.level == .node)
    let target = try data.batch([0, 1], of: .train, augmentation: nil).target.values(Float.self)
    #expect(target[0..<3] == [0, 1, 1] && target[3].isNaN)
    #expect(try data.inspection().warnings.map(\.message).contains("4 of 12 targets are not known"))
    #expect(try dataset(folder, ["task": "regression"]).count(.train) == 1)
    #expect(throws: BasinError.self) { try dataset(folder, ["task": "classification"]) }
    let number = try dataset(self.folder(["raw/graph-label": "0.5\n1\n2\n"]))
    #expect(number.facts.task == .regression(outputs: 1))
  }

  @Test(
    "damage is told with file and line",
    arguments: [
      ("raw/edge", "0,1\n1,3\n0,1\n", 2, "graph 0 has 3 nodes"), ("raw/edge", "0,1\n", 2, "3 edges"),
      ("raw/edge", "0,1\n1,2\n0,1\n0,1\n", 4, "3 edges"),
      ("raw/edge", "0,1\n1,2\n-1,1\n", 3, "graph 1 has 2 nodes"), ("raw/num-node-list", "3\n2\n-1\n", 3, "-1 nodes"),
      ("raw/num-node-list", "3\n2\n99999999999\n", 3, "nodes"), ("raw/num-edge-list", "2\n1\n", 3, "3 graphs"),
      ("raw/node-feat", "1,2\n", 2, "6 nodes"), ("raw/node-feat", "1,2\n1,x\n", 2, "\"x\""),
      ("raw/graph-label", "1\n0\n", 3, "3 graphs"), ("split/scaffold/valid", "3\n", 1, "3 graphs"),
      ("raw/edge-feat", "1\n", 2, "3 edges"), ("raw/node-feat", "1,2\n,1\n", 2, "beside a comma"),
    ])
  func damage(_ file: String, _ text: String, _ line: Int, _ words: String) throws {
    let folder = try folder([file: text])
    let error = ReaderTestData.error { _ = try dataset(folder) }
    #expect(error?.kind == .badData && error?.file == "\(folder.path)/\(file).csv.gz", "\(error?.description ?? "")")
    #expect(error?.place == "line \(line)" && error?.message.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test("missing files, several splits, a cut file")
  func missing() throws {
    for file in ["raw/edge", "raw/num-node-list", "raw/num-edge-list", "raw/graph-label", "split/scaffold/valid"] {
      #expect(ReaderTestData.error { _ = try dataset(folder([file: ""])) }?.kind == .missingInput, "\(file)")
    }
    #expect(try dataset(folder(["split/scaffold/train": ""])).count(.train) == 3)
    let several = try folder(["split/random/train": "0\n", "split/random/valid": "1\n", "split/random/test": "2\n"])
    #expect(ReaderTestData.error { _ = try dataset(several) }?.message.contains("random, scaffold") == true)
    #expect(try dataset(several, ["split": "random"]).count(.test) == 1)
    #expect(
      ReaderTestData.error { _ = try dataset(several, ["split": "randon"]) }?.advice?.contains("'random'") == true)
    #expect(
      ReaderTestData.error { _ = try dataset(folder(["split/scaffold/valid": "1\n"])) }?.message.contains("number 1")
        == true)
    let cut = try folder()
    let whole = try ReaderTestData.bytes(cut.path + "/raw/edge.csv.gz")
    for length in 1..<whole.count {
      try cut.write("raw/edge.csv.gz", Array(whole.prefix(length)))
      #expect(throws: BasinError.self, "cut at \(length)") { try dataset(cut) }
    }
  }
}
