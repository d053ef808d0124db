import Foundation
import Graph
import PluginAPI
import Testing

/// Every format that is read, to GraphML and GEXF and back.
@Suite("Conversion of graph files")
struct ConversionTests {
  private func path(_ end: String) -> String { NSTemporaryDirectory() + "convert-" + UUID().uuidString + end }

  // MARK: Published data

  static let collections = [
    "xml/gxl/Letter.tar.gz/Letter/LOW", "xml/gxl/AIDS.tar.gz", "xml/gxl/Fingerprint.tar.gz", "xml/gxl/mao.tar.gz",
    "xml/gxl/alkane.tar.gz", "xml/gxl/CMU-GED.tar.gz", "xml/gxl/Mutagenicity.tar.gz", "xml/graphml/topology-zoo.tar.gz",
    "tu/MUTAG.zip", "tu/PROTEINS.zip", "tu/NCI1.zip", "tu/Letter-low.zip",
  ]

  /// What GraphML holds of a collection: of GXL and TU everything.
  @Test(.enabled(if: ReaderTestData.isPresent), arguments: collections)
  func publishedCollections(_ name: String) throws {
    let source = (ReaderTestData.root ?? "") + "/" + name
    let target = path(".graphml.gz")
    defer { unlink(target) }
    var old = try GraphConversion.read(path: source)
    let outcome = try GraphConversion.convert(from: source, to: target)
    #expect(outcome.graphs == old.graphCount && outcome.edges == old.edgeCount && outcome.files == [target])
    var named = GraphMapping.Graphs()
    if old.labels.contains(where: { $0 >= 0 }) { named.labelAttribute = "class" }
    var new = try GraphCollectionReader.read(path: target).mapped(named)
    (old.graphAttributes, new.graphAttributes) = ([], [])
    #expect(new.nodePointers == old.nodePointers && new.edgeCount == old.edgeCount)
    #expect(new == old)
  }

  @Test(.enabled(if: ReaderTestData.isPresent), arguments: ["xml/gxl/mao.tar.gz", "xml/gxl/Letter.tar.gz/Letter/LOW", "tu/MUTAG.zip"])
  func publishedCollectionsAsFolders(_ name: String) throws {
    let source = (ReaderTestData.root ?? "") + "/" + name
    for format in [GraphFileFormat.graphml, .gexf] {
      let target = path("/")
      defer { try? FileManager.default.removeItem(atPath: target) }
      let old = try GraphConversion.read(path: source)
      #expect(try GraphConversion.convert(from: source, to: target, format: format).graphs == old.graphCount)
      let new = try GraphCollectionReader.read(path: target)
      // A folder is in the order of its listings: graph by graph the same.
      #expect(new.graphCount == old.graphCount && new.edgeCount == old.edgeCount)
      #expect(new.labels.filter { $0 >= 0 }.count == old.labels.filter { $0 >= 0 }.count)
      #expect(new.trainIndices.count == old.trainIndices.count && new.testIndices.count == old.testIndices.count)
      #expect(new.nodeAttributes.map(\.name).sorted() == old.nodeAttributes.map(\.name).sorted())
      if !old.classNames.isEmpty { #expect(new.classNames == old.classNames) }
    }
  }

  /// Every graph file there is, each way: what cannot be read is refused, and nothing is written for it.
  @Test(.enabled(if: ReaderTestData.isPresent)) func everyPublishedFile() throws {
    let folder = (ReaderTestData.root ?? "") + "/xml/"
    let walk = FileManager.default.enumerator(atPath: folder)
    var (count, refused) = (0, 0)
    while let name = walk?.nextObject() as? String {
      let lower = name.lowercased()
      guard [".graphml", ".gexf", ".gxl", ".xml"].contains(where: lower.hasSuffix) else { continue }
      count += 1
      if let error = ReaderTestData.thrown({ try roundTrip(folder + name) }) {
        refused += 1
        // GEDLIB's listings lie apart from their graphs.
        let isListing = name.contains("/collections/")
        #expect((error as? BasinError)?.kind == (isListing ? .missingInput : .badData), "\(error)")
      }
    }
    #expect(count >= 78 && refused <= 10, "\(count), \(refused)")
  }

  private func roundTrip(_ source: String) throws {
    let (graphml, gexf) = (path(".graphml"), path(".gexf.gz"))
    defer {
      unlink(graphml)
      unlink(gexf)
    }
    let old = try GraphConversion.read(path: source)
    _ = try GraphConversion.convert(from: source, to: graphml)
    #expect(try GraphCollectionReader.read(path: graphml) == old, "\(source)")
    guard old.graphCount <= 1 else { return }
    // By way of GEXF, which has no attributes of graphs.
    _ = try GraphConversion.convert(from: graphml, to: gexf)
    let again = try GraphCollectionReader.read(path: gexf)
    #expect(
      again.sources == old.sources && again.targets == old.targets && again.nodeCount == old.nodeCount, "\(source)")
    #expect((0..<old.edgeCount).allSatisfy { again.hasDirection($0) == old.hasDirection($0) }, "\(source)")
    for (mine, theirs) in [(old.nodeAttributes, again.nodeAttributes), (old.edgeAttributes, again.edgeAttributes)] {
      #expect(mine.map(\.name).sorted() == theirs.map(\.name).sorted(), "\(source)")
    }
  }

  // MARK: Formats that list an edge twice

  private func folder(_ files: [String: String]) throws -> String {
    let folder = path("")
    for (name, text) in files {
      let url = URL(fileURLWithPath: folder + "/" + name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return folder
  }

  @Test func twoLinesOfATUFileAreOneEdge() throws {
    let source = try folder([
      "S_A.txt": "4, 5\n1, 2\n2, 1\n2, 3\n3, 3\n3, 2\n1, 2\n2, 1\n5, 4\n1, 3\n",
      "S_graph_indicator.txt": "1\n1\n1\n2\n2\n", "S_graph_labels.txt": "5\n-1\n",
      "S_edge_labels.txt": "7\n1\n1\n2\n9\n3\n1\n1\n7\n4\n", "S_node_labels.txt": "0\n1\n0\n2\n2\n",
    ])
    let target = path(".graphml")
    defer {
      try? FileManager.default.removeItem(atPath: source)
      unlink(target)
    }
    let outcome = try GraphConversion.convert(from: source, to: target)
    #expect(outcome.warnings.map(\.message) == ["3 edges are listed from one end only; they get a direction"])
    let graphs = try GraphCollectionReader.read(path: target)
    // 2-3 has another label from each end; 1-2 is there twice.
    #expect(graphs.edgePointers == [0, 6, 7] && graphs.nodePointers == [0, 3, 5])
    #expect(graphs.sources == [0, 1, 2, 2, 0, 0, 3] && graphs.targets == [1, 2, 2, 1, 1, 2, 4])
    #expect((0..<graphs.edgeCount).map { graphs.hasDirection($0) } == [false, true, false, true, false, true, false])
    #expect(graphs.edgeAttribute(named: "label")?.integers == [1, 2, 9, 3, 1, 4, 7])
    #expect(graphs.nodeAttribute(named: "label")?.integers == [0, 1, 0, 2, 2])
    #expect(graphs.graphAttribute(named: "class").map { [$0.text(0), $0.text(1)] } == ["5", "-1"])
  }

  @Test func foldsAreLeftOut() throws {
    let source = try folder([
      "S.txt": "2\n2 1\n0 1 1\n0 1 0\n1 0\n3 0\n", "10fold_idx/train_idx-1.txt": "0\n", "10fold_idx/test_idx-1.txt": "1\n",
    ])
    let target = path(".graphml")
    defer {
      try? FileManager.default.removeItem(atPath: source)
      unlink(target)
    }
    let outcome = try GraphConversion.convert(from: source, to: target)
    #expect(outcome.graphs == 2 && outcome.edges == 1 && outcome.warnings.map(\.message) == ["the 1 published folds are left out"])
  }

  @Test func openGraphBenchmark() throws {
    let common = [
      "raw/num-node-list.csv": "2\n1\n", "raw/num-edge-list.csv": "1\n0\n", "raw/edge.csv": "0,1\n",
      "raw/node-feat.csv": "1,0.5\n2,0.25\n3,0.125\n", "raw/edge-feat.csv": "4\n",
    ]
    let split = ["split/s/train.csv": "0\n", "split/s/valid.csv": "", "split/s/test.csv": "1\n"]
    let graphs = try folder(common.merging(split) { $1 }.merging(["raw/graph-label.csv": "1,0.5\nnan,2\n"]) { $1 })
    let nodes = try folder(common.merging(split) { $1 }.merging(["raw/node-label.csv": "3\n\n\n".replacingOccurrences(of: "\n\n\n", with: "\n5\nnan\n")]) { $1 })
    let target = path(".graphml")
    defer {
      for file in [graphs, nodes, target] { try? FileManager.default.removeItem(atPath: file) }
    }
    #expect(try GraphConversion.convert(from: graphs, to: target).graphs == 2)
    var read = try GraphCollectionReader.read(path: target)
    #expect(!read.isDirected && read.nodeAttribute(named: "attribute.1")?.reals == [0.5, 0.25, 0.125])
    #expect(read.graphAttribute(named: "label.0")?.isPresent == [true, false])
    #expect(read.graphAttribute(named: "label.1")?.reals == [0.5, 2] && read.edgeAttribute(named: "attribute.0")?.reals == [4])
    #expect(read.graphAttribute(named: "split").map { [$0.text(0), $0.text(1)] } == ["train", "test"])
    _ = try GraphConversion.convert(from: nodes, to: target)
    read = try GraphCollectionReader.read(path: target)
    let label = read.nodeAttribute(named: "label")
    #expect(label?.integers == [3, 5, 0] && label?.isPresent == [true, true, false])
    #expect(read.nodeAttribute(named: "split").map { [$0.text(0), $0.text(1), $0.text(2)] } == ["train", "test", nil])
  }

  @Test func aFolderThatFailsLeavesNothing() throws {
    let collection = GraphCollection(
      file: "c", nodePointers: [0, 1, 2], edgePointers: [0, 0, 0],
      nodeAttributes: [AttributeColumn(name: "s", strings: ["fine", "a\u{1}"])])
    let target = path("")
    #expect(ReaderTestData.error { _ = try GraphConversion.write(collection, to: target + "/") }?.kind == .badData)
    let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
    let name = URL(fileURLWithPath: target).lastPathComponent
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasPrefix(name) })
  }

  @Test func graphsOutsideTheSplitAreListedToo() throws {
    let collection = GraphCollection(
      file: "c", nodePointers: [0, 1, 2, 3], edgePointers: [0, 0, 0, 0], labels: [0, 1, 1], classNames: ["p", "q"],
      trainIndices: [2])
    let target = path("/")
    defer { try? FileManager.default.removeItem(atPath: target) }
    #expect(try GraphConversion.write(collection, to: target).files.suffix(2).map { $0.dropFirst(target.count) } == ["train.cxl", "other.cxl"])
    let again = try GraphCollectionReader.read(path: target)
    #expect(again.graphCount == 3 && again.trainIndices.count == 1 && again.labels.count { $0 == 1 } == 2)
  }
}
