extension AttributedGraph {
  /// A graph whose nodes are to be classified, as attributes: `label`, `split`, and the features as sparse rows in
  /// `features`, with their
  /// number as the graph attribute `feature_count`. ``nodeGraph(_:)`` makes the same of it again.
  public init(_ graph: NodeGraph, file: String) {
    var packing = GraphCollection(
      file: file, nodePointers: [0, graph.nodeCount], edgePointers: [0, graph.edgeCount], sources: graph.sources,
      targets: graph.targets, isDirected: graph.isDirected, warnings: graph.warnings)
    if !graph.classNames.isEmpty { packing.nodeAttributes.append(Self.labelColumn(graph)) }
    var split = [String?](repeating: nil, count: graph.nodeCount)
    for (name, nodes) in [
      ("train", graph.trainIndices), ("validation", graph.validationIndices), ("test", graph.testIndices),
    ] {
      for node in nodes { split[node] = name }
    }
    if split.contains(where: { $0 != nil }) {
      packing.nodeAttributes.append(AttributeColumn(name: "split", strings: split))
    }
    if graph.features.columns > 0 {
      let rows = (0..<graph.nodeCount).map { node in
        graph.features.row(node).map { entry in
          entry.value == 1 ? String(entry.column) : "\(entry.column):\(Self.text(entry.value))"
        }.joined(separator: " ")
      }
      packing.nodeAttributes.append(AttributeColumn(name: "features", strings: rows))
      packing.graphAttributes.append(AttributeColumn(name: "feature_count", integers: [Int64(graph.features.columns)]))
    }
    self.init(packing)
  }

  /// Numbers where the classes are called so, for classes are numbered by value: as strings 10 would come before 9.
  private static func labelColumn(_ graph: NodeGraph) -> AttributeColumn {
    let numbers = graph.classNames.compactMap { Int64($0) }
    guard numbers.count == graph.classNames.count, numbers == numbers.sorted(),
      zip(numbers, graph.classNames).allSatisfy({ String($0) == $1 })
    else {
      return AttributeColumn(name: "label", strings: graph.labels.map { $0 < 0 ? nil : graph.classNames[Int($0)] })
    }
    return AttributeColumn(
      name: "label", integers: graph.labels.map { $0 < 0 ? 0 : numbers[Int($0)] },
      isPresent: graph.labels.map { $0 >= 0 })
  }

  /// A text that reads as the same 32-bit number by way of a 64-bit one.
  private static func text(_ value: Float) -> String {
    let short = value.description
    return Double(short).map { Float($0) } == value ? short : Double(value).description
  }
}
