import Foundation
import Graph
import PluginAPI
import Testing

@Suite("GEXF reader")
struct ReaderGEXFTests {
  static func document(
    _ body: String, attributes: String = "", graph: String = "<graph defaultedgetype='directed'>",
    space: String = "http://gexf.net/1.3"
  ) -> String {
    "<gexf xmlns='\(space)' xmlns:viz='\(space)/viz' version='1.3'><meta><creator>x</creator></meta>"
      + "\(graph)\(attributes)\(body)</graph></gexf>"
  }

  private func read(_ text: String) throws -> AttributedGraph {
    try GraphFileReader.read(bytes: Array(text.utf8), file: "t.gexf", format: .gexf)
  }

  @Test(arguments: [
    "http://www.gexf.net/1.1draft", "http://www.gexf.net/1.2draft", "http://www.gephi.org/gexf", "http://gexf.net/1.3",
    "http://www.gexf.net/1.3", "",
  ])
  func valuesAndPresence(_ space: String) throws {
    let attributes = """
      <attributes class='node' mode='static'><attribute id='0' title='n' type='integer'/>
      <attribute id='b' title='flag' type='boolean'><default>true</default><options>true|false</options></attribute>
      <attribute id='s' title='words' type='liststring'/></attributes>
      <attributes class='edge'><attribute id='0' title='cost' type='float'/></attributes>
      """
    let body = """
      <edges><edge id='e' source='a' target='b&amp;' weight='2.5' label='x' kind='k'><attvalues><attvalue for='0' value='0.25'/></attvalues>
      </edge><edge source='b&amp;' target='a'/></edges>
      <nodes count='2'><node id='a' label='A'><attvalues><attvalue for='0' value='3'/><attvalue for='b' value='false'/></attvalues></node>
      <node id='b&amp;'><attvalue id='0' value='4'/><attvalue for='s' value="['p, q', r]"/></node></nodes>
      """
    let graph = try read(Self.document(body, attributes: attributes, space: space))
    #expect(graph.isDirected && graph.format == .gexf)
    #expect((0..<2).map { graph.nodeID($0) } == ["a", "b&"])
    #expect(graph.sources == [0, 1] && graph.targets == [1, 0])
    #expect(graph.nodeAttribute(named: "n")?.integers == [3, 4])
    #expect(graph.nodeAttribute(named: "flag")?.booleans == [false, true])
    #expect(graph.nodeAttribute(named: "label").map { [$0.text(0), $0.text(1)] } == ["A", nil])
    #expect(graph.nodeAttribute(named: "words")?.itemType == .string)
    #expect(graph.nodeAttribute(named: "words")?.items(1) == ["p, q", "r"])
    #expect(graph.edgeAttributes.first { $0.name == "cost" }?.reals == [0.25, 0])
    let weight = try #require(graph.edgeAttributes.first { $0.name == "weight" })
    #expect(weight.reals == [2.5, 0] && weight.isPresent == [true, false])
    #expect(graph.edgeAttributes.first { $0.name == "kind" }?.text(0) == "k")
    #expect(graph.warnings.isEmpty, "\(graph.warnings)")
  }

  @Test(arguments: [
    ("", []), ("[]", []), ("a", ["a"]), ("don't, can't", ["don't", "can't"]), ("'a, b', c", ["a, b", "c"]),
    ("a|b,c", ["a", "b,c"]),
    (#"["x \"y\"", 'z']"#, [#"x "y""#, "z"]), ("a;b", ["a", "b"]), ("[1,,2]", ["1", "", "2"]),
    ("'open, b", ["'open, b"]),
  ])
  func listsAreTakenApart(_ text: String, _ items: [String]) throws {
    let escaped = text.replacingOccurrences(of: "\"", with: "&quot;")
    let graph = try read(
      Self.document(
        "<nodes><node id='a'><attvalues><attvalue for='l' value=\"\(escaped)\"/></attvalues></node></nodes>",
        attributes: "<attributes class='node'><attribute id='l' title='l' type='liststring'/></attributes>"))
    #expect(graph.nodeAttribute(named: "l")?.items(0) == items)
  }

  @Test func directions() throws {
    let body = """
      <nodes><node id='a'/><node id='b'/></nodes><edges><edge source='a' target='b'/><edge source='a' target='b' type='undirected'/>
      <edge source='b' target='a' type='mutual'/><edge source='b' target='b' type='strange'/></edges>
      """
    let graph = try read(Self.document(body))
    #expect(graph.isDirected && graph.edgesAgainstDefault == 2)
    #expect(graph.edgeIsDirected == [true, false, false, true])
    let messages = graph.warnings.map(\.message).joined(separator: "|")
    for part in ["mixed (2 times)", "mutual edges", "\"strange\""] {
      #expect(messages.contains(part), "\(part): \(messages)")
    }
    #expect(try !read(Self.document(body, graph: "<graph>")).isDirected)
  }

  @Test func drawings() throws {
    let body = """
      <nodes><node id='a'><viz:position x='1.5' y='-2' z='0'/><viz:size value='3'/><viz:color r='255' g='0' b='16' a='0.5'/>
      <viz:shape value='disc'/></node><node id='b'><viz:color hex='#FF7700'/></node><node id='c'><viz:color r='300' g='0' b='0'/>
      <viz:size value='big'/></node></nodes><edges><edge source='a' target='b'><viz:thickness value='2'/></edge></edges>
      """
    let graph = try read(Self.document(body))
    #expect(graph.nodeAttribute(named: "viz:x")?.reals[0] == 1.5 && graph.nodeAttribute(named: "viz:y")?.reals[0] == -2)
    #expect(
      graph.nodeAttribute(named: "viz:color").map { column in (0..<3).map { column.text($0) } } == [
        "#ff0010", "#FF7700", nil,
      ])
    #expect(graph.nodeAttribute(named: "viz:shape")?.text(0) == "disc")
    #expect(graph.edgeAttributes.map(\.name) == ["viz:thickness"])
    #expect(graph.warnings.count == 2)
    // A drawing is no feature unless it is asked for.
    #expect(try graph.nodeGraph().featureNames == [])
    #expect(try graph.nodeGraph(NodeGraphOptions(featureAttributes: ["viz:size"])).featureNames == ["viz:size"])
    // As Gephi's own hand-written examples have it: a prefix that is nowhere declared.
    let bare = "<gexf><graph><nodes><node id='a'><viz:size value='3'/></node></nodes></graph></gexf>"
    #expect(try read(bare).nodeAttribute(named: "viz:size")?.reals == [3])
  }

  @Test func timesAreReported() throws {
    let attributes = "<attributes class='node' mode='dynamic'><attribute id='p' title='price' type='int'/></attributes>"
    let body = """
      <nodes><node id='a' start='2001' end='2002'><attvalues><attvalue for='p' value='1' timestamp='2004'/>
      <attvalue for='p' value='2' timestamp='2005'/></attvalues><spells><spell start='1'/></spells></node></nodes>
      """
    let graph = try read(
      Self.document(body, attributes: attributes, graph: "<graph mode='dynamic' defaultedgetype='directed'>"))
    #expect(graph.nodeAttribute(named: "price")?.integers == [2])
    #expect(
      graph.nodeAttribute(named: "start")?.text(0) == "2001" && graph.nodeAttribute(named: "end")?.text(0) == "2002")
    let messages = graph.warnings.map(\.message).joined(separator: "|")
    for part in ["changes with time", "several times", "<spells>"] {
      #expect(messages.contains(part), "\(part): \(messages)")
    }
  }

  @Test func hierarchyIsFlatAndReported() throws {
    let body = """
      <nodes><node id='a'><nodes><node id='b' pid='a'/><node id='c'/></nodes><edges><edge source='b' target='c'/></edges></node></nodes>
      <edges><edge source='a' target='b'/></edges>
      """
    let graph = try read(Self.document(body))
    #expect(graph.nodeCount == 3 && graph.edgeCount == 2)
    let messages = graph.warnings.map(\.message).joined(separator: "|")
    #expect(messages.contains("nested graph") && messages.contains("parents"))
  }

  @Test func undeclaredAttributes() throws {
    let graph = try read(
      Self.document("<nodes><node id='a'><attvalues><attvalue for='url' value='http://x'/></attvalues></node></nodes>"))
    #expect(graph.nodeAttribute(named: "url")?.text(0) == "http://x")
    #expect(graph.warnings.first?.message.contains("\"url\" is not declared") == true)
  }

  @Test(arguments: [
    ("<graphml/>", "<graphml>"), ("<gexf><graph defaultedgetype='up'/></gexf>", "defaultedgetype"),
    ("<gexf><graph><nodes><node/></nodes></graph></gexf>", "no id"),
    ("<gexf><graph><nodes><node id='a'/><node id='a'/></nodes></graph></gexf>", "declared twice"),
    ("<gexf><graph><edges><edge source='a'/></edges></graph></gexf>", "no target"),
    ("<gexf><graph><edges><edge source='a' target='b'/></edges></graph></gexf>", "does not exist"),
    (
      "<gexf><graph><nodes><node id='a'/></nodes><edges><edge source='a' target='a' weight='x'/></edges></graph></gexf>",
      "type double"
    ),
    ("<gexf><graph><attributes class='node'><attribute title='a'/></attributes></graph></gexf>", "no id"),
    ("<gexf><graph><nodes><node id='a'><attvalue value='1'/></node></nodes></graph></gexf>", "does not say"),
    ("<gexf><graph><nodes><node id='a'><attvalue for='1'/></node></nodes></graph></gexf>", "no value"),
  ])
  func brokenDocuments(_ text: String, _ expected: String) {
    let error = ReaderTestData.error { _ = try read(text) }
    #expect(error?.kind == .badData && error?.file == "t.gexf")
    #expect(error?.message.contains(expected) == true, "\(error?.description ?? "")")
    #expect(error?.place?.hasPrefix("line 1, column ") == true)
  }

  @Test func damagedDocumentsNeverCrash() {
    let attributes =
      "<attributes class='node'><attribute id='0' title='n' type='integer'><default>1</default></attribute></attributes>"
    let body = """
      <nodes><node id='a' label='A'><attvalues><attvalue for='0' value='3'/></attvalues><viz:color r='1' g='2' b='3'/></node>
      <node id='b'/></nodes><edges><edge source='a' target='b' weight='1' type='undirected'/></edges>
      """
    let bytes = Array(Self.document(body, attributes: attributes).utf8)
    let result = ReaderTestData.fuzz(bytes, cuts: bytes.count, flips: 3000) {
      _ = try GraphFileReader.read(bytes: $0, file: "f").nodeGraph()
    }
    #expect(result.failed > bytes.count && result.failed < result.total)
  }
}
