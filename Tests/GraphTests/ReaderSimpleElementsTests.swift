import Foundation
import GraphXML
import Testing

/// The short way for simple elements against libxml2 alone: the same arrays, warnings and errors, with their places.
@Suite("Simple elements of graph files")
struct ReaderSimpleElementsTests {
  /// All that a caller gets of a document that comes in pieces.
  private func read(_ bytes: [UInt8], piece: Int, isPlain: Bool, onlyFirst: Bool = false) throws -> [String] {
    let reader = try #require(basin_graph_xml_create())
    defer { basin_graph_xml_destroy(reader) }
    if isPlain { basin_graph_xml_use_libxml2_alone(reader) }
    var isFine = basin_graph_xml_begin(reader, BASIN_GRAPH_ANY, onlyFirst)
    var start = 0
    while start < bytes.count, isFine {
      let count = min(piece, bytes.count - start)
      isFine = bytes.withUnsafeBytes { basin_graph_xml_feed(reader, $0.baseAddress.map { $0 + start }, count) }
      start += count
    }
    guard isFine, basin_graph_xml_end(reader), basin_graph_xml_finish(reader) else {
      let failure = basin_graph_xml_failure(reader)
      let message = String(cString: failure.message)
      // Which of its faults a broken document is refused for depends on how many bytes libxml2 has been given.
      if message.hasPrefix("not well-formed XML") { return ["not well-formed"] }
      return ["failed", message, failure.detail.map { String(cString: $0) } ?? "", "\(failure.line):\(failure.column)"]
    }
    let packing = basin_graph_xml_packing(reader)
    var text = ["\(packing)".replacingOccurrences(of: "0x[0-9a-f]*", with: "", options: .regularExpression)]
    func add<T>(_ values: UnsafePointer<T>?, _ count: Int64) {
      text.append(values.map { Array(UnsafeBufferPointer(start: $0, count: Int(count))).description } ?? "nil")
    }
    func add(_ strings: BasinGraphStrings) {
      add(strings.ends, strings.count)
      add(strings.bytes, strings.count > 0 ? strings.ends[Int(strings.count) - 1] : 0)
    }
    add(packing.node_pointers, packing.graphs + 1)
    add(packing.edge_pointers, packing.graphs + 1)
    add(packing.sources, packing.edges)
    add(packing.targets, packing.edges)
    add(packing.edge_is_directed, packing.edge_is_directed == nil ? 0 : packing.edges)
    add(packing.identifiers)
    add(packing.identifier_of_node, packing.nodes)
    add(packing.graph_names)
    for (domain, count) in [packing.columns.0, packing.columns.1, packing.columns.2].enumerated() {
      for index in 0..<count {
        let column = basin_graph_xml_column(reader, Int32(domain), index)
        text += [String(cString: column.id), String(cString: column.name), "\(column.type) \(column.item_type)"]
        switch UInt32(column.type) {
        case BASIN_ATTRIBUTE_INT.rawValue, BASIN_ATTRIBUTE_LONG.rawValue: add(column.integers, column.count)
        case BASIN_ATTRIBUTE_BOOLEAN.rawValue: add(column.booleans, column.count)
        case BASIN_ATTRIBUTE_STRING.rawValue:
          add(column.codes, column.count)
          add(column.strings)
        default: add(column.reals, column.count)
        }
        add(column.is_present, column.count)
        text.append("\(column.non_finite_element) \(column.non_finite_line):\(column.non_finite_column)")
      }
    }
    for index in 0..<basin_graph_xml_warning_count(reader) {
      let warning = basin_graph_xml_warning(reader, index)
      text.append("\(String(cString: warning.message)) \(warning.line):\(warning.column)")
    }
    return text
  }

  private func compare(_ bytes: [UInt8], _ name: String, pieces: [Int]) throws {
    for piece in pieces {
      for onlyFirst in [false, true] {
        let found = try read(bytes, piece: piece, isPlain: false, onlyFirst: onlyFirst)
        let expected = try read(bytes, piece: piece, isPlain: true, onlyFirst: onlyFirst)
        #expect(found == expected, "\(name) in pieces of \(piece)")
      }
    }
  }

  private static let key = "<key id='k' for='all' attr.name='k' attr.type='string'/><key id='d' for='all' attr.name='d' attr.type='double'/>"

  /// Each is put between simple elements.
  static let bodies = [
    "<node id='b'/>", "<node\n id = 'b' />", "<node id='b'\t></node >", "<node id=\"b'c\"/><node id='b\"c'/>", "<node id='b' id='c'/>",
    "<node id='b' xmlns='other'><data key='k'>v</data></node>", "<x:node xmlns:x='u' id='b'/>", "<y id='1'/><y:z xmlns:y='q'><node id='in'/></y:z>",
    "<node id='b'><data key='k'> é </data></node>", "<node id='é'/>", "<node id='b&amp;'><data key='k'>a&lt;b</data></node>",
    "<node id='b'><data key='k'>a]b]]</data></node>", "<node id='b'><data key='k'>a]]>b</data></node>", "<node id='b'><data key='k'>a>b</data></node>",
    "<node id='b'><data key='k'>one<!-- c -->two<![CDATA[<three>]]>four</data></node>", "<!-- <node id='no'/> --><?pi <node id='no'/> ?>",
    "<![CDATA[<node id='no'/>]]>", "<node id='b'><data key='d'>\r\n 1.5 \r</data></node>", "<node id='b\nc\td'/>", "<node id='b'><data key='d'>x</data></node>",
    "<node id='b'><data key='nokey'>x</data><data key='nokey'>y</data></node>", "<node id='b'><data key='k'>1</data><data key='k'>2</data></node>",
    "<node id='b'></nod></node>", "<node id='b'><data key='k'>v</node></data>", "<node id='b'", "<node id=b/>", "<node id='b'id2='c'/>", "<node id='b<'/>",
    "<node id='b'/", "< node id='b'/>", "<node id='b'>&nothing;</node>", "<node id='a'/>", "<node/>", "<edge source='a' target='nowhere'/>",
    "<edge source='a'/>", "<edge source='a' target='a' directed='maybe'/>", "<edge source='a' target='a' directed='true'><data key='d'>inf</data></edge>",
    "<node id='b'>" + String(repeating: "<a>", count: 20) + String(repeating: "</a>", count: 20) + "</node>",
    "<node id='b' " + (0..<20).map { "a\($0)='\($0)'" }.joined(separator: " ") + "/>", "<node id='b' aVeryLongNameOfAnAttribute='1' xml:lang='en'/>",
    "<node id='b'>" + (0..<600).map { "<data key='k'>\($0)</data>" }.joined() + "</node>", "<hyperedge><endpoint node='a'/></hyperedge><node id='b'><port name='p'/></node>",
    "<node id='b'><graph><node id='c'/><edge source='b' target='c'/></graph></node>", "text <node id='b'/> more", "\u{1}", "<node id='b\u{7f}'/>", "</graph>", "</wrong>",
    "<node id='b'><data key='k'>" + String(repeating: "0123456789", count: 8000) + "</data></node>",
    "<node id='b'>\n<data key='d'>\n0.1234567890123456789\n</data>\n</node>\n<node id='c'><data key='d'>bad</data></node>",
  ]

  @Test(arguments: bodies.indices) func graphml(_ number: Int) throws {
    let body = Self.bodies[number]
    for (head, tail) in [
      ("<graphml>\(Self.key)<graph edgedefault='directed'>", "</graph></graphml>"),
      ("<?xml version='1.0' encoding='UTF-8'?>\n<graphml xmlns='u'>\n\(Self.key)\n<graph id='g' edgedefault='undirected'>\n", "\n</graph>\n</graphml>\n"),
      ("<?xml version='1.0' encoding='ISO-8859-1'?><graphml>\(Self.key)<graph>", "</graph></graphml>"),
      ("<!DOCTYPE graphml [<!ATTLIST node k CDATA 'v'><!ENTITY e 'x'>]><graphml>\(Self.key)<graph>", "</graph></graphml>"),
      ("<p:graphml xmlns:p='u' xmlns='v'><p:graph>", "</p:graph></p:graphml>"),
    ] {
      let simple = "<node id='a'><data key='k'>v</data>\n  <data key='d'>2</data></node>\n  <edge source='a' target='z'><data key='d'>0.5</data></edge>\n"
      let text = head + simple + body + "\n<node id='z'/>" + simple.replacingOccurrences(of: "id='a'", with: "id='y'") + tail
      try compare(Array(text.utf8), body, pieces: [1, 7, 64, 1 << 20])
    }
  }

  @Test func otherFormats() throws {
    let gexf = ReaderGEXFTests.document(
      "<nodes>" + (0..<50).map { "<node id='n\($0)' label='l\($0)'>\n<attvalues><attvalue for='0' value='\($0)'/></attvalues></node>" }.joined(separator: "\n")
        + "</nodes><edges>" + (1..<50).map { "<edge id='\($0)' source='n\($0)' target='n0' weight='0.\($0)'/>" }.joined() + "</edges>")
    let gxl = "<gxl>\n<graph id='g' edgemode='undirected'>" + (0..<50).map { "<node id='_\($0)'><attr name='x'><float>\($0).5</float></attr>\n<attr name='s'><string> a </string></attr></node>" }.joined()
      + (1..<50).map { "<edge from='_\($0)' to='_0'/>" }.joined() + "<node id='_0'/></graph></gxl>"
    for text in [gexf, gxl, gxl.replacingOccurrences(of: "<node id='_0'/></graph>", with: "</graph>")] {
      try compare(Array(text.utf8), String(text.prefix(60)), pieces: [1, 13, 1000, 1 << 20])
    }
  }

  @Test(.enabled(if: ReaderTestData.isPresent)) func publishedFiles() throws {
    let folder = (ReaderTestData.root ?? "") + "/xml/"
    var count = 0
    let walk = FileManager.default.enumerator(atPath: folder)
    while let name = walk?.nextObject() as? String {
      guard [".graphml", ".gexf", ".gxl", ".xml"].contains(where: name.lowercased().hasSuffix) else { continue }
      try compare(ReaderTestData.bytes(folder + name), name, pieces: [1000, 256 << 10])
      count += 1
    }
    #expect(count >= 78)
    try compare(ReaderTestData.bytes(ReaderTestData.communitiesPath), "communities", pieces: [1, 4096, 1 << 20])
  }

  @Test(arguments: ReaderFuzzCorpusTests.names) func corpus(_ name: String) throws {
    let bytes = Array(try ReaderTestData.bytes(ReaderFuzzCorpusTests.folder + "/" + name).dropFirst())
    try compare(bytes, name, pieces: [1, 5, 33, 1 << 20])
  }
}
