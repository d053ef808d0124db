import PluginAPI

/// Reads data sets of the TU Dortmund collection (Morris et al. 2020, chrsmrrs.github.io/datasets): `NAME_A.txt` and its
/// companions, as the published .zip or unpacked.
///
/// - `_A` holds the edges, numbers of nodes from 1 over all graphs; an undirected edge stands there twice.
/// - `_graph_indicator` gives the graph of each node, from 1 and never falling. Isolated nodes are known from it alone.
/// - `_node_labels`, `_node_attributes`, `_edge_labels`, `_edge_attributes`, `_graph_labels`, `_graph_attributes` are optional.
///   They become columns `label` (`label.0`, ... where a line has several) and `attribute.0`, `attribute.1`, ...
/// - Graph labels that are whole numbers in one column are the classes, in rising order of the number. Other graph labels are
///   columns of ``GraphCollection/graphAttributes``.
public enum TUReader {
  /// - Parameter path: a .zip or other archive, or a folder.
  /// - Throws: ``BasinError`` naming archive, member and line.
  public static func read(path: String) throws(BasinError) -> GraphCollection {
    try read(MemberFiles(path, where: isText))
  }

  /// Whether a member may belong to a set; `README.txt~` and label_readme files do not.
  static func isText(_ name: String) -> Bool { name.hasSuffix(".txt") && !name.lowercased().contains("readme") }

  static func isSet(_ files: MemberFiles) -> Bool { files.members.contains { $0.name.hasSuffix("_A.txt") } }

  static func read(_ files: MemberFiles) throws(BasinError) -> GraphCollection {
    let names = files.members.filter { $0.name.hasSuffix("_A.txt") }.map { String($0.name.dropLast(6)) }
    guard let name = names.first else {
      throw .badData(
        "there is no file NAME_A.txt in it", file: files.path, advice: "Give a set of the TU collection as published")
    }
    guard names.count == 1 else {
      throw .badData(
        "holds several sets: \(names.joined(separator: ", "))", file: files.path, advice: "Give one at a time")
    }
    func lines(_ part: String) -> NumberLines? {
      files.members.first { $0.name == "\(name)_\(part).txt" }.map {
        NumberLines($0.bytes, file: files.path, member: $0.name)
      }
    }
    func required(_ part: String) throws(BasinError) -> NumberLines {
      if let lines = lines(part) { return lines }
      throw .badData("there is no file \(name)_\(part).txt in it", file: files.path, advice: "Fetch the set again")
    }

    var result = GraphCollection(file: files.path)
    let indicatorLines = try required("graph_indicator")
    let indicator = try indicatorLines.integers(columns: 1).values
    var graphLabels: [AttributeColumn] = []
    var graphCount: Int?
    if let labels = lines("graph_labels") {
      graphLabels = try Self.labels(labels, expected: nil, of: "graphs")
      graphCount = graphLabels.first?.isPresent.count ?? 0
    }
    if let attributes = lines("graph_attributes") {
      let table = try attributes.reals(allowingMissing: true)
      try check(attributes, rows: table.rows, expected: graphCount, of: "graphs")
      graphCount = table.rows
      result.graphAttributes = columns("attribute", table)
    }
    if let label = graphLabels.first, graphLabels.count == 1, label.type == .long {
      let classes = Set(label.integers).sorted()
      let number = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int32(truncatingIfNeeded: $0)) })
      result.labels = label.integers.map { number[$0] ?? -1 }
      result.classNames = classes.map { String($0) }
    } else {
      result.graphAttributes = graphLabels + result.graphAttributes
    }

    result.nodePointers = try nodePointers(indicator, graphs: graphCount, indicatorLines)
    if result.labels.isEmpty { result.labels = [Int32](repeating: -1, count: result.graphCount) }
    let order = try readEdges(required("A"), indicator, into: &result)

    if let labels = lines("node_labels") {
      result.nodeAttributes = try Self.labels(labels, expected: indicator.count, of: "nodes")
    }
    if let attributes = lines("node_attributes") {
      let table = try attributes.reals()
      try check(attributes, rows: table.rows, expected: indicator.count, of: "nodes")
      result.nodeAttributes += columns("attribute", table)
    }
    if let labels = lines("edge_labels") {
      result.edgeAttributes = try Self.labels(labels, expected: result.edgeCount, of: "edges", order)
    }
    if let attributes = lines("edge_attributes") {
      let table = try attributes.reals()
      try check(attributes, rows: table.rows, expected: result.edgeCount, of: "edges")
      result.edgeAttributes += columns("attribute", table, order)
    }
    return result
  }

  // MARK: Parts

  /// Whole numbers, or reals where some are none.
  private static func labels(
    _ lines: NumberLines, expected: Int?, of what: String, _ order: [Int]? = nil
  ) throws(BasinError) -> [AttributeColumn] {
    do {
      let table = try lines.integers()
      try check(lines, rows: table.rows, expected: expected, of: what)
      return names("label", table.columns).enumerated().map { column, name in
        let values = table.column(column)
        return AttributeColumn(name: name, integers: order?.map { values[$0] } ?? values)
      }
    } catch let wholeNumbers {
      guard let table = try? lines.reals() else { throw wholeNumbers }
      try check(lines, rows: table.rows, expected: expected, of: what)
      return columns("label", table, order)
    }
  }

  private static func columns(
    _ name: String, _ table: NumberTable<Double>, _ order: [Int]? = nil
  ) -> [AttributeColumn] {
    (name == "attribute" ? (0..<table.columns).map { "attribute.\($0)" } : names(name, table.columns)).enumerated().map
    {
      column, name in
      let values = table.column(column)
      return AttributeColumn(name: name, reals: order?.map { values[$0] } ?? values)
    }
  }

  private static func names(_ name: String, _ count: Int) -> [String] {
    count == 1 ? [name] : (0..<count).map { "\(name).\($0)" }
  }

  private static func check(_ lines: NumberLines, rows: Int, expected: Int?, of what: String) throws(BasinError) {
    guard let expected, rows != expected else { return }
    throw .badData(
      "\(rows) lines, but there are \(expected) \(what)", file: lines.file,
      place: lines.place(row: min(rows, expected)),
      advice: "Fetch the set again")
  }

  private static func nodePointers(
    _ indicator: [Int64], graphs: Int?, _ lines: NumberLines
  ) throws(BasinError) -> [Int] {
    guard indicator.count <= Int(Int32.max) else { throw .badData("\(indicator.count) nodes", file: lines.file) }
    // Without anything that says how many graphs there are, no graph may be without nodes.
    let limit = Int64(graphs ?? indicator.count)
    var pointers = [0]
    var previous: Int64 = 1
    for (node, graph) in indicator.enumerated() {
      guard graph >= 1, graph <= limit else {
        throw lines.failure(row: node, "node \(node + 1) is of graph \(graph), but there are graphs 1 to \(limit)")
      }
      guard graph >= previous else {
        throw lines.failure(
          row: node, "node \(node + 1) is of graph \(graph), but the one before is of graph \(previous)")
      }
      while previous < graph {
        pointers.append(node)
        previous += 1
      }
    }
    while pointers.count < (graphs ?? (indicator.isEmpty ? 0 : Int(previous))) + 1 { pointers.append(indicator.count) }
    return pointers
  }

  /// Reads the edges and puts them graph by graph.
  ///
  /// - Returns: which line each edge stood in, counted from 0; nil where they were in order.
  private static func readEdges(
    _ lines: NumberLines, _ indicator: [Int64], into result: inout GraphCollection
  ) throws(BasinError) -> [Int]? {
    let ends = try lines.integers(columns: 2).values
    let edges = ends.count / 2
    let nodes = Int64(indicator.count)
    var counts = [Int](repeating: 0, count: result.graphCount + 1)
    var isInOrder = true
    var previous: Int64 = 1
    var sources = [Int32](repeating: 0, count: edges)
    var targets = [Int32](repeating: 0, count: edges)
    for edge in 0..<edges {
      let (source, target) = (ends[2 * edge], ends[2 * edge + 1])
      guard source >= 1, source <= nodes, target >= 1, target <= nodes else {
        throw lines.failure(row: edge, "an edge from node \(source) to \(target), but there are nodes 1 to \(nodes)")
      }
      let graph = indicator[Int(source) - 1]
      guard indicator[Int(target) - 1] == graph else {
        throw lines.failure(
          row: edge, "an edge from node \(source) of graph \(graph) to \(target) of graph \(indicator[Int(target) - 1])"
        )
      }
      counts[Int(graph)] += 1
      if graph < previous { isInOrder = false }
      previous = graph
      sources[edge] = Int32(truncatingIfNeeded: source - 1)
      targets[edge] = Int32(truncatingIfNeeded: target - 1)
    }
    for graph in 1..<counts.count { counts[graph] += counts[graph - 1] }
    result.edgePointers = counts
    guard !isInOrder else {
      (result.sources, result.targets) = (sources, targets)
      return nil
    }
    var next = counts
    var order = [Int](repeating: 0, count: edges)
    for edge in 0..<edges {
      let graph = Int(indicator[Int(sources[edge])]) - 1
      order[next[graph]] = edge
      next[graph] += 1
    }
    result.sources = order.map { sources[$0] }
    result.targets = order.map { targets[$0] }
    return order
  }
}
