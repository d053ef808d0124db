import PluginAPI

/// Writes one graph as GEXF 1.3, for Gephi and others: what ``GraphFileReader`` reads back as the same, but for graph
/// attributes, which
/// GEXF has none of, and weights that are whole numbers, which it has as reals.
///
/// The columns `label`, `weight`, `kind`, `start`, `end`, `timestamp` and Gephi's `viz:` become what GEXF has for
/// them, all others
/// attributes.
public enum GEXFWriter {
  /// - Returns: what could not be written.
  /// - Throws: ``BasinError`` of kind `.cannotCreate`, `.inputOutput`, or `.badData` for a text that XML cannot hold.
  @discardableResult
  public static func write(_ graph: AttributedGraph, to path: String) throws(BasinError) -> [ReadWarning] {
    try write(0, of: graph.packing, to: path)
  }

  /// Writes one graph of a collection.
  @discardableResult
  public static func write(
    _ graph: Int, of collection: GraphCollection, to path: String
  ) throws(BasinError) -> [ReadWarning] {
    let output = try XMLOutput(path)
    output.raw(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">

      """)
    if collection.graphCount > graph {
      try GEXFGraphWriter(collection, output).write(graph)
    }
    output.raw("</gexf>\n")
    try output.finish()
    let lost = collection.graphAttributes.filter { $0.isPresent.indices.contains(graph) && $0.isPresent[graph] }.map(
      \.name)
    guard !lost.isEmpty else { return [] }
    return [ReadWarning(message: "GEXF has no attributes of graphs: \(lost.joined(separator: ", ")) left out")]
  }
}

/// The columns of a collection, sorted by how GEXF writes them.
private struct GEXFGraphWriter {
  /// The columns of nodes or of edges.
  struct Columns {
    /// Written as attributes of the element: `label`, `weight`, ...
    var own: [(name: StaticString, column: AttributeColumn)] = []
    /// Written as elements of Gephi's: `viz:x`, ...
    var drawn: [String: AttributeColumn] = [:]
    /// All others.
    var values: [AttributeColumn] = []

    init(_ columns: [AttributeColumn], own names: [StaticString]) {
      let drawings = ["x", "y", "z", "size", "thickness"].map { "viz:" + $0 }
      for column in columns {
        let isText = column.type == .string && column.itemType == nil
        // Only what is declared can be without any value.
        let isUsed = column.isPresent.contains(true)
        if isUsed, let name = names.first(where: { "\($0)" == column.name }),
          !own.contains(where: { "\($0.name)" == column.name }),
          column.name == "weight" ? column.type.isNumeric : isText
        {
          own.append((name, column))
        } else if isUsed, drawn[column.name] == nil,
          drawings.contains(column.name) && column.type.isNumeric
            || isText && (column.name == "viz:shape" || column.name == "viz:color" && Self.areColors(column))
        {
          drawn[column.name] = column
        } else {
          values.append(column)
        }
      }
    }

    /// Whether every value is `#rrggbb`.
    private static func areColors(_ column: AttributeColumn) -> Bool {
      (0..<column.strings.count).allSatisfy { number in
        let bytes = column.strings.bytes(number)
        return bytes.count == 7 && bytes.first == UInt8(ascii: "#")
          && bytes.dropFirst().allSatisfy { Character(UnicodeScalar($0)).isHexDigit }
      }
    }
  }

  let collection: GraphCollection
  let output: XMLOutput
  let nodes: Columns
  let edges: Columns

  init(_ collection: GraphCollection, _ output: XMLOutput) {
    self.collection = collection
    self.output = output
    let both: [StaticString] = ["label", "start", "end", "timestamp"]
    nodes = Columns(collection.nodeAttributes, own: both)
    edges = Columns(collection.edgeAttributes, own: both + ["weight", "kind"])
  }

  func write(_ graph: Int) throws(BasinError) {
    output.raw("  <graph")
    if collection.graphNames.indices.contains(graph), !collection.graphNames[graph].isEmpty {
      try output.attribute("id", collection.graphNames[graph].utf8, of: "the name of a graph")
    }
    output.raw(collection.isDirected ? " defaultedgetype=\"directed\">\n" : " defaultedgetype=\"undirected\">\n")
    try declare(nodes, "node")
    try declare(edges, "edge")
    output.raw("    <nodes>\n")
    for node in collection.nodePointers[graph]..<collection.nodePointers[graph + 1] {
      output.raw("      <node")
      try output.attribute("id", collection.nodeIDBytes(node), of: "the id of node \(node)")
      try close(nodes, node, "</node>\n")
    }
    output.raw("    </nodes>\n    <edges>\n")
    for edge in collection.edgePointers[graph]..<collection.edgePointers[graph + 1] {
      output.raw("      <edge")
      try output.attribute("source", collection.nodeIDBytes(Int(collection.sources[edge])), of: "the id of a node")
      try output.attribute("target", collection.nodeIDBytes(Int(collection.targets[edge])), of: "the id of a node")
      if !collection.edgeIsDirected.isEmpty, collection.edgeIsDirected[edge] != collection.isDirected {
        output.raw(collection.isDirected ? " type=\"undirected\"" : " type=\"directed\"")
      }
      try close(edges, edge, "</edge>\n")
    }
    output.raw("    </edges>\n  </graph>\n")
  }

  private func declare(_ columns: Columns, _ of: StaticString) throws(BasinError) {
    guard !columns.values.isEmpty else { return }
    output.raw("    <attributes class=\"")
    output.raw(of)
    output.raw("\">\n")
    for (number, column) in columns.values.enumerated() {
      output.raw("      <attribute")
      try output.attribute("id", String(number).utf8, of: "")
      try output.attribute("title", column.name.utf8, of: "the name of an attribute")
      let type = column.writtenType == .int ? "integer" : column.writtenType.rawValue
      try output.attribute(
        "type", (column.itemType.map { "list" + ($0 == .int ? "integer" : $0.rawValue) } ?? type).utf8, of: "")
      output.raw("/>\n")
    }
    output.raw("    </attributes>\n")
  }

  /// The rest of a start tag, the element's values and drawing, and its end.
  private func close(_ columns: Columns, _ element: Int, _ end: StaticString) throws(BasinError) {
    for (name, column) in columns.own where column.isPresent[element] {
      try output.attribute(name, column.writtenBytes(element), of: "`\(column.name)`")
    }
    let values = columns.values.contains { $0.isPresent[element] }
    guard values || columns.drawn.values.contains(where: { $0.isPresent[element] }) else { return output.raw("/>\n") }
    output.raw(">\n")
    if values {
      output.raw("        <attvalues>\n")
      for (number, column) in columns.values.enumerated() where column.isPresent[element] {
        output.raw("          <attvalue for=\"")
        output.plain(String(number))
        output.raw("\"")
        try output.attribute("value", column.writtenBytes(element), of: "attribute `\(column.name)`")
        output.raw("/>\n")
      }
      output.raw("        </attvalues>\n")
    }
    try drawColor(columns, element)
    try draw("viz:position", [("x", "viz:x"), ("y", "viz:y"), ("z", "viz:z")], columns, element)
    for name in ["viz:size", "viz:thickness", "viz:shape"] as [StaticString] {
      try draw(name, [("value", "\(name)")], columns, element)
    }
    output.raw("      ")
    output.raw(end)
  }

  /// In both of GEXF's ways: some programs know only one.
  private func drawColor(_ columns: Columns, _ element: Int) throws(BasinError) {
    guard let column = columns.drawn["viz:color"], column.isPresent[element] else { return }
    let hex = column.writtenBytes(element)
    output.raw("        <viz:color")
    for (place, name) in ["r", "g", "b"].enumerated() {
      let digits = String(decoding: hex[(1 + 2 * place)..<(3 + 2 * place)], as: UTF8.self)
      output.plain(" \(name)=\"\(Int(digits, radix: 16) ?? 0)\"")
    }
    try output.attribute("hex", hex, of: "")
    output.raw("/>\n")
  }

  private func draw(
    _ name: StaticString, _ parts: [(StaticString, String)], _ columns: Columns, _ element: Int
  ) throws(BasinError) {
    var isOpen = false
    for (attribute, column) in parts {
      guard let column = columns.drawn[column], column.isPresent[element] else { continue }
      if !isOpen {
        output.raw("        <")
        output.raw(name)
        isOpen = true
      }
      try output.attribute(attribute, column.writtenBytes(element), of: "`\(column.name)`")
    }
    if isOpen { output.raw("/>\n") }
  }
}
