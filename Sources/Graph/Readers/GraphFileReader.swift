import GraphXML
import PluginAPI

/// Reads one graph from a GraphML, GEXF or GXL file with libxml2's streaming parser, plain or gzipped; memory is
/// proportional to what
/// is kept, not to the file. What each format's elements become is in `docs/graph-files.md`.
///
/// - Attributes become columns: declared types, defaults, values that are missing; undeclared ones are strings, with
///   a warning. In GXL
///   the values say their type.
/// - Any namespace or none; comments, CDATA, any encoding libxml2 knows.
/// - Edges may come before their nodes; parallel edges, self-loops and edges with a direction of their own are kept.
/// - Of several graphs side by side the first is read, the others are counted (``GraphCollectionReader`` reads all).
///   A graph nested in
///   a node or an edge is read as part of the outer one. Ports and hyperedges are left out, and counted in a warning.
///
/// Errors name file, line and column: not UTF-8, not well-formed, cut off, a value that is no number, a node declared
/// twice, an edge
/// to a node that does not exist, entities that are more than plain text.
public enum GraphFileReader {
  /// Reads a file.
  ///
  /// - Parameter format: what it must be; nil for whatever its root element says.
  /// - Throws: ``BasinError`` of kind `.missingInput`, `.inputOutput` or `.badData`.
  public static func read(path: String, format: GraphFileFormat? = nil) throws(BasinError) -> AttributedGraph {
    let documents = try GraphDocuments()
    try documents.read(path: path, format: format?.code ?? BASIN_GRAPH_ANY, onlyFirst: true)
    return try graph(of: documents, file: path)
  }

  /// Reads a document in memory.
  ///
  /// - Parameter file: the name errors carry.
  public static func read(
    bytes: [UInt8], file: String, format: GraphFileFormat? = nil
  ) throws(BasinError) -> AttributedGraph {
    let documents = try GraphDocuments()
    try documents.read(bytes: bytes, file: file, format: format?.code ?? BASIN_GRAPH_ANY, onlyFirst: true)
    return try graph(of: documents, file: file)
  }

  private static func graph(of documents: GraphDocuments, file: String) throws(BasinError) -> AttributedGraph {
    let packing = try documents.finish(file: file)
    guard packing.format != nil else {
      throw .badData("the file lists graphs, it holds none", file: file, advice: "Read it as a collection")
    }
    return AttributedGraph(packing)
  }
}

/// ``GraphFileReader`` for GraphML alone.
public enum GraphMLReader {
  /// Reads a file.
  public static func read(path: String) throws(BasinError) -> AttributedGraph {
    try GraphFileReader.read(path: path, format: .graphml)
  }

  /// Reads a document in memory.
  public static func read(bytes: [UInt8], file: String) throws(BasinError) -> AttributedGraph {
    try GraphFileReader.read(bytes: bytes, file: file, format: .graphml)
  }

  /// Tells what a file holds.
  public static func inspect(path: String) throws(BasinError) -> GraphInspection { try read(path: path).inspection }
}

extension AttributedGraph {
  /// What `basin data inspect` tells of it.
  public var inspection: GraphInspection {
    var classes: Int?
    if let label = labelColumn(named: nil) {
      classes = try? classNumbers(of: label).names.count
    }
    return GraphInspection(
      format: format?.rawValue ?? "graph", graphs: graphCount, nodes: totalNodeCount, edges: totalEdgeCount,
      directed: isDirected,
      nodeAttributes: nodeAttributes.map(\.name), edgeAttributes: edgeAttributes.map(\.name), classes: classes,
      warnings: warnings)
  }
}
