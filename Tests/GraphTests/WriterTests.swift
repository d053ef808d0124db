import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Writers of graph files")
struct WriterTests {
  private func path(_ name: String) -> String { NSTemporaryDirectory() + UUID().uuidString + name }

  static let document = """
    <graphml><key id='x' for='node' attr.name='x' attr.type='double'/><key id='n' for='node' attr.name='n' attr.type='long'/>
    <key id='i' for='node' attr.name='i' attr.type='int'/><key id='b' for='node' attr.name='b' attr.type='boolean'/>
    <key id='s' for='node' attr.name='a &lt;name&gt;' attr.type='string'/><key id='l' for='node' attr.name='l' attr.type='string' attr.list='double'/>
    <key id='e' for='node' attr.name='nowhere' attr.type='string'/><key id='w' for='edge' attr.name='weight' attr.type='double'/>
    <key id='t' for='edge' attr.name='kind' attr.type='string'/>
    <graph id='g &amp; h' edgedefault='directed'><node id='a&#10;b&#13;'><data key='x'>0.1</data><data key='n'>-9223372036854775808</data>
    <data key='s'> &lt;&amp;"'&#13; two  blanks&#9;</data></node><node id=''><data key='x'>-INF</data><data key='i'>5000000000</data>
    <data key='b'>true</data><data key='l'>[1, 2.5]</data></node><node id='日本'><data key='x'>NaN</data><data key='s'></data></node>
    <node id='viz'><data key='x'>5e-324</data><data key='x'>1.7976931348623157e308</data></node>
    <edge source='' target='日本'><data key='w'>0.30000000000000004</data></edge><edge source='' target='日本' directed='false'>
    <data key='t'>k</data></edge><edge source='viz' target='viz'/></graph></graphml>
    """

  private func graph() throws -> AttributedGraph {
    try GraphFileReader.read(bytes: Array(Self.document.utf8), file: "d")
  }

  @Test(arguments: [".graphml", ".graphml.gz", ".gexf", ".gexf.gz"])
  func whatIsWrittenReadsTheSame(_ end: String) throws {
    let graph = try graph()
    let target = path(end)
    defer { unlink(target) }
    if end.contains("gexf") {
      try GEXFWriter.write(graph, to: target)
    } else {
      try GraphMLWriter.write(graph, to: target)
    }
    let bytes = try ReaderTestData.bytes(target)
    #expect((bytes[0] == 0x1f) == end.hasSuffix("gz"))
    let again = try GraphFileReader.read(path: target)
    // `i` holds a number over 32 bits: it is declared as what it is.
    #expect(
      again.nodeAttribute(named: "i")?.type == .long && again.nodeAttribute(named: "i")?.integers[1] == 5_000_000_000)
    try GraphMLWriter.write(again, to: target)
    let third = try GraphFileReader.read(path: target)
    #expect(third == again)
    for name in ["x", "n", "b", "a <name>", "l", "nowhere"] {
      let (old, new) = (try #require(graph.nodeAttribute(named: name)), try #require(again.nodeAttribute(named: name)))
      #expect(old.type == new.type && old.itemType == new.itemType, "\(name)")
      #expect((0..<4).map { old.text($0) } == (0..<4).map { new.text($0) }, "\(name)")
    }
    #expect((0..<4).map { graph.nodeID($0) } == (0..<4).map { again.nodeID($0) })
    #expect(
      again.edgeIsDirected == [true, false, true] && again.sources == graph.sources && again.targets == graph.targets)
    #expect(again.edgeAttributes.first { $0.name == "weight" }?.reals == [0.30000000000000004, 0, 0])
    #expect(again.edgeAttributes.first { $0.name == "kind" }?.text(1) == "k")
  }

  @Test func equalityNotices() throws {
    let graph = try graph()
    for (old, new) in [
      ("0.1<", "0.2<"), ("directed='false'", ""), ("two", "three"), ("'x' attr.type='double'", "'x' attr.type='float'"),
      ("日本", "x"), ("source='viz'", "source=''"), ("<data key='b'>true</data>", ""), ("g &amp; h", "g"),
      ("attr.list='double'", ""),
    ] {
      let text = Self.document.replacingOccurrences(of: old, with: new)
      #expect(text != Self.document)
      #expect(try GraphFileReader.read(bytes: Array(text.utf8), file: "d") != graph, "\(old)")
    }
    #expect(graph == graph)
  }

  @Test func drawingsGoBackAsDrawings() throws {
    let text = ReaderGEXFTests.document(
      "<nodes><node id='a' label='A' start='1'><viz:position x='1' y='2' z='3'/><viz:size value='4'/><viz:color hex='#00ff00'/><viz:shape value='disc'/></node><node id='b'/></nodes><edges><edge source='a' target='b' weight='2' label='l' kind='k'><viz:thickness value='2'/></edge></edges>"
    )
    let graph = try GraphFileReader.read(bytes: Array(text.utf8), file: "d")
    let target = path(".gexf")
    defer { unlink(target) }
    #expect(try GEXFWriter.write(graph, to: target).isEmpty)
    #expect(try GraphFileReader.read(path: target) == graph)
    let written = String(decoding: try ReaderTestData.bytes(target), as: UTF8.self)
    for part in [
      "<viz:position x=\"1.0\" y=\"2.0\" z=\"3.0\"/>", "label=\"A\"", "weight=\"2.0\"",
      "<viz:color r=\"0\" g=\"255\" b=\"0\" hex=\"#00ff00\"/>",
      "<viz:thickness value=\"2.0\"/>",
    ] {
      #expect(written.contains(part), "\(part)")
    }
    #expect(!written.contains("attvalue"))
  }

  private func collection() throws -> GraphCollection {
    var collection = GraphCollection(
      file: "c", nodePointers: [0, 2, 3, 3], edgePointers: [0, 1, 2, 2], sources: [0, 2], targets: [1, 2],
      nodeAttributes: [AttributeColumn(name: "x", reals: [1, 2, 3])],
      graphAttributes: [AttributeColumn(name: "y", integers: [7, 8, 9], isPresent: [true, false, true])],
      graphNames: ["a.gxl", "b.gxl", "c.gxl"], labels: [1, 0, -1], classNames: ["p", "q"], trainIndices: [0],
      testIndices: [1, 2])
    try collection.validate()
    collection.edgeIsDirected = [false, true]
    return collection
  }

  @Test func collections() throws {
    let collection = try collection()
    let target = path(".graphml")
    defer { unlink(target) }
    #expect(try GraphConversion.write(collection, to: target).files == [target])
    // Two graphs of two classes do not look like classes: they have to be named.
    var named = GraphMapping.Graphs()
    named.labelAttribute = "class"
    let again = try GraphCollectionReader.read(path: target).mapped(named)
    var expected = collection
    expected.graphAttributes = again.graphAttributes
    #expect(again == expected)
    #expect(again.graphAttribute(named: "y")?.integers == [7, 0, 9])
    #expect(ReaderTestData.error { _ = try GraphConversion.write(collection, to: path(".gexf")) }?.kind == .usage)
    #expect(ReaderTestData.error { _ = try GraphConversion.write(collection, to: path(".txt")) }?.kind == .usage)
    #expect(
      ReaderTestData.error { _ = try GraphConversion.write(collection, to: "/proc/none/x.graphml") }?.kind
        == .cannotCreate)
  }

  @Test(arguments: [GraphFileFormat.graphml, .gexf])
  func folders(_ format: GraphFileFormat) throws {
    let collection = try collection()
    let folder = path("") + "/"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let outcome = try GraphConversion.write(collection, to: folder, format: format)
    #expect(outcome.files.count == 5 && outcome.warnings.count == (format == .gexf ? 1 : 0))
    let again = try GraphCollectionReader.read(path: folder)
    #expect(again.graphNames == ["a", "b", "c"].map { "\($0).\(format.rawValue)" })
    #expect(again.labels == [1, 0, -1] && again.trainIndices == [0] && again.testIndices == [1, 2])
    #expect(
      again.sources == [0, 2] && again.edgeIsDirected == [false, true] && again.nodeAttributes[0].reals == [1, 2, 3])
    #expect((0..<3).map { again.nodeID($0) } == ["0", "1", "0"])
    let back = path(".graphml")
    defer { unlink(back) }
    #expect(try GraphConversion.convert(from: folder, to: back).graphs == 3)
    var named = GraphMapping.Graphs()
    named.labelAttribute = "class"
    #expect(try GraphCollectionReader.read(path: back).mapped(named).labels == [1, 0, -1])
  }

  @Test func textsThatXMLCannotHold() throws {
    let collection = GraphCollection(
      file: "c", nodePointers: [0, 1], edgePointers: [0, 0],
      nodeAttributes: [AttributeColumn(name: "s", strings: ["a\u{1}"])])
    let target = path(".graphml")
    let error = ReaderTestData.error { try GraphMLWriter.write(collection, to: target) }
    #expect(error?.kind == .badData && error?.place == "attribute `s`")
    // Nothing half-written stays.
    let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
    let name = URL(fileURLWithPath: target).lastPathComponent
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasPrefix(name) })
  }

  @Test func nodeTasksComeBack() throws {
    let graph = try NodeGraph(
      nodeCount: 4, sources: [0, 1], targets: [1, 1], isDirected: true,
      features: SparseMatrix(
        rows: 4, columns: 12, rowPointers: [0, 2, 2, 3, 3], columnIndices: [1, 11, 0], values: [1, 0.1, -3e-30]),
      labels: [10, 2, -1, 0], classNames: (0..<11).map { String($0) }, trainIndices: [0], validationIndices: [1],
      testIndices: [3])
    let target = path(".graphml")
    defer { unlink(target) }
    try GraphMLWriter.write(AttributedGraph(graph, file: "n"), to: target)
    let again = try GraphFileReader.read(path: target).nodeGraph(NodeGraphOptions(labelAttribute: "label"))
    #expect(again.features == graph.features && again.isDirected)
    #expect(
      again.labels.map { $0 < 0 ? "" : again.classNames[Int($0)] } == graph.labels.map { $0 < 0 ? "" : String($0) })
    #expect(again.trainIndices == [0] && again.validationIndices == [1] && again.testIndices == [3])
  }

  @Test(.enabled(if: ReaderTestData.isPresent), arguments: ["cora", "citeseer"]) func planetoid(_ name: String) throws {
    let root = try #require(ReaderTestData.root)
    let target = path(".graphml.gz")
    defer { unlink(target) }
    let outcome = try GraphConversion.convert(from: "\(root)/planetoid/\(name)", to: target)
    let old = try Planetoid.read(name, dataRoot: root)
    let new = try GraphFileReader.read(path: target).nodeGraph()
    #expect(outcome.nodes == old.nodeCount && new.features == old.features && new.labels == old.labels)
    #expect(outcome.edges == new.edgeCount && 2 * new.edgeCount < old.edgeCount + 500 && !new.isDirected)
    for loops in [true, false] {
      #expect(new.symmetricAdjacency(keepingSelfLoops: loops) == old.symmetricAdjacency(keepingSelfLoops: loops))
    }
    #expect(new.trainIndices == old.trainIndices && new.testIndices == old.testIndices)
  }

  @Test(.enabled(if: ReaderTestData.isPresent)) func publishedFilesRoundTrip() throws {
    let folder = (ReaderTestData.root ?? "") + "/xml/"
    let walk = FileManager.default.enumerator(atPath: folder)
    let target = path(".graphml")
    let gephi = path(".gexf")
    defer {
      unlink(target)
      unlink(gephi)
    }
    var count = 0
    while let name = walk?.nextObject() as? String {
      guard let graph = try? GraphFileReader.read(path: folder + name), graph.graphCount == 1 else { continue }
      count += 1
      try GraphMLWriter.write(graph, to: target)
      #expect(try GraphFileReader.read(path: target) == graph, "\(name)")
      try GEXFWriter.write(graph, to: gephi)
      let again = try GraphFileReader.read(path: gephi)
      #expect(
        again.sources == graph.sources && again.targets == graph.targets && again.nodeCount == graph.nodeCount,
        "\(name)")
      #expect(again.nodeAttributes.map(\.name).sorted() == graph.nodeAttributes.map(\.name).sorted(), "\(name)")
    }
    #expect(count > 60)
  }
}
