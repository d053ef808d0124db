import PluginAPI

/// Which attributes of a graph file mean what.
public struct NodeGraphOptions: Sendable, Equatable {
  /// The node attribute that is the class; nil chooses the first of ``labelNames`` that looks like one, `none` takes
  /// none.
  public var labelAttribute: String?
  /// The node attribute that says `train`, `validation` (`val`, `valid`) or `test`. Without it the boolean attributes
  /// of
  /// ``maskNames`` count; without these every split is empty.
  public var splitAttribute: String
  /// What the split attribute calls the parts.
  public var splitNames = SplitNames()
  /// The node attributes that are features; nil takes all that can be.
  public var featureAttributes: [String]?
  /// The node attributes that are no features.
  public var excludedAttributes: [String] = []
  /// The edge attribute that is the weight; nil takes a numeric one called `weight` (in any case), `none` takes none.
  public var weightAttribute: String?

  /// The names tried for the class, in this order.
  public static let labelNames = [
    "label", "class", "classname", "y", "category", "group", "community", "partition",
  ]
  /// The boolean attributes that mark train, validation and test, as PyTorch Geometric calls them.
  public static let maskNames = ["train_mask", "val_mask", "test_mask"]

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
  /// - Every numeric or boolean attribute is a feature column, every string attribute of at most 64 different values
  ///   a one-hot
  ///   group, a list of numbers a vector, a list of at most 64 different strings a group of which several may be 1; others are left
  ///   out with a warning, and what only says how a node is drawn or called (``AttributeColumn/isDecoration``) without. A missing number
  ///   is 0, with a warning. Without any feature every node gets a feature of its own (the identity matrix).
  /// - Sparse features: if the graph has an integer attribute `feature_count` (W), a string node attribute `features`
  ///   holds
  ///   `index:value` pairs or bare indices (value 1), indices from 0 to W - 1, separated by blanks: `3 17 21:0.5`. They come first.
  ///
  /// - Throws: ``BasinError``: `.usage` for an attribute that does not exist; `.badData` naming node and attribute
  ///   for a value
  ///   that is NaN or infinite, a damaged sparse row, an unknown split, or a node of a split without a label.
  public func nodeGraph(_ options: NodeGraphOptions = NodeGraphOptions()) throws(BasinError) -> NodeGraph {
    guard nodeCount > 0 else { throw .badData("the graph has no nodes", file: file, advice: "Give a graph with nodes") }
    for name in [options.labelAttribute].compactMap({ $0 }) + (options.featureAttributes ?? [])
      + options.excludedAttributes
    where name != "none" && nodeAttribute(named: name) == nil {
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
    let masks = split == nil ? NodeGraphOptions.maskNames.map { boolean(named: $0) } : []
    let excluded =
      ([label, split] + masks).compactMap { $0?.id }
      + nodeAttributes.filter { options.excludedAttributes.contains($0.name) }.map(\.id)
    let features = try featureMatrix(options.featureAttributes, except: excluded, warnings: &warnings)
    var splits: [[Int]] = [[], [], []]
    if let split {
      splits = try split.splits(options.splitNames) { node, value in
        .badData(
          "`\(split.name)` is \"\(value.prefix(60))\"", file: file, place: "node \"\(nodeID(node))\"",
          advice: "Use train, validation, test or none")
      }
    } else if masks.contains(where: { $0 != nil }) {
      splits = masks.map { mask in (0..<nodeCount).filter { mask?.booleans[$0] == true } }
    }
    for index in splits.joined() where label != nil && labels[index] < 0 {
      throw .badData(
        "a node of the `\(split?.text(index) ?? "")` split has no label", file: file,
        place: "node \"\(nodeID(index))\"",
        advice: "Give it a label, or take it out of the split")
    }
    if label == nil { splits = [[], [], []] }
    let weights = try edgeWeights(options.weightAttribute, warnings: &warnings)
    let graph = NodeGraph(
      nodeCount: nodeCount, sources: sources, targets: targets, isDirected: isDirected && edgesAgainstDefault == 0,
      features: features.matrix, featureNames: features.names, labels: labels, classNames: classNames,
      trainIndices: splits[0], validationIndices: splits[1], testIndices: splits[2],
      edgeWeights: weights, nodeAttributes: nodeAttributes.map(\.name), edgeAttributes: edgeAttributes.map(\.name),
      warnings: warnings)
    try graph.validate()
    return graph
  }

  /// The first node attribute of a name.
  public func nodeAttribute(named name: String) -> AttributeColumn? { nodeAttributes.first { $0.name == name } }

  // MARK: Labels and splits

  func labelColumn(named name: String?) -> AttributeColumn? {
    if name == "none" { return nil }
    if let name { return nodeAttribute(named: name) }
    return NodeGraphOptions.labelNames.lazy.compactMap { self.nodeAttribute(named: $0) }.first { $0.looksLikeClass }
  }

  func classNumbers(of column: AttributeColumn) throws(BasinError) -> (labels: [Int32], names: [String]) {
    try column.classes { node in
      guard let bad = column.firstNonFinite, bad.element == node else {
        return .badData(
          "`\(column.name)` is not a finite number", file: file, place: "node \"\(nodeID(node))\"",
          advice: "Correct the value")
      }
      return nonFinite(column, bad)
    }
  }

  private func boolean(named name: String) -> AttributeColumn? {
    nodeAttribute(named: name).flatMap { $0.type == .boolean ? $0 : nil }
  }

  // MARK: Weights

  /// The weight of each edge, `[E]`; none where edges have none. A missing weight is 1.
  private func edgeWeights(_ name: String?, warnings: inout [ReadWarning]) throws(BasinError) -> [Float] {
    if name == "none" { return [] }
    let column: AttributeColumn
    if let name {
      guard let named = edgeAttributes.first(where: { $0.name == name }) else {
        throw .usage(
          "\(file) has no edge attribute `\(name)`",
          advice: "It has: \(edgeAttributes.map(\.name).joined(separator: ", "))")
      }
      guard named.type.isNumeric else {
        throw .usage(
          "edge attribute `\(name)` is of type \(named.type.rawValue), not a number", advice: "Choose another")
      }
      column = named
    } else {
      guard let found = edgeAttributes.first(where: { $0.name.lowercased() == "weight" && $0.type.isNumeric }) else {
        return []
      }
      column = found
    }
    var weights = [Float](repeating: 1, count: edgeCount)
    for edge in 0..<edgeCount {
      guard let number = column.number(edge) else { continue }
      weights[edge] = Float(number)
      guard weights[edge].isFinite else {
        throw .badData(
          "`\(column.name)` is \(number), which is not a finite 32-bit number", file: file,
          place: "edge \"\(nodeID(Int(sources[edge])))\" to \"\(nodeID(Int(targets[edge])))\"",
          advice: "Correct or scale the value")
      }
    }
    let missing = column.missingCount
    if missing > 0 {
      warnings.append(ReadWarning(message: "weight `\(column.name)` is missing on \(missing) edges; it is 1 there"))
    }
    return weights
  }

  func nonFinite(_ column: AttributeColumn, _ bad: (element: Int, line: Int, column: Int)) -> BasinError {
    .badData(
      "`\(column.name)` is not a finite number", file: file,
      place: "line \(bad.line), column \(bad.column), node \"\(nodeID(bad.element))\"",
      advice: "Correct the value, remove it, or leave the attribute out of the features")
  }
}
