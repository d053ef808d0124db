import PluginAPI

/// Writes graphs as GraphML: what ``GraphFileReader`` and ``GraphCollectionReader`` read back as the same.
///
/// Missing values are left out. Lists are strings with `attr.list`, as Neo4j writes them. Of a collection every graph
/// is a `<graph>`, with its
/// name as id; class and split become the graph attributes `class` and `split`.
public enum GraphMLWriter {
  /// - Parameter graphs: which graphs of the collection; nil for all.
  /// - Throws: ``BasinError`` of kind `.cannotCreate`, `.inputOutput`, or `.badData` for a text that XML cannot hold.
  public static func write(
    _ collection: GraphCollection, graphs: Range<Int>? = nil, to path: String
  ) throws(BasinError) {
    let collection = collection.withClassColumns
    let output = try XMLOutput(path)
    output.raw(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n")
    for (domain, prefix, columns) in [
      ("node" as StaticString, "n", collection.nodeAttributes), ("edge", "e", collection.edgeAttributes),
      ("graph", "g", collection.graphAttributes),
    ] {
      for (number, column) in columns.enumerated() {
        output.raw("  <key")
        try output.attribute("id", "\(prefix)\(number)".utf8, of: "")
        output.raw(" for=\"")
        output.raw(domain)
        output.raw("\"")
        try output.attribute("attr.name", column.name.utf8, of: "the name of an attribute")
        try output.attribute("attr.type", column.writtenType.rawValue.utf8, of: "")
        if let item = column.itemType { try output.attribute("attr.list", item.rawValue.utf8, of: "") }
        output.raw("/>\n")
      }
    }
    for graph in graphs ?? 0..<collection.graphCount { try write(graph, of: collection, to: output) }
    output.raw("</graphml>\n")
    try output.finish()
  }

  /// Writes one graph.
  public static func write(_ graph: AttributedGraph, to path: String) throws(BasinError) {
    try write(graph.packing, to: path)
  }

  private static func write(_ graph: Int, of collection: GraphCollection, to output: XMLOutput) throws(BasinError) {
    output.raw("  <graph")
    if collection.graphNames.indices.contains(graph), !collection.graphNames[graph].isEmpty {
      try output.attribute("id", collection.graphNames[graph].utf8, of: "the name of a graph")
    }
    output.raw(collection.isDirected ? " edgedefault=\"directed\">\n" : " edgedefault=\"undirected\">\n")
    try writeData(collection.graphAttributes, "g", graph, to: output)
    for node in collection.nodePointers[graph]..<collection.nodePointers[graph + 1] {
      output.raw("    <node")
      try output.attribute("id", collection.nodeIDBytes(node), of: "the id of node \(node)")
      try close(collection.nodeAttributes, "n", node, "</node>\n", to: output)
    }
    for edge in collection.edgePointers[graph]..<collection.edgePointers[graph + 1] {
      output.raw("    <edge")
      try output.attribute("source", collection.nodeIDBytes(Int(collection.sources[edge])), of: "the id of a node")
      try output.attribute("target", collection.nodeIDBytes(Int(collection.targets[edge])), of: "the id of a node")
      if !collection.edgeIsDirected.isEmpty, collection.edgeIsDirected[edge] != collection.isDirected {
        output.raw(collection.isDirected ? " directed=\"false\"" : " directed=\"true\"")
      }
      try close(collection.edgeAttributes, "e", edge, "</edge>\n", to: output)
    }
    output.raw("  </graph>\n")
  }

  /// The rest of a start tag, the element's data, and its end.
  private static func close(
    _ columns: [AttributeColumn], _ prefix: String, _ element: Int, _ end: StaticString, to output: XMLOutput
  ) throws(BasinError) {
    guard columns.contains(where: { $0.isPresent[element] }) else { return output.raw("/>\n") }
    output.raw(">\n")
    try writeData(columns, prefix, element, to: output)
    output.raw("    ")
    output.raw(end)
  }

  private static func writeData(
    _ columns: [AttributeColumn], _ prefix: String, _ element: Int, to output: XMLOutput
  ) throws(BasinError) {
    for (number, column) in columns.enumerated() where column.isPresent[element] {
      output.raw("      <data key=\"")
      output.plain("\(prefix)\(number)")
      output.raw("\">")
      try output.text(column.writtenBytes(element), of: "attribute `\(column.name)`")
      output.raw("</data>\n")
    }
  }
}
