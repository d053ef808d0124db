import Foundation
import FoundationXML
import Graph
import PluginAPI
import Testing

/// Reads the plain parts of the three formats into dictionaries by Foundation's parser: the twin of the packed readers.
private final class PlainReader: NSObject, XMLParserDelegate {
  var nodes: [String] = []
  var edges: [[String]] = []
  /// Of node n or edge e: attribute and text.
  var nodeData: [[String: String]] = []
  var edgeData: [[String: String]] = []
  private var keyNames: [String: String] = [:]
  private var text = ""
  private var name: String?
  /// The nodes, edges and graphs that are open.
  private var owners: [String] = []

  init(_ document: Data) {
    super.init()
    let parser = XMLParser(data: document)
    parser.delegate = self
    _ = parser.parse()
  }

  func parser(
    _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    text = ""
    if ["node", "edge", "graph"].contains(element) { owners.append(element) }
    switch element {
    case "node":
      nodes.append(attributes["id"] ?? "")
      nodeData.append([:])
    case "edge":
      edges.append([attributes["source"] ?? attributes["from"] ?? "", attributes["target"] ?? attributes["to"] ?? ""])
      edgeData.append([:])
    case "key", "attribute":
      // One id may stand for an attribute of nodes and for one of edges: the test names them apart.
      keyNames[attributes["id"] ?? ""] = attributes["attr.name"] ?? attributes["title"]
    case "data": name = attributes["key"].map { keyNames[$0] ?? $0 }
    case "attr": name = attributes["name"]
    case "attvalue": store(keyNames[attributes["for"] ?? ""], attributes["value"] ?? "")
    default: break
    }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

  func parser(
    _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
  ) {
    if ["data", "string", "int", "float", "bool"].contains(element), let name { store(name, text) }
    if owners.last == element { owners.removeLast() }
  }

  private func store(_ name: String?, _ text: String) {
    guard let name else { return }
    if owners.last == "edge" { edgeData[edges.count - 1][name] = text }
    if owners.last == "node" { nodeData[nodes.count - 1][name] = text }
  }
}

@Suite("Packed readers against plain ones")
struct ReaderTwinTests {
  /// A document of random shape: ids of all lengths, shared prefixes, escapes, edges before nodes.
  private func document(_ format: GraphFileFormat, seed: UInt64) -> String {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    let alphabet = ["a", "b", "0", "é", "&amp;", "&#x20AC;", "n", "_", "日"]
    var ids: [String] = []
    var seen: Set<String> = []
    for _ in 0..<(1 + next(200)) {
      let id = (0..<next(14)).map { _ in alphabet[next(alphabet.count)] }.joined()
      if seen.insert(id).inserted { ids.append(id) }
    }
    if ids.isEmpty { ids = ["x"] }
    let numbers = ["0.1", "-3", "1e-7", "123456789.125", "4503599627370497.5", "0.30000000000000004"]
    func value(_ name: String) -> String {
      let text =
        name == "s" ? (0..<next(5)).map { _ in alphabet[next(alphabet.count)] }.joined() : numbers[next(numbers.count)]
      switch format {
      case .graphml: return "<data key='\(name)'>\(text)</data>"
      case .gexf: return "<attvalue for='\(name)' value='\(text)'/>"
      case .gxl:
        return "<attr name='\(name)'>" + (name == "s" ? "<string>\(text)</string>" : "<float>\(text)</float>")
          + "</attr>"
      }
    }
    func values(_ names: [String]) -> String { names.filter { _ in next(3) > 0 }.map(value).joined() }
    let nodes = ids.map { "<node id='\($0)'>\(values(["s", "x"]))</node>\n" }
    let (from, to) = format == .gxl ? ("from", "to") : ("source", "target")
    let edges = (0..<next(400)).map { _ in
      "<edge \(from)='\(ids[next(ids.count)])' \(to)='\(ids[next(ids.count)])'>\(values(["w"]))</edge>"
    }
    let isLate = next(2) == 0
    switch format {
    case .graphml:
      let keys =
        "<key id='s' for='node' attr.name='s' attr.type='string'/><key id='x' for='node' attr.name='x' attr.type='double'/>"
        + "<key id='w' for='edge' attr.name='w' attr.type='double'/>"
      let body = isLate ? edges + nodes : nodes + edges
      return "<graphml>\(keys)<graph edgedefault='directed'>\(body.joined())</graph></graphml>"
    case .gexf:
      let keys =
        "<attributes class='node'><attribute id='s' title='s' type='string'/><attribute id='x' title='x' type='double'/></attributes>"
        + "<attributes class='edge'><attribute id='w' title='w' type='double'/></attributes>"
      let (first, second) = ("<nodes>\(nodes.joined())</nodes>", "<edges>\(edges.joined())</edges>")
      return "<gexf><graph defaultedgetype='directed'>\(keys)\(isLate ? second + first : first + second)</graph></gexf>"
    case .gxl:
      let body = isLate ? edges + nodes : nodes + edges
      return "<gxl><graph id='g' edgemode='directed'>\(body.joined())</graph></gxl>"
    }
  }

  private func expectSame(_ graph: AttributedGraph, _ plain: PlainReader, _ label: String) {
    #expect((0..<graph.nodeCount).map { graph.nodeID($0) } == plain.nodes, "\(label)")
    let ends = (0..<graph.edgeCount).map {
      [graph.nodeID(Int(graph.sources[$0])), graph.nodeID(Int(graph.targets[$0]))]
    }
    #expect(ends == plain.edges, "\(label)")
    for (columns, data) in [(graph.nodeAttributes, plain.nodeData), (graph.edgeAttributes, plain.edgeData)] {
      for column in columns {
        for (element, texts) in data.enumerated() {
          switch column.type {
          case .string: #expect(column.text(element) == texts[column.name], "\(label)")
          default: #expect(column.number(element) == texts[column.name].flatMap { Double($0) }, "\(label)")
          }
        }
      }
      let present = columns.reduce(0) { $0 + $1.isPresent.count { $0 } }
      #expect(present == data.reduce(0) { $0 + $1.count }, "\(label)")
    }
  }

  @Test(arguments: GraphFileFormat.allCases) func randomDocuments(_ format: GraphFileFormat) throws {
    for seed in 1...60 {
      let text = document(format, seed: UInt64(seed))
      let graph = try GraphFileReader.read(bytes: Array(text.utf8), file: "r")
      expectSame(graph, PlainReader(Data(text.utf8)), "\(format) \(seed)")
    }
  }

  @Test(
    .enabled(if: ReaderTestData.isPresent),
    arguments: [
      "graphml/social/got-network.graphml", "graphml/tinkerpop/grateful-dead.xml",
      "graphml/topology-zoo-samples/Kdl.graphml",
      "graphml/complexnetworks/airlines.graphml", "gxl/samples/f0001_01.gxl", "gxl/samples/AP1_0000.gxl",
    ])
  func publishedFiles(_ name: String) throws {
    let path = (ReaderTestData.root ?? "") + "/xml/" + name
    let plain = PlainReader(Data(try ReaderTestData.bytes(path)))
    expectSame(try GraphFileReader.read(path: path), plain, name)
  }

  @Test func numbersAreThoseOfStrtod() throws {
    var state: UInt64 = 88_172_645_463_325_252
    func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
    var texts: [String] = []
    for _ in 0..<20_000 {
      texts.append(Double(bitPattern: next()).description)
      texts.append("\(next() % 1_000_000).\(next())")
      texts.append("-\(next())e\(Int(next() % 700) - 350)")
      texts.append("\(next())\(next()).\(next() % 1000)E+\(next() % 20)")
      texts.append("0.\(String(repeating: "0", count: Int(next() % 30)))\(next() % 100_000)")
    }
    let finite = texts.filter { !$0.contains("n") }
    let body = finite.enumerated().map { "<node id='\($0)'><data key='x'>\($1)</data></node>" }.joined()
    let text =
      "<graphml><key id='x' for='node' attr.name='x' attr.type='double'/><graph edgedefault='directed'>\(body)</graph></graphml>"
    let reals = try #require(
      try GraphFileReader.read(bytes: Array(text.utf8), file: "n").nodeAttribute(named: "x")?.reals)
    #expect(finite.count > 90_000)
    let wrong = zip(finite, reals).filter { strtod($0, nil).bitPattern != $1.bitPattern }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test func aCommaOfTheLocaleChangesNothing() throws {
    // Whatever locale the machine has: a decimal point is a point.
    for name in ["de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C"] { if setlocale(LC_ALL, name) != nil { break } }
    defer { setlocale(LC_ALL, "C") }
    let text = "<gxl><graph id='g'><node id='a'><attr name='x'><float>1.5</float></attr></node></graph></gxl>"
    #expect(try GraphFileReader.read(bytes: Array(text.utf8), file: "l").nodeAttribute(named: "x")?.reals == [1.5])
  }
}
