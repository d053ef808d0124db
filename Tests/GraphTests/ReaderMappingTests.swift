import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Mapping of attributes")
struct ReaderMappingTests {
  private func read(_ body: String) throws -> AttributedGraph {
    let keys = """
      <key id='a' for='node' attr.name='subject' attr.type='string'/><key id='f' for='node' attr.name='fold' attr.type='int'/>
      <key id='x' for='node' attr.name='x' attr.type='double'/><key id='z' for='node' attr.name='z' attr.type='double'/>
      <key id='tr' for='node' attr.name='train_mask' attr.type='boolean'/><key id='te' for='node' attr.name='test_mask' attr.type='boolean'/>
      <key id='w' for='edge' attr.name='Weight' attr.type='double'/><key id='c' for='edge' attr.name='cost' attr.type='int'/>
      <key id='k' for='edge' attr.name='kind' attr.type='string'/>
      """
    let text = "<graphml>\(keys)<graph edgedefault='undirected'>\(body)</graph></graphml>"
    return try GraphFileReader.read(bytes: Array(text.utf8), file: "t.graphml")
  }

  private let body = """
    <node id='1'><data key='a'>p</data><data key='f'>1</data><data key='x'>1</data><data key='z'>5</data><data key='tr'>1</data></node>
    <node id='2'><data key='a'>q</data><data key='f'>2</data><data key='x'>2</data><data key='te'>true</data><data key='tr'>0</data></node>
    <node id='3'><data key='a'>p</data><data key='f'>3</data><data key='x'>3</data></node>
    <edge source='1' target='2'><data key='w'>0.5</data><data key='c'>2</data></edge>
    <edge source='2' target='1'><data key='w'>0.25</data></edge><edge source='3' target='3'><data key='c'>-3</data></edge>
    """

  @Test func conventions() throws {
    let graph = try read(body).nodeGraph(NodeGraphOptions(labelAttribute: "subject"))
    #expect(graph.edgeWeights == [0.5, 0.25, 1])
    #expect(graph.trainIndices == [0] && graph.validationIndices == [] && graph.testIndices == [1])
    #expect(graph.featureNames == ["fold", "x", "z"])
    #expect(graph.warnings.contains { $0.message == "weight `Weight` is missing on 1 edges; it is 1 there" })
    let adjacency = try graph.weightedAdjacency()
    #expect(adjacency.rowPointers == [0, 1, 2, 3] && adjacency.values == [0.75, 0.75, 1])
  }

  @Test func whatDiffersEverywhereIsNoClass() throws {
    let text =
      "<gexf><graph defaultedgetype='directed'><nodes><node id='a' label='A'/><node id='b' label='B'/></nodes></graph></gexf>"
    let graph = try GraphFileReader.read(bytes: Array(text.utf8), file: "l.gexf").nodeGraph()
    #expect(graph.classNames.isEmpty && graph.featureNames.isEmpty)
  }

  @Test func files() throws {
    let mapping = try GraphMapping(
      yaml: """
        nodes:
          label: subject
          split: fold
          splits: {train: [1, 9], validation: 2, test: [3]}
          exclude: [z, train_mask, test_mask]
        edges:
          weight: cost
        graphs:
          label: kind
        """, file: "m.yaml")
    #expect(mapping.graphs.labelAttribute == "kind")
    let graph = try read(body).nodeGraph(mapping.nodes)
    #expect(graph.classNames == ["p", "q"] && graph.labels == [0, 1, 0])
    #expect(graph.trainIndices == [0] && graph.validationIndices == [1] && graph.testIndices == [2])
    #expect(graph.featureNames == ["x"] && graph.edgeWeights == [2, 1, -3])
    let none = try GraphMapping(yaml: "nodes: {label: none, features: x}\nedges: {weight: none}", file: "m.yaml")
    let plain = try read(body).nodeGraph(none.nodes)
    #expect(plain.labels == [-1, -1, -1] && plain.edgeWeights.isEmpty && plain.featureNames == ["x"])
    #expect(try GraphMapping(yaml: "", file: "m.yaml") == GraphMapping())
  }

  @Test(arguments: [
    ("nodes: {lable: x}", "unknown key `lable`"), ("- a", "expected a mapping"),
    ("nodes: {label: [a]}", "expected the name"),
    ("nodes: {splits: {dev: 1}}", "unknown key `dev`"), ("a: [", "is not YAML"), ("edges: 3", "expected a mapping"),
  ])
  func mistakesInFiles(_ text: String, _ message: String) {
    let error = ReaderTestData.error { _ = try GraphMapping(yaml: text, file: "m.yaml") }
    #expect(error?.kind == .badData && error?.message.contains(message) == true, "\(error?.description ?? "")")
    if message.hasPrefix("u") { #expect(error?.place?.hasPrefix("line 1, column ") == true) }
  }

  @Test func attributesThatDoNotFit() throws {
    var options = NodeGraphOptions()
    options.weightAttribute = "length"
    #expect(ReaderTestData.error { _ = try read(body).nodeGraph(options) }?.kind == .usage)
    options.weightAttribute = "kind"
    #expect(ReaderTestData.error { _ = try read(body).nodeGraph(options) }?.kind == .usage)
    options = NodeGraphOptions()
    options.excludedAttributes = ["gone"]
    #expect(ReaderTestData.error { _ = try read(body).nodeGraph(options) }?.kind == .usage)
    let infinite = body.replacingOccurrences(of: "0.25", with: "INF")
    #expect(ReaderTestData.error { _ = try read(infinite).nodeGraph() }?.place == "edge \"2\" to \"1\"")
  }

  @Test func listsAreFeatures() throws {
    let text = """
      <gexf><graph defaultedgetype='directed'><attributes class='node'><attribute id='v' title='v' type='listfloat'/>
      <attribute id='t' title='tags' type='liststring'/><attribute id='o' title='odd' type='listdouble'/></attributes><nodes>
      <node id='a'><attvalues><attvalue for='v' value='[1, 2.5]'/><attvalue for='t' value='p|q'/><attvalue for='o' value='1'/></attvalues></node>
      <node id='b'><attvalues><attvalue for='v' value='[0, -1]'/><attvalue for='t' value='q'/><attvalue for='o' value='1,2'/></attvalues></node>
      <node id='c'/></nodes></graph></gexf>
      """
    let graph = try GraphFileReader.read(bytes: Array(text.utf8), file: "l.gexf").nodeGraph()
    #expect(graph.featureNames == ["v[0]", "v[1]", "tags=p", "tags=q"])
    #expect((0..<3).map { graph.features.row($0).map(\.column) } == [[0, 1, 2, 3], [1, 3], []])
    #expect(graph.features.row(0).map(\.value) == [1, 2.5, 1, 1])
    #expect(graph.warnings.contains { $0.message.contains("`odd`") && $0.message.contains("lengths") })
  }
}
