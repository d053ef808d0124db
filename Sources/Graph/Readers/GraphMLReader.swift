import PluginAPI

/// Reads GraphML with libxml2's streaming parser; memory is proportional to what is kept, not to the file.
///
/// - Attributes (`<key>`): `attr.type` boolean, int, long, float, double, string (string where absent), for node, edge, graph or
///   all; `<default>`; data may be missing. The same key id may be declared once for each of node, edge and graph. A key with
///   neither name nor type (as yEd writes for drawings) is skipped with a warning.
/// - Any namespace or none; comments, `<desc>`, CDATA, any encoding libxml2 knows.
/// - Edges may come before their nodes; parallel edges, self-loops and edges with a direction of their own are kept.
/// - Of several graphs side by side the first is read, the others are counted. A graph nested in a node or an edge is read as
///   part of the outer one. Ports and hyperedges are left out, each with a warning.
///
/// Errors name file, line and column: not UTF-8, not well-formed, cut off, an unknown key or `attr.type`, a value that is no
/// number, a node declared twice, an edge to a node that does not exist.
public enum GraphMLReader {
  /// Reads a file.
  ///
  /// - Throws: ``BasinError`` of kind `.missingInput`, `.inputOutput` or `.badData`.
  public static func read(path: String) throws(BasinError) -> AttributedGraph {
    let builder = GraphMLBuilder(file: path)
    try XMLPushParser.parse(path: path, sink: builder)
    return try builder.finish()
  }

  /// Reads a document in memory.
  ///
  /// - Parameter file: the name errors carry.
  public static func read(bytes: [UInt8], file: String) throws(BasinError) -> AttributedGraph {
    let builder = GraphMLBuilder(file: file)
    try XMLPushParser.parse(bytes: bytes, sink: builder)
    return try builder.finish()
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
      format: "graphml", graphs: graphCount, nodes: totalNodeCount, edges: totalEdgeCount, directed: isDirected,
      nodeAttributes: nodeAttributes.map(\.name), edgeAttributes: edgeAttributes.map(\.name), classes: classes,
      warnings: warnings)
  }
}
