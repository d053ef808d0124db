import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Data sets of graph files")
struct DatasetGraphFileTests {
  private func dataset(_ format: String, _ path: String, _ settings: [String: String] = [:]) throws -> GraphFileDataset
  {
    try GraphFileDataset(
      DatasetTestFiles.options(settings), source: DataSource(name: format, path: path), random: Random(seed: 0))
  }

  private func graph(_ data: GraphFileDataset) throws -> GraphBatch.Graph {
    try data.batch([0], of: .train, augmentation: nil).input.graph
  }

  private static let keys = """
    <key id="y" for="graph" attr.name="class" attr.type="string"/><key id="v" for="graph" attr.name="value" attr.type="double"/>
    <key id="p" for="graph" attr.name="split" attr.type="string"/><key id="x" for="node" attr.name="x" attr.type="double"/>
    <key id="c" for="node" attr.name="class" attr.type="int"/><key id="w" for="edge" attr.name="w" attr.type="double"/>
    """

  private static func document(_ graphs: String...) -> String {
    "<graphml>" + keys + graphs.joined() + "</graphml>"
  }

  private static func graph(_ name: String, _ data: String, x: Double = 1) -> String {
    """
    <graph id="\(name)" edgedefault="undirected">\(data)<node id="\(name)a"><data key="x">\(x)</data><data key="c">1</data></node>
    <node id="\(name)b"><data key="x">2</data><data key="c">0</data></node><node id="\(name)c"><data key="c">1</data></node>
    <edge source="\(name)a" target="\(name)b"><data key="w">0.5</data></edge></graph>
    """
  }

  @Test("several graphs in a file, in a folder, and one")
  func levels() throws {
    let files = try DatasetTestFiles()
    let parts = [
      Self.graph("g", "<data key=\"y\">10</data><data key=\"v\">0.5</data><data key=\"p\">train</data>"),
      Self.graph("h", "<data key=\"y\">9</data><data key=\"v\">2</data><data key=\"p\">train</data>", x: 4),
      Self.graph("i", "<data key=\"y\">9</data><data key=\"p\">test</data>"),
    ]
    let whole = try files.write("all.graphml", Self.document(parts[0], parts[1], parts[2]))
    for (index, part) in parts.enumerated() { try files.write("folder/\(index).graphml", Self.document(part)) }
    for path in [whole, files.path + "/folder"] {
      let data = try dataset("graphml", path)
      #expect(data.facts.shape == .init(features: 2, level: .graph, meanNodes: 3))
      #expect(data.facts.classNames == ["9", "10"])
      #expect(Split.allCases.map { data.count($0) } == [2, 0, 1])
      #expect(data.labels(.train) == [1, 0])
      #expect(try graph(data).graphPointers == [0, 3, 6, 9])
      #expect(try graph(data).adjacency.row(3).map(\.column) == [4])
      #expect(try data.inspection().graphs == 3)
    }
    let regression = try dataset("graphml", whole, ["label": "value", "task": "regression", "features": "degree"])
    #expect(regression.facts.task == .regression(outputs: 1) && regression.facts.shape.features == 2)
    #expect(regression.count(.train) == 2 && regression.count(.test) == 0)
    #expect(try regression.batch([1], of: .train, augmentation: nil).target.values(Float.self) == [2])
    #expect(throws: BasinError.self) { try dataset("graphml", whole, ["level": "node"]) }
    #expect(ReaderTestData.error { _ = try dataset("gexf", whole) }?.advice?.hasPrefix("Write graphml:") == true)
    #expect(
      ReaderTestData.error { _ = try dataset("graphml", whole, ["label": "clas"]) }?.advice?.contains("'class'") == true
    )
    let bad = try files.write("bad.graphml", Self.document(parts[0], Self.graph("h", "<data key=\"p\">dev</data>")))
    #expect(ReaderTestData.error { _ = try dataset("graphml", bad) }?.place == "graph 1")
    let unlabelled = try files.write(
      "u.graphml", Self.document(parts[0], Self.graph("h", "<data key=\"p\">test</data>")))
    #expect(ReaderTestData.error { _ = try dataset("graphml", unlabelled) }?.message.contains("no label") == true)
  }

  @Test("the nodes of one graph: several targets, weights")
  func nodes() throws {
    let files = try DatasetTestFiles()
    let path = try files.write("one.graphml", Self.document(Self.graph("g", "")))
    let data = try dataset("graphml", path, ["weight": "w"])
    #expect(data.facts.shape.level == .node && data.facts.task == .classification(classes: 2))
    #expect(try graph(data).adjacency.row(0).map(\.value) == [0.5])
    #expect(data.facts.shape.features == 1)
    let several = try dataset("graphml", path, ["label": "x,class", "features": "constant"])
    // The third node has no x.
    #expect(several.facts.task == .regression(outputs: 2) && several.count(.train) == 2)
    #expect(try several.batch([0, 1], of: .train, augmentation: nil).target.values(Float.self) == [1, 1, 2, 0])
    let labels = try dataset("graphml", path, ["label": "class", "task": "multi-label"])
    #expect(labels.facts.task == .multiLabel(labels: 1) && labels.count(.train) == 3)
    #expect(try dataset("graphml", path, ["features": "degree"]).facts.shape.features == 2)
  }

  @Test("every published graph file can be looked at", .enabled(if: GraphTestData.has("xml")))
  func inspections() throws {
    let root = (GraphTestData.data ?? "") + "/xml/"
    var seen = 0
    for name in try #require(FileManager.default.enumerator(atPath: root)).compactMap({ $0 as? String }).sorted() {
      let format = (name as NSString).pathExtension
      // Two files that are damaged on purpose, and one without a graph.
      guard ["graphml", "gexf"].contains(format), !name.contains("invalid"), !name.contains("meta.gexf") else {
        continue
      }
      do {
        #expect(try dataset(format, root + name).inspection().nodes ?? 0 >= 0, "\(name)")
        seen += 1
      } catch let error as BasinError { Issue.record("\(name): \(error)") }
    }
    #expect(seen > 40, "\(seen)")
  }

  @Test(
    "GXL collections with the splits they list", .enabled(if: GraphTestData.has("xml/gxl")),
    arguments: [
      ("Letter.tar.gz/Letter/LOW", [750, 750, 750], 15), ("Mutagenicity.tar.gz", [1500, 500, 2337], 2),
      ("AIDS.tar.gz", [250, 250, 1500], 2),
    ])
  func collections(_ path: String, _ counts: [Int], _ classes: Int) throws {
    let root = (GraphTestData.data ?? "") + "/xml/gxl/"
    let found = try dataset("gxl", root + path)
    #expect(Split.allCases.map { found.count($0) } == counts)
    #expect(found.facts.classNames.count == classes && found.facts.shape.level == .graph)
    #expect(try found.batch([0], of: .test, augmentation: nil).target.count == 1)
  }

  @Test("GXL and TU hold the same molecules", .enabled(if: GraphTestData.has("xml/gxl") && GraphTestData.has("tu")))
  func mutagenicity() throws {
    let root = GraphTestData.data ?? ""
    let gxl = try dataset("gxl", root + "/xml/gxl/Mutagenicity.tar.gz")
    let tu = try TUDataset(.init(), source: DataSource(name: "mutagenicity", root: root), random: Random(seed: 0))
    let (a, b) = (try graph(gxl), try tu.batch([0], of: .train, augmentation: nil).input.graph)
    #expect(a.nodes == b.nodes && a.graphs == b.graphs && a.features.columns == b.features.columns)
    #expect(a.adjacency.entryCount == b.adjacency.entryCount)
    func sizes(_ graph: GraphBatch.Graph) -> [Int] {
      zip(graph.graphPointers, graph.graphPointers.dropFirst()).map { $1 - $0 }.sorted()
    }
    #expect(sizes(a) == sizes(b))
  }
}
