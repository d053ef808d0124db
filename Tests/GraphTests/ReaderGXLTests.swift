import Foundation
import Graph
import PluginAPI
import Testing

@Suite("GXL reader")
struct ReaderGXLTests {
  private func read(_ text: String) throws -> AttributedGraph {
    try GraphFileReader.read(bytes: Array(text.utf8), file: "t.gxl", format: .gxl)
  }

  private func graph(_ body: String, mode: String = " edgemode='undirected'") -> String {
    "<?xml version='1.0'?><!DOCTYPE gxl SYSTEM 'http://127.0.0.1:9/gxl-1.0.dtd'><gxl xmlns:xlink='http://www.w3.org/1999/xlink'>"
      + "<graph id='g'\(mode)>\(body)</graph></gxl>"
  }

  @Test func valuesSayTheirType() throws {
    let result = try read(
      graph(
        """
        <node id='_0'><type xlink:href='s.gxl#Atom'/><attr name='symbol'><string>C  </string></attr><attr name='x'><float>1.5</float>
        </attr><attr name='n'> <int>7</int> </attr><attr name='b'><bool>true</bool></attr></node>
        <node id='_1'><attr name='x'><Double>2</Double></attr><attr name='l'><seq><int>1</int><int>2</int></seq></attr></node>
        <edge from='_0' to='_1' id='e'><attr name='valence'><int>1</int></attr></edge><attr name='class'><enum>A</enum></attr>
        <edge from='_1' to='_0' isdirected='true'/>
        """))
    #expect(result.nodeCount == 2 && result.edgeCount == 2 && !result.isDirected)
    #expect(result.nodeAttribute(named: "symbol")?.text(0) == "C")
    #expect(result.nodeAttribute(named: "x")?.reals == [1.5, 2])
    #expect(
      result.nodeAttribute(named: "n")?.integers == [7, 0]
        && result.nodeAttribute(named: "n")?.isPresent == [true, false])
    #expect(result.nodeAttribute(named: "b")?.booleans == [true, false])
    #expect(
      result.nodeAttribute(named: "l")?.items(1) == ["1", "2"] && result.nodeAttribute(named: "l")?.itemType == .int)
    #expect(result.nodeAttribute(named: "type")?.text(0) == "s.gxl#Atom")
    #expect(result.edgeAttributes[0].integers == [1, 0] && result.graphAttributes[0].text(0) == "A")
    #expect(result.edgeIsDirected == [false, true])
  }

  @Test func typesThatDiffer() throws {
    let result = try read(
      graph(
        """
        <node id='a'><attr name='v'><int>3</int></attr><attr name='w'><int>3</int></attr><attr name='u'><bool>true</bool></attr></node>
        <node id='b'><attr name='v'><float>0.5</float></attr><attr name='w'><string>x</string></attr><attr name='u'><int>1</int></attr></node>
        <node id='c'><attr name='v'><int>4</int></attr><attr name='w'><float>2.5</float></attr></node>
        """))
    #expect(result.nodeAttribute(named: "v")?.reals == [3, 0.5, 4])
    #expect(result.nodeAttribute(named: "w").map { column in (0..<3).map { column.text($0) } } == ["3", "x", "2.5"])
    #expect(result.nodeAttribute(named: "u").map { column in (0..<3).map { column.text($0) } } == ["true", "1", nil])
    #expect(result.warnings.count == 3 && result.warnings.allSatisfy { $0.message.contains("different types") })
  }

  @Test func hyperedgesAndNestedGraphsAreReported() throws {
    let result = try read(
      graph(
        """
        <node id='a'><graph id='inner'><node id='b'/></graph></node><rel><relend target='a'/></rel><rel/>
        <edge from='a' to='b' fromorder='1'/>
        """, mode: ""))
    #expect(result.nodeCount == 2 && result.isDirected)
    let messages = result.warnings.map(\.message).joined(separator: "|")
    for part in ["<rel> joins several nodes; it is left out (2 times)", "nested", "fromorder"] {
      #expect(messages.contains(part), "\(part) in \(messages)")
    }
  }

  @Test(arguments: [
    ("<node/>", "no id"), ("<edge from='a'/>", "no to"), ("<edge from='a' to='b'/>", "does not exist"),
    ("<node id='a'><attr><int>1</int></attr></node>", "no name"),
    ("<node id='a'><attr name='x'><int>1.5</int></attr></node>", "type int"),
    ("<node id='a'/><node id='a'/>", "declared twice"),
  ])
  func brokenDocuments(_ body: String, _ expected: String) {
    let error = ReaderTestData.error { _ = try read(graph(body)) }
    #expect(error?.kind == .badData && error?.message.contains(expected) == true, "\(error?.description ?? "")")
    #expect(error?.place?.hasPrefix("line 1, column ") == true)
  }

  @Test func damagedDocumentsNeverCrash() {
    let bytes = Array(
      graph(
        "<node id='a'><attr name='x'><float>1</float></attr><attr name='l'><set><string>p</string></set></attr></node><edge from='a' to='a'/>"
      ).utf8)
    let result = ReaderTestData.fuzz(bytes, cuts: bytes.count, flips: 3000) {
      _ = try GraphFileReader.read(bytes: $0, file: "f").nodeGraph()
    }
    #expect(result.failed > bytes.count && result.failed < result.total)
  }
}
