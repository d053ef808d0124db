import Foundation
import Graph
import Pickle
import PluginAPI
import Testing

@Suite("Planetoid reader", .enabled(if: ReaderTestData.isPresent))
struct ReaderPlanetoidTests {
  private var root: String { ReaderTestData.root ?? "" }

  @Test func cora() throws {
    let graph = try Planetoid.read("cora", dataRoot: root)
    #expect(graph.nodeCount == 2708)
    #expect(graph.edgeCount == 10858)
    #expect(graph.edgeStatistics == NodeGraph.EdgeStatistics(uniqueEdges: 5278, selfLoops: 0))
    #expect(graph.symmetricAdjacency().entryCount == 10556)
    #expect(graph.features.rows == 2708 && graph.features.columns == 1433)
    #expect(graph.features.entryCount == 49216)
    #expect(graph.features.values.allSatisfy { $0 == 1 })
    #expect(graph.classNames.count == 7)
    #expect(graph.labels.allSatisfy { $0 >= 0 })
    #expect((0..<7).map { label in graph.labels.count { $0 == label } } == [351, 217, 418, 818, 426, 298, 180])
    #expect(graph.trainIndices == Array(0..<140))
    #expect((0..<7).allSatisfy { label in graph.trainIndices.count { graph.labels[$0] == Int32(label) } == 20 })
    #expect(graph.validationIndices == Array(140..<640))
    #expect(graph.testIndices == Array(1708..<2708))
    #expect(!graph.isDirected && graph.warnings.isEmpty)
  }

  @Test func citeseerHasIsolatedTestNodes() throws {
    let graph = try Planetoid.read("citeseer", dataRoot: root)
    #expect(graph.nodeCount == 3327)
    #expect(graph.edgeCount == 9464)
    #expect(graph.edgeStatistics == NodeGraph.EdgeStatistics(uniqueEdges: 4552, selfLoops: 124))
    #expect(graph.symmetricAdjacency(keepingSelfLoops: false).entryCount == 2 * 4552)
    #expect(graph.features.columns == 3703)
    #expect(graph.classNames.count == 6)
    #expect(graph.trainIndices.count == 120 && graph.validationIndices.count == 500 && graph.testIndices.count == 1000)
    let unnamed = (0..<graph.nodeCount).filter { graph.labels[$0] < 0 }
    #expect(unnamed.count == 15)
    #expect(unnamed.allSatisfy { $0 >= 2312 && graph.features.row($0).isEmpty && !graph.testIndices.contains($0) })
    #expect(graph.warnings.count == 1)
  }

  @Test func testRowsGoWhereTestIndexSays() throws {
    let graph = try Planetoid.read("cora", dataRoot: root)
    let folder = root + "/planetoid/cora/ind.cora."
    let index = try String(contentsOfFile: folder + "test.index", encoding: .utf8).split(separator: "\n").compactMap {
      Int($0)
    }
    guard case .sparseMatrix(let tx) = try PickleReader.read(try ReaderTestData.bytes(folder + "tx")) else {
      Issue.record("tx is not a matrix")
      return
    }
    #expect(index != index.sorted())
    for row in [0, 1, 17, 999] {
      #expect(graph.features.row(index[row]).map(\.column) == tx.row(row).map(\.column))
    }
  }

  @Test func pubmedWithoutAllxIsAMissingInput() {
    let error = ReaderTestData.error { _ = try Planetoid.read("pubmed", dataRoot: root) }
    #expect(error?.kind == .missingInput)
    #expect(error?.message.contains("missing: ind.pubmed.allx") == true)
    #expect(error?.message.contains("test.index") == true)
  }

  @Test func anAbsentSetNamesTheFoldersLookedIn() {
    let error = ReaderTestData.error { _ = try Planetoid.read("cora", dataRoot: "/nonexistent") }
    #expect(error?.kind == .missingInput)
    #expect(error?.message.contains("/nonexistent/planetoid/cora") == true)
  }

  /// A copy of Cora in the flat layout, with one file replaced.
  private func damaged(_ part: String, _ contents: [UInt8]) throws -> BasinError? {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("basin-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in try FileManager.default.contentsOfDirectory(atPath: root + "/planetoid/cora") {
      let bytes = try name == "ind.cora.\(part)" ? contents : ReaderTestData.bytes(root + "/planetoid/cora/" + name)
      try Data(bytes).write(to: folder.appendingPathComponent(name))
    }
    return ReaderTestData.error { _ = try Planetoid.read("cora", dataRoot: folder.path) }
  }

  @Test func damagedFilesAreNamed() throws {
    let cora = root + "/planetoid/cora/ind.cora."
    let index = try ReaderTestData.bytes(cora + "test.index")
    let cases: [(String, [UInt8], String)] = [
      ("test.index", Array("12\n".utf8) + index, "not between"),
      ("test.index", Array(index.dropFirst(5)), "999 test nodes"),
      ("test.index", Array(index.prefix(5)) + index.dropLast(5), "listed twice"),
      ("test.index", Array("999999999999\n".utf8) + index.dropFirst(5), "not between"),
      ("test.index", Array("abc\n".utf8) + index, "expected the number"),
      ("y", try ReaderTestData.bytes(cora + "ty"), "rows of labels"),
      ("x", try ReaderTestData.bytes(cora + "y"), "expected a csr_matrix"),
      ("graph", try ReaderTestData.bytes(cora + "y"), "expected a dictionary"),
      ("graph", Array("(dI0\n(lI99999\nas.".utf8), "node 99999"),
      ("allx", [], "empty"),
      ("tx", Array(try ReaderTestData.bytes(cora + "tx").dropLast(100)), "ends"),
    ]
    for (part, contents, expected) in cases {
      let error = try damaged(part, contents)
      #expect(error?.kind == .badData)
      #expect(error?.file?.hasSuffix("ind.cora.\(part)") == true)
      #expect(error?.message.contains(expected) == true, "\(error?.description ?? "") should say \(expected)")
    }
  }
}
