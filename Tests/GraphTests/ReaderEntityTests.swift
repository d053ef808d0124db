import Foundation
import Graph
import GraphXML
import PluginAPI
import Testing

/// Entities that a document declares: short and plain text is read, all else refused.
@Suite("Entities of graph files")
struct ReaderEntityTests {
  private static let key = "<key id='k' for='node' attr.name='k' attr.type='string'/>"

  private func graphml(_ declarations: String, _ body: String) -> String {
    "<!DOCTYPE graphml [\(declarations)]><graphml>\(Self.key)<graph edgedefault='directed'>\(body)</graph></graphml>"
  }

  private func read(_ text: String) throws -> AttributedGraph {
    try GraphFileReader.read(bytes: Array(text.utf8), file: "e")
  }

  @Test func plainTextIsRead() throws {
    let graph = try read(
      graphml(
        "<!ENTITY x 'né &#65;&#x263a;'><!ENTITY empty ''><!ENTITY never 'used'><!ENTITY x 'the first counts'>",
        "<node id='&x;&empty;2'><data key='k'>a&x;b &x;&empty;<![CDATA[&x;]]>&amp;&lt;&#33;</data></node>"))
    #expect(graph.nodeID(0) == "né A☺2")
    #expect(graph.nodeAttributes[0].text(0) == "ané A☺b né A☺&x;&<!")
    // The other formats go the same way.
    let gexf = "<!DOCTYPE gexf [<!ENTITY x 'n'>]><gexf><graph><nodes><node id='&x;1' label='&x;'/></nodes></graph></gexf>"
    #expect(try read(gexf).nodeID(0) == "n1")
    let gxl = "<!DOCTYPE gxl SYSTEM 'gxl.dtd' [<!ENTITY x '1.5'>]><gxl><graph id='g'><node id='&x;'><attr name='a'><float>&x;</float></attr></node></graph></gxl>"
    let read = try read(gxl)
    #expect(read.nodeID(0) == "1.5" && read.nodeAttributes[0].reals == [1.5])
  }

  /// However the bytes come in.
  @Test(arguments: [1, 7, 100]) func inPieces(_ size: Int) throws {
    let text = Array(graphml("<!ENTITY x 'value'>", "<node id='&x;'><data key='k'>&x;&x;</data></node>").utf8)
    let reader = try #require(basin_graph_xml_create())
    defer { basin_graph_xml_destroy(reader) }
    var isFine = basin_graph_xml_begin(reader, BASIN_GRAPH_ANY, true)
    for start in stride(from: 0, to: text.count, by: size) where isFine {
      let piece = Array(text[start..<min(start + size, text.count)])
      isFine = basin_graph_xml_feed(reader, piece, piece.count)
    }
    #expect(isFine && basin_graph_xml_end(reader) && basin_graph_xml_finish(reader))
    let strings = basin_graph_xml_column(reader, Int32(BASIN_GRAPH_NODES), 0).strings
    #expect(strings.count == 1 && String(decoding: UnsafeBufferPointer(start: strings.bytes, count: 10), as: UTF8.self) == "valuevalue")
  }

  /// Documents may declare what XML knows anyway.
  @Test func predefinedOnesMayBeDeclared() throws {
    let graph = try read(graphml("<!ENTITY lt '&#38;#60;'><!ENTITY amp '&#38;#38;'><!ENTITY gt '&#62;'>", "<node id='&lt;&amp;&gt;'/>"))
    #expect(graph.nodeID(0) == "<&>")
  }

  @Test(arguments: [
    ("<!ENTITY x '<node id=\"b\"/>'>", "<node id='a'/>&x;", "markup"),
    ("<!ENTITY y 'z'><!ENTITY x 'a &y; b'>", "<node id='&x;'/>", "other entities"),
    ("<!ENTITY x '&#38;#60;'>", "<node id='&x;'/>", "markup"),
    ("<!ENTITY x SYSTEM 'file:///etc/passwd'>", "<node id='a'><data key='k'>&x;</data></node>", "outside the document"),
    ("<!ENTITY x PUBLIC 'p' 'http://127.0.0.1:9/'>", "<node id='a'/>", "outside the document"),
    ("<!NOTATION n SYSTEM 'n'><!ENTITY x SYSTEM 'x.gif' NDATA n>", "<node id='&x;'/>", "x"),
    ("<!ENTITY % x 'y'>", "<node id='a'/>", "parameter entity"),
    ("<!ENTITY % x SYSTEM 'file:///etc/passwd'>%x;", "<node id='a'/>", "parameter entity"),
    ("", "<node id='&x;'/>", "x"),
    ("", "<node id='a'><data key='k'>&x;</data></node>", "x"),
    ("<!ENTITY x '" + String(repeating: "x", count: 10_001) + "'>", "<node id='a'/>", "10000 bytes"),
  ]) func othersAreRefused(_ declaration: String, _ body: String, _ words: String) throws {
    let error = ReaderTestData.error { _ = try read(graphml(declaration, body)) }
    #expect(error?.kind == .badData && error?.message.contains(words) == true && error?.place?.hasPrefix("line 1") == true)
    // A DTD that is named and not read may have declared it: still nothing vanishes.
    let named = "<!DOCTYPE graphml SYSTEM 'd.dtd' [" + graphml(declaration, body).dropFirst(19)
    #expect(ReaderTestData.error { _ = try read(named) }?.kind == .badData)
  }
}
