import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Published GraphML files", .enabled(if: ReaderTestData.isPresent))
struct ReaderPublishedGraphMLTests {
  static var folder: String { (ReaderTestData.root ?? "") + "/xml/graphml/" }

  @Test(arguments: [
    ("complexnetworks/airlines.graphml", 235, 2101), ("complexnetworks/school.graphml", 236, 5899),
    ("gephi/5-cliques.graphml", 25, 54), ("gephi/football.graphml", 115, 613), ("gephi/two-cliques.graphml", 10, 20),
    ("gephi/withdesc.graphml", 2, 1), ("graphology/attributes.graphml", 6, 7), ("graphology/basic.graphml", 11, 12),
    ("graphology/miserables.graphml", 77, 254), ("graphology/multigraph.graphml", 6, 9),
    ("gremlin-book/air-routes-small-latest.graphml", 47, 1390), ("gremlin-book/epl-2013-2014.graphml", 33, 423),
    ("igraph/bug_1970.graphml", 0, 0), ("igraph/graphml-lenient.xml", 3, 2), ("igraph/graphml-default-attrs.xml", 3, 2),
    ("social/political-books-network.graphml", 105, 441), ("social/got-network.graphml", 107, 352),
    ("social/quakers-network.graphml", 96, 162), ("social/crisis-network.graphml", 96, 273),
    ("social/marsden-network.graphml", 269, 2174), ("social/trump-network.graphml", 303, 366),
    ("tinkerpop/grateful-dead.xml", 808, 8049), ("tinkerpop/tinkerpop-classic.xml", 6, 6),
    ("tinkerpop/tinkerpop-modern.xml", 6, 6), ("topology-zoo-samples/Kdl.graphml", 754, 899),
  ])
  func counts(_ name: String, _ nodes: Int, _ edges: Int) throws {
    let inspection = try GraphMLReader.inspect(path: Self.folder + name)
    #expect(inspection.nodes == nodes && inspection.edges == edges && inspection.graphs == 1)
    let graph = try GraphMLReader.read(path: Self.folder + name)
    if nodes > 0 { #expect(try graph.nodeGraph().nodeCount == nodes) }
  }

  @Test func everyFileReadsOrFailsCleanly() throws {
    let walk = FileManager.default.enumerator(atPath: Self.folder)
    var failed: [String] = []
    var count = 0
    while let name = walk?.nextObject() as? String {
      guard name.hasSuffix(".graphml") || name.hasSuffix(".xml") else { continue }
      count += 1
      do { _ = try GraphMLReader.read(path: Self.folder + name) } catch { failed.append(name) }
    }
    #expect(count >= 35)
    #expect(failed.sorted() == ["igraph/invalid1.graphml", "igraph/invalid3.graphml"])
  }

  @Test func brokenFiles() {
    let first = ReaderTestData.error { _ = try GraphMLReader.read(path: Self.folder + "igraph/invalid1.graphml") }
    #expect(first?.message.contains("UTF-8") == true && first?.place?.hasPrefix("line ") == true)
    let third = ReaderTestData.error { _ = try GraphMLReader.read(path: Self.folder + "igraph/invalid3.graphml") }
    #expect(third?.message == "the file is empty")
  }

  @Test func defaults() throws {
    let graph = try GraphMLReader.read(path: Self.folder + "igraph/graphml-default-attrs.xml")
    #expect(graph.nodeAttribute(named: "age")?.integers == [30, 20, 20])
    #expect(
      graph.nodeAttribute(named: "gender").map { column in (0..<3).map { column.text($0) } } == [
        "male", "female", "male",
      ])
    #expect(graph.nodeAttribute(named: "type")?.booleans == [false, true, true])
  }

  @Test func parallelEdgesStay() throws {
    let graph = try GraphMLReader.read(path: Self.folder + "tinkerpop/grateful-dead.xml")
    let pairs = Set(zip(graph.sources, graph.targets).map { [$0, $1] })
    #expect(graph.edgeCount - pairs.count == 92)
  }

  @Test(arguments: [
    "igraph/test.graphml", "graphology/multigraph.graphml", "tinkerpop/graph-types.xml",
    "complexnetworks/airlines.graphml",
  ])
  func damagedFilesNeverCrash(_ name: String) throws {
    let bytes = try ReaderTestData.bytes(Self.folder + name)
    let result = ReaderTestData.fuzz(bytes, cuts: 100, flips: 300) {
      let graph = try GraphMLReader.read(bytes: $0, file: name)
      _ = graph.inspection
      _ = try graph.nodeGraph()
    }
    #expect(result.failed >= 99)
  }
}
