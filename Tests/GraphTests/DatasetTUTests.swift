import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Data sets of the TU collection")
struct DatasetTUTests {
  /// Three graphs: a triangle, an edge and a lonely node, and a path listed backwards and from one end only.
  static let small: [(name: String, text: String)] = [
    ("S//README.txt~", "nothing"), ("S//S_label_readme.txt", "1 yes"),
    ("S//S_A.txt", "1, 2\n2, 1\n2,3\n3 2\n1, 3\r\n3, 1\n8, 7\n4, 5\n5, 4\n"),
    ("S//S_graph_indicator.txt", "1\n1\n1\n2\n2\n2\n3\n3\n"), ("S//S_graph_labels.txt", "1\n-1\n1\n"),
    ("S//S_node_labels.txt", "0\n7\n0\n3\n3\n3\n7\n7\n"),
    ("S//S_node_attributes.txt", "1.5, 0\n2, -1\n0, 0\n1e2, 4\n5, 6\n7, 8\n9, 10\n0.25, 3\n"),
    ("S//S_edge_labels.txt", "1\n1\n2\n2\n1\n1\n5\n4\n4\n"),
    ("__MACOSX/S//S_A.txt", "1, 99\n"),
  ]

  private static func with(_ member: String, _ text: String?) -> [(name: String, text: String)] {
    small.compactMap { $0.name == "S//S_\(member).txt" ? text.map { (name: "S//S_\(member).txt", text: $0) } : $0 }
      + (small.contains { $0.name == "S//S_\(member).txt" } ? [] : [(name: "S//S_\(member).txt", text: text ?? "")])
  }

  private func dataset(_ path: String, _ settings: [String: String] = [:]) throws -> TUDataset {
    try TUDataset(
      DatasetTestFiles.options(settings), source: DataSource(name: "tu", path: path), random: Random(seed: 0))
  }

  private func published(_ name: String, _ settings: [String: String] = [:]) throws -> TUDataset {
    try TUDataset(
      DatasetTestFiles.options(settings), source: DataSource(name: name, root: GraphTestData.data),
      random: Random(seed: 0))
  }

  private func graph(_ data: TUDataset) throws -> GraphBatch.Graph {
    try data.batch([0], of: .train, augmentation: nil).input.graph
  }

  @Test("a small set, as a zip and unpacked")
  func small() throws {
    let files = try DatasetTestFiles()
    let zip = try files.write("S.zip", DatasetTestFiles.zip(Self.small))
    for member in Self.small where !member.name.hasPrefix("__") {
      try files.write("unpacked/" + member.name, member.text)
    }
    for path in [zip, files.path + "/unpacked", files.path + "/unpacked/S"] {
      let graphs = try TUReader.read(path: path)
      try graphs.validate()
      #expect(graphs.nodePointers == [0, 3, 6, 8])
      #expect(graphs.edgePointers == [0, 6, 8, 9])
      // The edge of the third graph stands before those of the second.
      #expect(graphs.sources == [0, 1, 1, 2, 0, 2, 3, 4, 7])
      #expect(graphs.targets == [1, 0, 2, 1, 2, 0, 4, 3, 6])
      #expect(graphs.edgeAttribute(named: "label")?.integers == [1, 1, 2, 2, 1, 1, 4, 4, 5])
      #expect(graphs.labels == [1, 0, 1] && graphs.classNames == ["-1", "1"])
      #expect(graphs.nodeAttribute(named: "attribute.0")?.reals == [1.5, 2, 0, 100, 5, 7, 9, 0.25])

      let data = try dataset(path)
      #expect(Split.allCases.map { data.count($0) } == [3, 0, 0])
      #expect(data.labels(.train) == [1, 0, 1])
      #expect(data.facts.shape == .init(features: 5, level: .graph, meanNodes: 8.0 / 3, edgeFeatures: 4))
      #expect(data.facts.task == .classification(classes: 2))
      let graph = try graph(data)
      #expect(graph.graphPointers == [0, 3, 6, 8])
      #expect(graph.features.row(3).map(\.column) == [1, 3, 4] && graph.features.row(3).map(\.value) == [1, 100, 4])
      #expect(graph.features.row(2).map(\.column) == [0])
      #expect(graph.adjacency.row(6).map(\.column) == [7] && graph.adjacency.row(7).map(\.column) == [6])
      let batch = try data.batch([2, 0], of: .train, augmentation: nil)
      #expect(batch.input.level == .graph)
      #expect(try batch.input.items.values(Int64.self) == [2, 0])
      #expect(try batch.target.values(Int64.self) == [1, 1])
      #expect(batch.input.graph === graph)
      let inspection = try data.inspection()
      #expect(inspection.graphs == 3 && inspection.nodes == 8 && inspection.edges == 9 && inspection.classes == 2)
      #expect(inspection.nodeAttributes == ["label", "attribute.0", "attribute.1"])
      #expect(inspection.edgeAttributes == ["label"])
      #expect(inspection.warnings.map(\.message) == ["1 node has no edge", "1 edge is listed from one end only"])
    }
    #expect(try dataset(zip).files == [zip])
    #expect(try dataset(files.path + "/unpacked/S").files.count == 6)
  }

  @Test("options: features, weights, direction, standardization")
  func options() throws {
    let files = try DatasetTestFiles()
    let zip = try files.write("S.zip", DatasetTestFiles.zip(Self.small))
    func features(_ kinds: String, _ more: [String: String] = [:]) throws -> SparseMatrix {
      try graph(dataset(zip, more.merging(["features": kinds]) { $1 })).features
    }
    #expect(try features("labels").columns == 3)
    #expect(try features("attributes").row(1).map(\.value) == [2, -1])
    #expect(try features("categories").columns == 8 + 7)
    #expect(try features("degree").columns == 3)
    #expect(try features("degree").columnIndices == [2, 2, 2, 1, 1, 0, 1, 1])
    #expect(try features("degree", ["maximumDegree": "1"]).columnIndices == [1, 1, 1, 1, 1, 0, 1, 1])
    #expect(try features("constant, labels").columns == 4)
    let unknown = ReaderTestData.error { _ = try dataset(zip, ["features": "label"]) }
    #expect(unknown?.kind == .usage && unknown?.advice?.contains("labels") == true)
    let none = ReaderTestData.error {
      _ = try dataset(
        files.write("n.zip", DatasetTestFiles.zip(Self.with("node_attributes", nil))), ["features": "attributes"])
    }
    #expect(none?.kind == .usage && none?.advice?.contains("degree") == true)

    let weighted = try graph(dataset(zip, ["weight": "label"])).adjacency
    #expect(weighted.row(1).map(\.value) == [1, 2] && weighted.row(6).map(\.value) == [5])
    #expect(weighted.row(7).map(\.value) == [5])
    let oneWay = try graph(dataset(zip, ["symmetric": "false"])).adjacency
    #expect(oneWay.row(6).map(\.column) == [7] && oneWay.row(7).isEmpty)
    #expect(ReaderTestData.error { _ = try dataset(zip, ["weight": "length"]) }?.advice?.contains("label") == true)

    var data = try dataset(zip, ["standardize": "true"])
    try data.fit(training: [0])
    let rows = (0..<3).map { node in try? graph(data).features.row(node).map(\.value) }
    #expect(abs((rows[0]?[1] ?? 0) - 0.3922) < 1e-3 && abs((rows[1]?[1] ?? 0) - 0.9806) < 1e-3)
    #expect(rows.allSatisfy { $0?[0] == 1 })
  }

  @Test("targets: classes, regression, several labels")
  func targets() throws {
    let files = try DatasetTestFiles()
    func set(_ member: String, _ text: String?, _ settings: [String: String] = [:]) throws -> TUDataset {
      try dataset(files.write("t.zip", DatasetTestFiles.zip(Self.with(member, text))), settings)
    }
    let regression = try set("graph_attributes", "1.5, 2\n-1, nan\n3, 4\n", ["task": "regression"])
    #expect(regression.facts.task == .regression(outputs: 2))
    // The second graph has no second target.
    #expect(regression.count(.train) == 2 && regression.labels(.train) == nil)
    let target = try regression.batch([1, 0], of: .train, augmentation: nil).target
    #expect(target.shape == [2, 2] && target.dtype == .float32)
    #expect(try target.values(Float.self) == [3, 4, 1.5, 2])
    let one = try set("graph_attributes", "1.5, 2\n-1, nan\n3, 4\n", ["target": "attribute.0"])
    #expect(one.facts.task == .regression(outputs: 1) && one.count(.train) == 3)
    #expect(
      ReaderTestData.error { _ = try set("graph_attributes", "1\n2\n3\n", ["target": "attribute.1"]) }?.kind == .usage)
    let labels = try set("graph_labels", "1, 0\n0, 0\n1, 1\n")
    #expect(labels.facts.task == .multiLabel(labels: 2))
    #expect(try labels.batch([2], of: .train, augmentation: nil).target.values(Float.self) == [1, 1])
    #expect(try set("graph_labels", "1.5\n0\n2\n").facts.task == .regression(outputs: 1))
    #expect(try set("graph_labels", "1\n3\n2\n").facts.task == .classification(classes: 3))
    #expect(try set("graph_labels", "1\n3\n2\n", ["task": "regression"]).facts.task == .regression(outputs: 1))
    let alike = try set("graph_labels", "4\n4\n4\n")
    #expect(alike.count(.train) == 0)
    #expect(try alike.inspection().warnings.first?.message.contains("1 classes") == true)
    #expect(
      ReaderTestData.error { _ = try set("graph_labels", "1.5\n2\n2\n", ["task": "classification"]) }?.kind == .badData)
    #expect(ReaderTestData.error { _ = try set("graph_labels", nil) }?.message.contains("nothing to learn") == true)
  }

  @Test(
    "damage is told with member and line",
    arguments: [
      ("A", "1, 2\n2, 9\n", "line 2", "nodes 1 to 8"), ("A", "1, 2\n0, 1\n", "line 2", "nodes 1 to 8"),
      ("A", "1, 4\n", "line 1", "graph 2"), ("A", "1, 2\n2, 1, 3\n", "line 2", "3 numbers, expected 2"),
      ("A", "1, 2\n\n2, 1\n", "line 2", "empty line"), ("A", "1, 2\n2; 1\n", "line 2", "\"2;\""),
      ("A", "1, 2\n2,\n", "line 2", "beside a comma"),
      ("A", "1, 2\n2, 99999999999999999999\n", "line 2", "whole number"),
      ("graph_indicator", "1\n1\n1\n2\n2\n2\n4\n3\n", "line 7", "graphs 1 to 3"),
      ("graph_indicator", "1\n2\n1\n2\n2\n2\n3\n3\n", "line 3", "the one before"),
      ("graph_indicator", "1\n1\n1\n2\n2\n2\n3\n0\n", "line 8", "graphs 1 to 3"),
      ("graph_indicator", "1\n1\n1\n2\n2\n2\n3\nx\n", "line 8", "whole number"),
      ("node_labels", "1\n2\n3\n", "line 4", "8 nodes"),
      ("node_labels", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "line 9", "8 nodes"),
      ("node_attributes", "1, 2\n3, inf\n", "line 2", "finite number"),
      ("edge_labels", "1\n", "line 2", "9 edges"), ("edge_attributes", "1\n", "line 2", "9 edges"),
      ("graph_attributes", "1\n2\n", "line 3", "3 graphs"), ("graph_labels", "1\nz\n1\n", "line 2", "\"z\""),
    ])
  func damage(_ member: String, _ text: String, _ line: String, _ words: String) throws {
    let files = try DatasetTestFiles()
    let zip = try files.write("S.zip", DatasetTestFiles.zip(Self.with(member, text)))
    let error = ReaderTestData.error { _ = try TUReader.read(path: zip) }
    #expect(error?.kind == .badData && error?.file == zip)
    #expect(error?.place == "member S/S_\(member).txt, \(line)", "\(error?.description ?? "")")
    #expect(error?.message.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test("a zip that is cut anywhere, or whose bytes are changed")
  func damagedZip() throws {
    let files = try DatasetTestFiles()
    let whole = DatasetTestFiles.zip(Self.small)
    let directory = try #require(Data(whole).range(of: Data([0x50, 0x4B, 1, 2]))?.lowerBound)
    let content = try #require(Data(whole).range(of: Data("2,3".utf8))?.lowerBound)
    for length in stride(from: 0, to: directory, by: 7) {
      let cut = try files.write("cut.zip", Array(whole.prefix(length)))
      #expect(throws: BasinError.self, "cut at \(length)") { try TUReader.read(path: cut) }
    }
    // 2,3 becomes 2,1: only the checksum can tell.
    var changed = whole
    changed[content + 2] = UInt8(ascii: "1")
    let error = ReaderTestData.error { _ = try TUReader.read(path: files.write("changed.zip", changed)) }
    #expect(error?.kind == .badData && error?.place?.contains("S_A.txt") == true)
    for position in content..<content + 30 {
      var flipped = whole
      flipped[position] ^= 1
      let path = try files.write("flipped.zip", flipped)
      #expect(throws: BasinError.self, "byte \(position)") { try TUReader.read(path: path) }
    }
    let result = ReaderTestData.fuzz(whole, cuts: 0, flips: 300) { bytes in
      _ = try TUReader.read(path: files.write("flipped.zip", bytes))
    }
    #expect(result.failed > 50, "\(result)")
    let two = try files.write("two.zip", DatasetTestFiles.zip(Self.small + [("T_A.txt", "1, 2\n")]))
    #expect(ReaderTestData.error { _ = try TUReader.read(path: two) }?.message.contains("several sets") == true)
    let without = try files.write(
      "without.zip", DatasetTestFiles.zip(Self.small.filter { !$0.name.contains("indicator") }))
    #expect(
      ReaderTestData.error { _ = try TUReader.read(path: without) }?.message.contains("S_graph_indicator") == true)
    #expect(ReaderTestData.error { _ = try TUReader.read(path: files.path + "/none.zip") }?.kind == .missingInput)
  }

  @Test(
    "published sets have the graphs that are told of them", .enabled(if: GraphTestData.has("tu")),
    arguments: [
      ("mutag", 188, 3371, 7442, 2, 7), ("proteins", 1113, 43471, 162088, 2, 4), ("nci1", 4110, 122747, 265506, 2, 37),
      ("letter-low", 2250, 10522, 14092, 15, 2), ("mutagenicity", 4337, 131488, 266894, 2, 14),
      ("dd", 1178, 334925, 1_686_092, 2, 82),
    ])
  func publishedSets(_ name: String, _ graphs: Int, _ nodes: Int, _ edges: Int, _ classes: Int, _ features: Int) throws
  {
    let data = try published(name)
    let told = try data.inspection()
    #expect(told.graphs == graphs && told.nodes == nodes && told.edges == edges && told.classes == classes)
    #expect(data.facts.shape.features == features)
    #expect(try graph(data).adjacency.entryCount == edges)
    #expect(!told.warnings.contains { $0.message.contains("one end") })
    let isolated = ["proteins": "5 nodes", "nci1": "428 nodes", "letter-low": "62 nodes"][name]
    #expect(isolated == nil || told.warnings.contains { $0.message == "\(isolated ?? "") have no edge" })
    #expect(data.count(.train) == graphs && data.count(.test) == 0)
  }

  @Test(
    "the folds of Xu et al., and their graphs", .enabled(if: GraphTestData.has("tu-gin")),
    arguments: [
      ("mutag", 188, 3371, 7442), ("proteins", 1113, 43471, 162088), ("nci1", 4110, 122747, 265506),
      ("dd", 1178, 334925, 1_686_092),
    ])
  func publishedFolds(_ name: String, _ graphs: Int, _ nodes: Int, _ edges: Int) throws {
    let read = try FoldedGraphsReader.read(
      path: "\(GraphTestData.data ?? "")/tu-gin/\(["dd": "DD", "nci1": "NCI1"][name] ?? name.uppercased()).zip")
    try read.graphs.validate()
    #expect(read.graphs.graphCount == graphs && read.graphs.nodeCount == nodes && read.graphs.edgeCount == edges)
    #expect(read.folds.count == 10)
    // What is left over of a tenth is in no test split.
    let tested = read.folds.flatMap(\.test)
    let everyFoldIsWhole = read.folds.allSatisfy { $0.train.count + $0.test.count == graphs }
    #expect(Set(tested).count == graphs / 10 * 10 && tested.count == graphs / 10 * 10 && everyFoldIsWhole)
    let data = try published(name, ["fold": "10"])
    #expect(data.count(.train) == read.folds[9].train.count && data.count(.test) == read.folds[9].test.count)
    #expect(ReaderTestData.error { _ = try published(name, ["fold": "11"]) }?.advice?.contains("dataset.fold") == true)
    #expect(data.facts.shape.features == (try published(name, ["features": "labels"])).facts.shape.features)
  }

  @Test("a set that is not there")
  func missing() throws {
    let files = try DatasetTestFiles()
    let error = ReaderTestData.error {
      _ = try TUDataset(.init(), source: DataSource(name: "enzymes", root: files.path), random: Random(seed: 0))
    }
    #expect(error?.kind == .missingInput && error?.message.contains("/tu/ENZYMES.zip") == true)
    try files.write("tu/ENZYMES.zip", DatasetTestFiles.zip(Self.small))
    let data = try TUDataset(.init(), source: DataSource(name: "enzymes", root: files.path), random: Random(seed: 0))
    #expect(data.count(.train) == 3)
    let folds = ReaderTestData.error {
      _ = try TUDataset(
        DatasetTestFiles.options(["fold": "1"]), source: DataSource(name: "tu", path: files.path + "/tu/ENZYMES.zip"),
        random: Random(seed: 0))
    }
    #expect(folds?.kind == .usage && folds?.advice?.contains("--fold") == true)
  }
}
