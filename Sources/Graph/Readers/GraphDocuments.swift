import GraphXML
import PluginAPI

/// The format of a graph file.
public enum GraphFileFormat: String, Sendable, CaseIterable {
  case graphml, gexf, gxl

  var code: BasinGraphFormat {
    switch self {
    case .graphml: BASIN_GRAPH_GRAPHML
    case .gexf: BASIN_GRAPH_GEXF
    case .gxl: BASIN_GRAPH_GXL
    }
  }
}

/// Reads documents one after the other into one packing.
///
/// The elements are handled in C++ (`Sources/Graph/XML`), for a million edges are several million events; here bytes
/// go in and
/// arrays come out.
final class GraphDocuments {
  /// Gives the next bytes, none at the end.
  typealias Source = (UnsafeMutableRawBufferPointer) throws(BasinError) -> Int

  private let reader: OpaquePointer
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
  /// The files of the documents so far, for warnings.
  private var files: [String] = []

  init() throws(BasinError) {
    guard let reader = basin_graph_xml_create() else { throw .internalError("out of memory") }
    self.reader = reader
  }

  deinit {
    basin_graph_xml_destroy(reader)
    buffer.deallocate()
  }

  /// Graphs read so far.
  var graphCount: Int { Int(basin_graph_xml_packing(reader).graphs) }

  /// Reads a document.
  ///
  /// - Parameters:
  ///   - format: what it must be; nil for any graph format, or a listing.
  ///   - onlyFirst: graphs after the first are counted, not read.
  func read(file: String, format: BasinGraphFormat, onlyFirst: Bool, from source: Source) throws(BasinError) {
    files.append(file)
    guard basin_graph_xml_begin(reader, format, onlyFirst) else { throw failure(in: file) }
    while true {
      let count = try source(buffer)
      guard count > 0 else { break }
      guard basin_graph_xml_feed(reader, buffer.baseAddress, count) else { throw failure(in: file) }
    }
    guard basin_graph_xml_end(reader) else { throw failure(in: file) }
  }

  func read(path: String, format: BasinGraphFormat, onlyFirst: Bool) throws(BasinError) {
    let file = try UnpackedFile(path)
    try read(file: path, format: format, onlyFirst: onlyFirst) { (buffer) throws(BasinError) in
      try file.read(into: buffer)
    }
  }

  func read(bytes: [UInt8], file: String, format: BasinGraphFormat, onlyFirst: Bool) throws(BasinError) {
    var offset = 0
    try read(file: file, format: format, onlyFirst: onlyFirst) { (buffer) throws(BasinError) in
      let count = min(buffer.count, bytes.count - offset)
      bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + count)])) }
      offset += count
      return count
    }
  }

  private func failure(in file: String) -> BasinError {
    let failure = basin_graph_xml_failure(reader)
    let message = String(cString: failure.message)
    if failure.is_internal { return BasinError(.internalError, message, file: file) }
    var place = failure.line > 0 ? "line \(failure.line), column \(failure.column)" : nil
    if let detail = failure.detail.map({ String(cString: $0) }) { place = place.map { $0 + ", " + detail } ?? detail }
    return .badData(message, file: file, place: place, advice: failure.advice.map { String(cString: $0) })
  }

  // MARK: What was read

  /// The entries of the listings read.
  var listed: [(file: String, label: String)] {
    (0..<basin_graph_xml_listed_count(reader)).map {
      let entry = basin_graph_xml_listed(reader, $0)
      return (String(cString: entry.file), String(cString: entry.label))
    }
  }

  /// The graphs of all documents. Nothing can be read afterwards.
  ///
  /// - Parameter file: the name errors carry later.
  func finish(file: String) throws(BasinError) -> GraphCollection {
    guard basin_graph_xml_finish(reader) else { throw failure(in: file) }
    let packing = basin_graph_xml_packing(reader)
    let (graphs, nodes, edges) = (Int(packing.graphs), Int(packing.nodes), Int(packing.edges))
    var collection = GraphCollection(
      file: file, nodePointers: integers(packing.node_pointers, graphs + 1),
      edgePointers: integers(packing.edge_pointers, graphs + 1), isDirected: packing.is_directed)
    collection.format = Self.format(packing.format)
    collection.edgesAgainstDefault = Int(packing.edges_against_default)
    collection.totalGraphCount = Int(packing.total_graphs)
    collection.totalNodeCount = Int(packing.total_nodes)
    collection.totalEdgeCount = Int(packing.total_edges)
    let names = strings(packing.graph_names)
    collection.graphNames = (0..<graphs).map { names.string($0) }
    // What is copied is freed at once: no array is there twice while the next is copied.
    collection.sources = array(packing.sources, edges)
    collection.targets = array(packing.targets, edges)
    if let directions = packing.edge_is_directed { collection.edgeIsDirected = booleans(directions, edges) }
    basin_graph_xml_release_edges(reader)
    collection.identifiers = strings(packing.identifiers)
    collection.identifierOfNode = array(packing.identifier_of_node, nodes)
    basin_graph_xml_release_nodes(reader)
    let counts = [packing.columns.0, packing.columns.1, packing.columns.2]
    collection.nodeAttributes = (0..<counts[0]).map { column(BASIN_GRAPH_NODES, $0) }
    collection.edgeAttributes = (0..<counts[1]).map { column(BASIN_GRAPH_EDGES, $0) }
    collection.graphAttributes = (0..<counts[2]).map { column(BASIN_GRAPH_GRAPHS, $0) }
    collection.warnings = warnings
    return collection
  }

  private var warnings: [ReadWarning] {
    (0..<basin_graph_xml_warning_count(reader)).map {
      let warning = basin_graph_xml_warning(reader, $0)
      let message = String(cString: warning.message)
      // With one file everybody knows which.
      let prefix =
        files.count > 1 && files.indices.contains(Int(warning.document)) ? files[Int(warning.document)] + ": " : ""
      return ReadWarning(
        line: warning.line > 0 ? Int(warning.line) : nil, column: warning.column > 0 ? Int(warning.column) : nil,
        message: prefix + message)
    }
  }

  private func column(_ domain: Int, _ index: Int64) -> AttributeColumn {
    let source = basin_graph_xml_column(reader, Int32(domain), index)
    let count = Int(source.count)
    var column = AttributeColumn(
      id: String(cString: source.id), name: String(cString: source.name), type: AttributeType(code: source.type))
    if source.item_type >= 0 { column.itemType = AttributeType(code: source.item_type) }
    switch column.type {
    case .int, .long: column.integers = array(source.integers, count)
    case .float, .double: column.reals = array(source.reals, count)
    case .boolean: column.booleans = booleans(source.booleans, count)
    case .string:
      column.codes = array(source.codes, count)
      column.strings = strings(source.strings)
    }
    column.isPresent = booleans(source.is_present, count)
    if source.non_finite_element >= 0 {
      column.firstNonFinite = (
        Int(source.non_finite_element), Int(source.non_finite_line), Int(source.non_finite_column)
      )
    }
    basin_graph_xml_release_column(reader, Int32(domain), index)
    return column
  }

  private static func format(_ code: Int32) -> GraphFileFormat? {
    GraphFileFormat.allCases.first { Int32($0.code.rawValue) == code }
  }

  private func array<Element>(_ start: UnsafePointer<Element>?, _ count: Int) -> [Element] {
    Array(UnsafeBufferPointer(start: count > 0 ? start : nil, count: start == nil ? 0 : count))
  }

  private func integers(_ start: UnsafePointer<Int64>?, _ count: Int) -> [Int] {
    UnsafeBufferPointer(start: count > 0 ? start : nil, count: start == nil ? 0 : count).map { Int($0) }
  }

  private func booleans(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [Bool] {
    UnsafeBufferPointer(start: count > 0 ? start : nil, count: start == nil ? 0 : count).map { $0 != 0 }
  }

  private func strings(_ table: BasinGraphStrings) -> StringTable {
    let count = Int(table.count)
    let ends = integers(table.ends, count)
    return StringTable(bytes: array(table.bytes, ends.last ?? 0), ends: ends)
  }
}

extension AttributeType {
  init(code: Int32) {
    switch UInt32(code) {
    case BASIN_ATTRIBUTE_BOOLEAN.rawValue: self = .boolean
    case BASIN_ATTRIBUTE_INT.rawValue: self = .int
    case BASIN_ATTRIBUTE_LONG.rawValue: self = .long
    case BASIN_ATTRIBUTE_FLOAT.rawValue: self = .float
    case BASIN_ATTRIBUTE_DOUBLE.rawValue: self = .double
    default: self = .string
    }
  }
}
