/// Two collections are equal if they hold the same: graphs, names, ids, edges with their directions, attributes by
/// name and type,
/// classes by name, splits. The order of columns, their ids, files and warnings do not count.
extension GraphCollection: Equatable {
  public static func == (left: Self, right: Self) -> Bool {
    guard left.nodePointers == right.nodePointers, left.edgePointers == right.edgePointers,
      left.sources == right.sources, left.targets == right.targets, left.names == right.names,
      left.classes == right.classes, left.trainIndices == right.trainIndices,
      left.validationIndices == right.validationIndices, left.testIndices == right.testIndices
    else { return false }
    return (0..<left.edgeCount).allSatisfy { left.hasDirection($0) == right.hasDirection($0) }
      && (0..<left.nodeCount).allSatisfy { left.nodeID($0) == right.nodeID($0) }
      && same(left.nodeAttributes, right.nodeAttributes) && same(left.edgeAttributes, right.edgeAttributes)
      && same(left.graphAttributes, right.graphAttributes)
  }

  private var names: [String] { graphNames.isEmpty ? [String](repeating: "", count: graphCount) : graphNames }

  private var classes: [String?] {
    labels.isEmpty
      ? [String?](repeating: nil, count: graphCount) : labels.map { $0 < 0 ? nil : classNames[Int($0)] }
  }

  /// Whether an edge has a direction.
  public func hasDirection(_ edge: Int) -> Bool { edgeIsDirected.isEmpty ? isDirected : edgeIsDirected[edge] }

  private static func same(_ left: [AttributeColumn], _ right: [AttributeColumn]) -> Bool {
    func sorted(_ columns: [AttributeColumn]) -> [AttributeColumn] {
      columns.enumerated().sorted { ($0.element.name, $0.offset) < ($1.element.name, $1.offset) }.map(\.element)
    }
    return left.count == right.count && zip(sorted(left), sorted(right)).allSatisfy { $0.hasContent(of: $1) }
  }
}

extension AttributedGraph: Equatable {
  public static func == (left: Self, right: Self) -> Bool { left.packing == right.packing }
}

extension AttributeColumn {
  /// Whether name, type and every value are the same.
  func hasContent(of other: AttributeColumn) -> Bool {
    guard name == other.name, type == other.type, itemType == other.itemType, isPresent == other.isPresent else {
      return false
    }
    return isPresent.indices.allSatisfy { element in
      guard isPresent[element] else { return true }
      switch type {
      case .int, .long: return integers[element] == other.integers[element]
      case .float, .double:
        return reals[element] == other.reals[element] || reals[element].isNaN && other.reals[element].isNaN
      case .boolean: return booleans[element] == other.booleans[element]
      case .string: return strings.bytes(Int(codes[element])) == other.strings.bytes(Int(other.codes[element]))
      }
    }
  }
}

extension GraphCollection {
  /// The id of a node as bytes, as ``nodeID(_:)`` gives it.
  func nodeIDBytes(_ node: Int) -> [UInt8] {
    identifierOfNode.isEmpty ? Array(nodeID(node).utf8) : Array(identifiers.bytes(Int(identifierOfNode[node])))
  }

  /// With class and split as graph attributes, as GraphML keeps them; attributes of these names that are there
  /// already stay.
  var withClassColumns: GraphCollection {
    var result = self
    if labels.contains(where: { $0 >= 0 }), graphAttribute(named: "class") == nil {
      result.graphAttributes.append(AttributeColumn(name: "class", strings: classes))
    }
    if !trainIndices.isEmpty || !validationIndices.isEmpty || !testIndices.isEmpty,
      graphAttribute(named: "split") == nil
    {
      var split = [String?](repeating: nil, count: graphCount)
      for graph in trainIndices { split[graph] = "train" }
      for graph in validationIndices { split[graph] = "validation" }
      for graph in testIndices { split[graph] = "test" }
      result.graphAttributes.append(AttributeColumn(name: "split", strings: split))
    }
    return result
  }
}
