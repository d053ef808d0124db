import Foundation
import Graph
import PluginAPI
import Testing

@Suite("GraphML reader")
struct ReaderGraphMLTests {
  static let keys = """
    <key id="w" for="edge" attr.name="weight" attr.type="double"/>
    <key id="x" for="node" attr.name="x" attr.type="double"/>
    <key id="n" for="node" attr.name="count" attr.type="long"/>
    <key id="b" for="node" attr.name="flag" attr.type="boolean"/>
    <key id="c" for="node" attr.name="label" attr.type="string"/>
    <key id="s" for="node" attr.name="split" attr.type="string"/>
    """

  private func document(_ body: String, keys: String = keys, graph: String = "<graph edgedefault='undirected'>")
    -> String
  {
    "<graphml xmlns='http://graphml.graphdrawing.org/xmlns'>\(keys)\(graph)\(body)</graph></graphml>"
  }

  private func read(_ text: String) throws -> AttributedGraph {
    try GraphMLReader.read(bytes: Array(text.utf8), file: "t.graphml")
  }

  @Test func valuesAndPresence() throws {
    let graph = try read(
      document(
        """
        <node id='a'><data key='x'> 1.5e1 </data><data key='n'>-9007199254740993</data><data key='b'> tRUE </data></node>
        <node id='b&amp;&#x20AC;'><data key='c'><![CDATA[<p>]]>&lt;q</data><data key='n'>4.0</data></node>
        <edge source='a' target='a'><data key='w'>0.1</data></edge><edge source='a' target='b&amp;€'/>
        """))
    #expect(graph.nodeCount == 2 && graph.edgeCount == 2)
    #expect(graph.nodeID(1) == "b&€")
    #expect(graph.nodeAttribute(named: "x")?.reals == [15, 0])
    #expect(graph.nodeAttribute(named: "x")?.isPresent == [true, false])
    #expect(graph.nodeAttribute(named: "count")?.integers == [-9_007_199_254_740_993, 4])
    #expect(graph.nodeAttribute(named: "flag")?.text(0) == "true")
    #expect(graph.nodeAttribute(named: "label")?.text(1) == "<p><q")
    #expect(graph.edgeAttributes[0].reals == [0.1, 0])
    #expect(graph.sources == [0, 0] && graph.targets == [0, 1])
    #expect(graph.warnings.isEmpty)
  }

  @Test(arguments: [
    "0.1", "123456789.123456789", "1e22", "1e23", "4.9e-324", "1.7976931348623157e308", "-0", "9007199254740993", ".5",
    "5.", "0.30000000000000004",
  ])
  func realsAreCorrectlyRounded(_ text: String) throws {
    let graph = try read(document("<node id='a'><data key='x'>\(text)</data></node>"))
    let plain = text.hasPrefix(".") ? "0" + text : text.hasSuffix(".") ? text + "0" : text
    #expect(graph.nodeAttribute(named: "x")?.reals.first == Double(plain))
  }

  @Test func edgesBeforeNodes() throws {
    let graph = try read(document("<edge source='b' target='a'/><node id='a'/><node id='b'/>"))
    #expect(graph.sources == [1] && graph.targets == [0])
    #expect(graph.nodeID(0) == "a")
  }

  @Test func defaultsFillGaps() throws {
    let keys = "<key id='d' for='all' attr.name='v' attr.type='int'><desc>d</desc><default>7</default></key>"
    let graph = try read(
      document(
        "<node id='a'/><node id='b'><data key='d'>1</data></node><node id='c'/><edge source='a' target='b'/>",
        keys: keys))
    #expect(graph.nodeAttributes[0].integers == [7, 1, 7])
    #expect(graph.nodeAttributes[0].isPresent == [true, true, true])
    #expect(graph.edgeAttributes[0].integers == [7])
    #expect(graph.graphAttributes[0].integers == [7])
  }

  @Test func oneIdForNodesAndEdges() throws {
    let keys =
      "<key id='0' for='node' attr.name='p' attr.type='string'/><key id='0' for='edge' attr.name='q' attr.type='int'/>"
    let graph = try read(
      document(
        "<node id='a'><data key='0'>z</data></node><edge source='a' target='a'><data key='0'>3</data></edge>",
        keys: keys))
    #expect(graph.nodeAttributes[0].text(0) == "z" && graph.edgeAttributes[0].integers == [3])
  }

  @Test func mixedDirections() throws {
    let graph = try read(
      document("<node id='a'/><edge source='a' target='a' directed='true'/><edge source='a' target='a'/>"))
    #expect(graph.edgesAgainstDefault == 1 && !graph.isDirected)
    #expect(graph.warnings.map(\.message) == ["directed and undirected edges are mixed"])
  }

  @Test func nestedGraphsPortsAndHyperedges() throws {
    let keys = Self.keys + "<key id='y0' for='node' yfiles.type='nodegraphics'/>"
    let graph = try read(
      document(
        """
        <node id='a'><graph edgedefault='directed'><node id='a::b'><data key='x'>2</data></node></graph>
        <data key='x'>1</data><data key='y0'><z:Shape xmlns:z='urn:z'>text</z:Shape></data><port name='p'/></node>
        <hyperedge><endpoint node='a'/></hyperedge><edge source='a' target='a::b' sourceport='p'/>
        """, keys: keys))
    #expect(graph.nodeCount == 2 && graph.edgeCount == 1 && graph.graphCount == 1)
    #expect(graph.nodeAttribute(named: "x")?.reals == [1, 2])
    let messages = graph.warnings.map(\.message).joined(separator: "|")
    for part in ["nested", "<port>", "<hyperedge>", "y0", "ports"] {
      #expect(messages.contains(part), "\(part) in \(messages)")
    }
    #expect(graph.warnings.allSatisfy { ($0.line ?? 0) > 0 && ($0.column ?? 0) > 0 })
  }

  @Test func severalGraphsAreCounted() throws {
    let graph = try read(
      "<graphml><graph edgedefault='directed'><node id='a'/></graph><graph edgedefault='directed'><node id='a'/><edge source='zz' target='a'/></graph></graphml>"
    )
    #expect(graph.nodeCount == 1 && graph.edgeCount == 0)
    #expect(graph.inspection.graphs == 2 && graph.inspection.nodes == 2 && graph.inspection.edges == 1)
  }

  @Test(arguments: [
    ("", "empty"), ("<gexf/>", "<gexf>"), ("<graphml><graph", "well-formed"), ("<graphml>", "well-formed"),
    ("plain text", "well-formed"), ("<graphml><graph edgedefault='up'/></graphml>", "edgedefault"),
    ("<graphml><graph edgedefault='directed'><node/></graph></graphml>", "no id"),
    ("<graphml><graph edgedefault='directed'><node id='a'/><edge source='a'/></graph></graphml>", "no target"),
    (
      "<graphml><graph edgedefault='directed'><edge source='a' target='b' directed='maybe'/></graph></graphml>",
      "directed is"
    ),
    ("<graphml><key for='node' attr.name='a' attr.type='int'/></graphml>", "key has no id"),
    (
      "<graphml><key id='k' attr.name='a' attr.type='int'><default>x</default></key></graphml>",
      "not a value of type int"
    ),
    ("<graphml><graph edgedefault='directed'><data>1</data></graph></graphml>", "no key"),
  ])
  func brokenDocuments(_ text: String, _ expected: String) {
    let error = ReaderTestData.error { _ = try read(text) }
    #expect(error?.kind == .badData)
    #expect(error?.file == "t.graphml")
    #expect(error?.message.contains(expected) == true, "\(error?.description ?? "")")
    if !text.isEmpty { #expect(error?.place?.hasPrefix("line 1, column ") == true) }
  }

  @Test func errorsNameLineColumnNodeAndKey() {
    let cases: [(String, [String])] = [
      ("<node id='a'/>\n<node id='a'/>", ["\"a\" is declared twice", "line 8, column "]),
      (
        "<node id='a'/>\n\n<edge source='a' target='ghost'/>\n", ["\"ghost\", which does not exist", "line 9, column "]
      ),
      (
        "<node id='a'>\n<data key='x'>12x</data></node>",
        ["\"12x\" is not a value of type double", "line 8, column", "node \"a\"", "key \"x\""]
      ),
      ("<node id='a'>\n<data key='n'>1.5</data></node>", ["type long", "node \"a\"", "key \"count\""]),
      ("<node id='a'>\n<data key='n'>99999999999999999999</data></node>", ["type long"]),
      ("<node id='a'>\n<data key='b'>yes</data></node>", ["type boolean"]),
      (
        "<node id='a'/><edge source='a' target='a'>\n<data key='w'>?</data></edge>",
        ["edge \"a\" to \"a\", key \"weight\""]
      ),
    ]
    for (body, parts) in cases {
      let description = ReaderTestData.error { _ = try read(document("\n" + body)) }?.description ?? ""
      for part in ["t.graphml: "] + parts { #expect(description.contains(part), "\(part) in \(description)") }
    }
  }

  @Test func undeclaredKeysAndUnknownTypesAreStrings() throws {
    let graph = try read(
      document(
        "<node id='a'><data key='nope'>1</data><data key='k'>2+3i</data></node><node id='b'/>",
        keys: "\n<key id='k' for='node' attr.name='z' attr.type='complex'/>"))
    #expect(graph.nodeAttribute(named: "nope")?.text(0) == "1" && graph.nodeAttribute(named: "nope")?.text(1) == nil)
    #expect(graph.nodeAttribute(named: "z")?.text(0) == "2+3i")
    #expect(graph.warnings.map(\.line) == [2, 2])
    #expect(
      graph.warnings[0].message.contains("complex") && graph.warnings[1].message.contains("\"nope\" is not declared"))
  }

  @Test func notUTF8() {
    var bytes = Array(document("\n<node id='a'><data key='c'>?</data></node>").utf8)
    if let index = bytes.lastIndex(of: UInt8(ascii: "?")) { bytes[index] = 0xf2 }
    let error = ReaderTestData.error { _ = try GraphMLReader.read(bytes: bytes, file: "t.graphml") }
    #expect(error?.message.contains("UTF-8") == true)
    #expect(error?.place?.hasPrefix("line 7, column") == true)
  }

  /// Anywhere; between elements libxml2 itself speaks of extra content.
  @Test func aFileThatIsCutOff() throws {
    let text = document("\n<node id='a'><data key='c'>1</data></node>")
    let whole = Array(text.utf8)
    for count in 1..<whole.count - 1 {
      #expect(ReaderTestData.error { _ = try GraphMLReader.read(bytes: Array(whole.prefix(count)), file: "t") }?.kind == .badData, "\(count)")
    }
    let end = try #require(text.range(of: "</data>")).upperBound
    let error = ReaderTestData.error { _ = try read(String(text[..<end])) }
    #expect(error?.message.contains("the file ends before the document does") == true && error?.place != nil)
    #expect(ReaderTestData.error { _ = try read(text + "<more/>") }?.message.contains("Extra content") == true)
  }

  @Test func otherEncodingsAndByteOrderMark() throws {
    let latin = "<?xml version='1.0' encoding='ISO-8859-1'?>" + document("<node id='caf\u{e9}'/>")
    let graph = try GraphMLReader.read(
      bytes: latin.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }, file: "l")
    #expect(graph.nodeID(0) == "café")
    #expect(
      try GraphMLReader.read(bytes: [0xef, 0xbb, 0xbf] + Array(latin.dropFirst(43).utf8), file: "b").nodeCount == 1)
    let wide = try #require(
      ("<?xml version='1.0' encoding='UTF-16'?>" + document("<node id='é'/>")).data(using: .utf16))
    #expect(try GraphMLReader.read(bytes: [UInt8](wide), file: "w").nodeID(0) == "é")
  }

  @Test func entitiesAndOutsideFilesAreRefused() throws {
    var laughs = "<!DOCTYPE graphml [<!ENTITY a0 'ha'>"
    for level in 1...30 { laughs += "<!ENTITY a\(level) '\(String(repeating: "&a\(level - 1);", count: 10))'>" }
    let bomb = laughs + "]>" + document("<node id='&a30;'/>")
    #expect(ReaderTestData.error { _ = try read(bomb) }?.message.contains("entity") == true)
    let outside =
      "<!DOCTYPE graphml [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
      + document("<node id='a'><data key='c'>&x;</data></node>")
    #expect(ReaderTestData.error { _ = try read(outside) }?.message.contains("entity") == true)
    #expect(
      ReaderTestData.error { _ = try read(document("<node id='a'><data key='c'>&nothing;</data></node>")) } != nil)
    // An external parameter entity must not be fetched either.
    let parameter = "<!DOCTYPE graphml [<!ENTITY % p SYSTEM 'file:///etc/passwd'>%p;]>" + document("<node id='a'/>")
    #expect(ReaderTestData.error { _ = try read(parameter) } != nil)
    // A DTD that is only named is neither read nor missed, but nothing of it may be used.
    let named = "<!DOCTYPE graphml SYSTEM 'http://127.0.0.1:9/graphml.dtd'>"
    #expect(try read(named + document("<node id='a'/>")).nodeCount == 1)
    #expect(ReaderTestData.error { _ = try read(named + document("<node id='&gone;'/>")) } != nil)
    let deep = document(String(repeating: "<node id='a'><graph>", count: 50_000))
    #expect(ReaderTestData.error { _ = try read(deep) } != nil)
  }

  @Test func missingFileAndFolder() {
    #expect(ReaderTestData.error { _ = try GraphMLReader.read(path: "/nonexistent.graphml") }?.kind == .missingInput)
    #expect(ReaderTestData.error { _ = try GraphMLReader.read(path: "/") }?.kind == .inputOutput)
  }

  @Test func chunksMayCutAnywhere() throws {
    // Long enough for several chunks, so that tags and multi-byte characters fall on their edges.
    let nodes = 30_000
    let body = (0..<nodes).map {
      "<node id='né\($0)'><data key='n'>\($0)</data><data key='c'>ü\($0 % 7)</data></node>\n"
    }.joined()
    let graph = try read(document(body))
    #expect(graph.nodeCount == nodes)
    #expect(graph.nodeAttribute(named: "count")?.integers == (0..<Int64(nodes)).map { $0 })
    #expect(graph.nodeAttribute(named: "label")?.strings.count == 7)
    #expect(graph.nodeID(nodes - 1) == "né\(nodes - 1)")
  }

  @Test func damagedDocumentsNeverCrash() {
    let text = document(
      """
      <node id='a'><data key='x'>1.5</data><data key='c'>p</data><data key='s'>train</data></node>
      <node id='b'><data key='b'>true</data><data key='c'>q</data></node><edge source='a' target='b'><data key='w'>2</data></edge>
      """)
    let bytes = Array(text.utf8)
    let result = ReaderTestData.fuzz(bytes, cuts: bytes.count, flips: 3000) {
      _ = try GraphMLReader.read(bytes: $0, file: "f").nodeGraph()
    }
    #expect(result.failed > bytes.count)
    #expect(result.failed < result.total)
  }
}
