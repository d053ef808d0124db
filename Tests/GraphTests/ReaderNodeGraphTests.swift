import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Attributes as a task")
struct ReaderNodeGraphTests {
  private func read(_ body: String, keys: String) throws -> AttributedGraph {
    let text = "<graphml>\(keys)<graph edgedefault='undirected'>\(body)</graph></graphml>"
    return try GraphMLReader.read(bytes: Array(text.utf8), file: "t.graphml")
  }

  private let keys = ReaderGraphMLTests.keys

  @Test func labelsSplitsAndFeatures() throws {
    let graph = try read(
      """
      <node id='1'><data key='c'>z</data><data key='s'>train</data><data key='x'>2</data><data key='b'>1</data></node>
      <node id='2'><data key='c'>a</data><data key='s'>val</data><data key='x'>0</data></node>
      <node id='3'><data key='c'>z</data><data key='s'>test</data></node><node id='4'/>
      """, keys: keys
    ).nodeGraph()
    #expect(graph.classNames == ["a", "z"])
    #expect(graph.labels == [1, 0, 1, -1])
    #expect(graph.trainIndices == [0] && graph.validationIndices == [1] && graph.testIndices == [2])
    #expect(graph.featureNames == ["x", "count", "flag"])
    #expect(graph.features.row(0).map(\.column) == [0, 2])
    #expect(graph.features.entryCount == 2)
    #expect(graph.warnings.contains { $0.message.contains("`x` is missing on 2 nodes") })
  }

  @Test func chosenColumnsAndOneHot() throws {
    let body = (0..<4).map {
      "<node id='\($0)'><data key='x'>\($0 / 2)</data><data key='c'>\($0 % 2 == 0 ? "p" : "q")</data></node>"
    }.joined()
    let source = try read(body, keys: keys)
    let graph = try source.nodeGraph(NodeGraphOptions(labelAttribute: "x", featureAttributes: ["label"]))
    #expect(graph.labels == [0, 0, 1, 1])
    #expect(graph.featureNames == ["label=p", "label=q"])
    #expect(graph.features.columnIndices == [0, 1, 0, 1])
    #expect(ReaderTestData.error { _ = try source.nodeGraph(NodeGraphOptions(labelAttribute: "zz")) }?.kind == .usage)
  }

  @Test func aNameIsNotAClass() throws {
    let body = (0..<100).map { "<node id='\($0)'><data key='c'>name \($0)</data></node>" }.joined()
    let graph = try read(body, keys: "<key id='c' for='node' attr.name='label' attr.type='string'/>").nodeGraph()
    #expect(graph.classNames.isEmpty && graph.labels.allSatisfy { $0 == -1 })
    #expect(graph.features == SparseMatrix(identity: 100))
    #expect(graph.warnings.contains { $0.message.contains("100 different values") })
  }

  @Test(arguments: ["NaN", "INF", "-inf", "1e39"])
  func nonFiniteFeatures(_ value: String) throws {
    let source = try read("<node id='q'/><node id='bad'><data key='x'>\(value)</data></node>", keys: keys)
    let error = ReaderTestData.error { _ = try source.nodeGraph() }
    #expect(error?.kind == .badData)
    #expect(error?.description.contains("node \"bad\"") == true && error?.message.contains("`x`") == true)
    if value != "1e39" { #expect(error?.place?.hasPrefix("line ") == true) }
    #expect(try source.nodeGraph(NodeGraphOptions(featureAttributes: ["flag"])).nodeCount == 2)
  }

  @Test func unknownSplitAndUnlabelledNode() throws {
    let odd = try read(
      "<node id='q'><data key='c'>a</data><data key='s'>tset</data></node><node id='r'><data key='c'>a</data></node>",
      keys: keys)
    let error = ReaderTestData.error { _ = try odd.nodeGraph() }
    #expect(error?.message.contains("tset") == true && error?.place == "node \"q\"")
    let bare = try read(
      "<node id='q'><data key='s'>train</data></node><node id='a'><data key='c'>a</data></node><node id='b'><data key='c'>a</data></node>",
      keys: keys)
    #expect(ReaderTestData.error { _ = try bare.nodeGraph() }?.message.contains("no label") == true)
  }

  private let sparseKeys = """
    <key id='w' for='graph' attr.name='feature_count' attr.type='int'/><key id='f' for='node' attr.name='features' attr.type='string'/>
    """

  @Test func sparseFeatures() throws {
    let graph = try read(
      "<data key='w'>10</data><node id='a'><data key='f'> 7:0.5 2\n 9:-1e1 </data></node><node id='b'/><node id='c'><data key='f'></data></node>",
      keys: sparseKeys
    ).nodeGraph()
    #expect(graph.features.columns == 10)
    #expect(graph.features.rowPointers == [0, 3, 3, 3])
    #expect(graph.features.columnIndices == [2, 7, 9] && graph.features.values == [1, 0.5, -10])
  }

  @Test(arguments: [
    "10", "-1", "x", "3:", "3:nan", "3:inf", "3 3", "5 3 5", "99999999999999999999", "3:1:1", ":1", "3:1e39",
  ])
  func damagedSparseFeatures(_ row: String) throws {
    let source = try read("<data key='w'>10</data><node id='a'><data key='f'>\(row)</data></node>", keys: sparseKeys)
    let error = ReaderTestData.error { _ = try source.nodeGraph() }
    #expect(error?.kind == .badData && error?.place == "node \"a\", key \"features\"")
  }

  @Test(arguments: ["0", "-5", "99999999999"])
  func impossibleFeatureCounts(_ count: String) throws {
    let source = try read("<data key='w'>\(count)</data><node id='a'/>", keys: sparseKeys)
    #expect(ReaderTestData.error { _ = try source.nodeGraph() }?.message.contains("feature_count") == true)
  }

  @Test func communities() throws {
    let source = try GraphMLReader.read(path: ReaderTestData.communitiesPath)
    let graph = try source.nodeGraph()
    #expect(source.inspection.nodes == 1200 && source.inspection.edges == 3000 && source.inspection.classes == 5)
    #expect(graph.features.rows == 1200 && graph.features.columns == 150)
    #expect(graph.edgeStatistics == NodeGraph.EdgeStatistics(uniqueEdges: 3000, selfLoops: 0))
    #expect((0..<5).allSatisfy { label in graph.trainIndices.count { graph.labels[$0] == Int32(label) } == 20 })
    #expect(graph.trainIndices.count == 100 && graph.validationIndices.count == 300 && graph.testIndices.count == 500)
    #expect(graph.warnings.isEmpty)
  }
}
