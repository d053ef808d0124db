import PluginAPI

/// Which attributes of a graph file mean what.
public struct NodeGraphOptions: Sendable {
  /// The node attribute that is the class; nil chooses the first of ``labelNames`` that looks like one.
  public var labelAttribute: String?
  /// The node attribute that says `train`, `validation` (`val`, `valid`) or `test`; without it every split is empty.
  public var splitAttribute: String
  /// The node attributes that are features; nil takes all that can be.
  public var featureAttributes: [String]?

  /// The names tried for the class, in this order.
  public static let labelNames = [
    "label", "class", "classname", "y", "category", "group", "community", "partition",
  ]

  public init(labelAttribute: String? = nil, splitAttribute: String = "split", featureAttributes: [String]? = nil) {
    self.labelAttribute = labelAttribute
    self.splitAttribute = splitAttribute
    self.featureAttributes = featureAttributes
  }
}

extension AttributedGraph {
  /// The graph as a node classification task.
  ///
  /// - Classes are numbered in rising order of their value (numbers by size, strings by bytes, false before true).
  /// - Every numeric or boolean attribute is a feature column, every string attribute of at most 64 different values a one-hot
  ///   group; others are left out with a warning. A missing number is 0, with a warning. Without any feature every node gets a
  ///   feature of its own (the identity matrix).
  /// - Sparse features: if the graph has an integer attribute `feature_count` (W), a string node attribute `features` holds
  ///   `index:value` pairs or bare indices (value 1), indices from 0 to W - 1, separated by blanks: `3 17 21:0.5`. They come first.
  ///
  /// - Throws: ``BasinError``: `.usage` for an attribute that does not exist; `.badData` naming node and attribute for a value
  ///   that is NaN or infinite, a damaged sparse row, an unknown split, or a node of a split without a label.
  public func nodeGraph(_ options: NodeGraphOptions = NodeGraphOptions()) throws(BasinError) -> NodeGraph {
    guard nodeCount > 0 else { throw .badData("the graph has no nodes", file: file, advice: "Give a graph with nodes") }
    for name in [options.labelAttribute].compactMap({ $0 }) + (options.featureAttributes ?? [])
    where nodeAttribute(named: name) == nil {
      throw .usage(
        "\(file) has no node attribute `\(name)`",
        advice: "It has: \(nodeAttributes.map(\.name).joined(separator: ", "))")
    }
    var warnings = warnings
    let label = labelColumn(named: options.labelAttribute)
    let split = nodeAttribute(named: options.splitAttribute)
    var labels = [Int32](repeating: -1, count: nodeCount)
    var classNames: [String] = []
    if let label {
      let classes = try classNumbers(of: label)
      labels = classes.labels
      classNames = classes.names
    } else {
      warnings.append(ReadWarning(message: "no node attribute looks like a class label"))
    }
    let features = try featureMatrix(
      options.featureAttributes, except: [label?.id, split?.id].compactMap { $0 }, warnings: &warnings)
    var splits: [[Int]] = [[], [], []]
    if let split { splits = try splitIndices(split) }
    for index in splits.joined() where label != nil && labels[index] < 0 {
      throw .badData(
        "a node of the `\(split?.text(index) ?? "")` split has no label", file: file,
        place: "node \"\(nodeID(index))\"",
        advice: "Give it a label, or take it out of the split")
    }
    if label == nil { splits = [[], [], []] }
    let graph = NodeGraph(
      nodeCount: nodeCount, sources: sources, targets: targets, isDirected: isDirected && edgesAgainstDefault == 0,
      features: features.matrix, featureNames: features.names, labels: labels, classNames: classNames,
      trainIndices: splits[0], validationIndices: splits[1], testIndices: splits[2],
      nodeAttributes: nodeAttributes.map(\.name), edgeAttributes: edgeAttributes.map(\.name), warnings: warnings)
    try graph.validate()
    return graph
  }

  /// The first node attribute of a name.
  public func nodeAttribute(named name: String) -> AttributeColumn? { nodeAttributes.first { $0.name == name } }

  // MARK: Labels and splits

  func labelColumn(named name: String?) -> AttributeColumn? {
    if let name { return nodeAttribute(named: name) }
    for name in NodeGraphOptions.labelNames {
      if let column = nodeAttribute(named: name), looksLikeClass(column) { return column }
    }
    return nil
  }

  /// Whether values repeat as classes do; a name of each node, or a coordinate called `y`, does not.
  private func looksLikeClass(_ column: AttributeColumn) -> Bool {
    var different: Set<Double> = []
    var present = 0
    for node in 0..<nodeCount where column.isPresent[node] {
      present += 1
      let value = column.type == .string ? Double(column.codes[node]) : column.number(node) ?? 0
      guard value.isFinite, value.rounded() == value else { return false }
      different.insert(value)
    }
    return different.count < present && different.count <= max(64, present / 2)
  }

  func classNumbers(of column: AttributeColumn) throws(BasinError) -> (labels: [Int32], names: [String]) {
    if let bad = column.firstNonFinite, column.isPresent[bad.element], !column.reals[bad.element].isFinite {
      throw nonFinite(column, bad)
    }
    var labels = [Int32](repeating: -1, count: nodeCount)
    guard column.type != .string else {
      let used = Set((0..<nodeCount).compactMap { column.codes[$0] >= 0 ? Int(column.codes[$0]) : nil })
      let order = used.sorted { column.strings.bytes($0).lexicographicallyPrecedes(column.strings.bytes($1)) }
      var classOf = [Int32](repeating: -1, count: column.strings.count)
      for (number, code) in order.enumerated() { classOf[code] = Int32(truncatingIfNeeded: number) }
      for node in 0..<nodeCount where column.codes[node] >= 0 { labels[node] = classOf[Int(column.codes[node])] }
      return (labels, order.map { column.strings.string($0) })
    }
    var names: [Double: String] = [:]
    for node in 0..<nodeCount {
      if let value = column.number(node), names[value] == nil { names[value] = column.text(node) }
    }
    let order = names.keys.sorted()
    var classOf: [Double: Int32] = [:]
    for (number, value) in order.enumerated() { classOf[value] = Int32(truncatingIfNeeded: number) }
    for node in 0..<nodeCount {
      if let value = column.number(node), let number = classOf[value] { labels[node] = number }
    }
    return (labels, order.map { names[$0] ?? String($0) })
  }

  private func splitIndices(_ column: AttributeColumn) throws(BasinError) -> [[Int]] {
    var splits: [[Int]] = [[], [], []]
    for node in 0..<nodeCount {
      switch column.text(node) {
      case "train"?: splits[0].append(node)
      case "validation"?, "val"?, "valid"?: splits[1].append(node)
      case "test"?: splits[2].append(node)
      case nil, ""?, "none"?: break
      case let value?:
        throw .badData(
          "`\(column.name)` is \"\(value.prefix(60))\"", file: file, place: "node \"\(nodeID(node))\"",
          advice: "Use train, validation, test or none")
      }
    }
    return splits
  }

  func nonFinite(_ column: AttributeColumn, _ bad: (element: Int, line: Int, column: Int)) -> BasinError {
    .badData(
      "`\(column.name)` is not a finite number", file: file,
      place: "line \(bad.line), column \(bad.column), node \"\(nodeID(bad.element))\"",
      advice: "Correct the value, remove it, or leave the attribute out of the features")
  }
}
