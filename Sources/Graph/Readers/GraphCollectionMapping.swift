import PluginAPI

extension GraphCollection {
  /// The collection with classes and splits taken from graph attributes, where listings did not give them.
  ///
  /// - Throws: ``BasinError``: `.usage` for an attribute that does not exist, `.badData` for a class that is no
  ///   finite number or an
  ///   unknown split.
  public func mapped(_ mapping: GraphMapping.Graphs = GraphMapping.Graphs()) throws(BasinError) -> GraphCollection {
    var result = self
    if let column = try labelColumn(mapping.labelAttribute) {
      (result.labels, result.classNames) = try column.classes { graph in
        .badData(
          "`\(column.name)` is not a finite number", file: file, place: place(graph), advice: "Correct the value")
      }
    }
    if !hasSplits, let column = graphAttribute(named: mapping.splitAttribute) {
      let parts = try column.splits(mapping.splitNames) { graph, value in
        .badData(
          "`\(column.name)` is \"\(value.prefix(60))\"", file: file, place: place(graph),
          advice: "Use train, validation, test or none, or name the values in a mapping")
      }
      (result.trainIndices, result.validationIndices, result.testIndices) = (parts[0], parts[1], parts[2])
    }
    return result
  }

  private func place(_ graph: Int) -> String {
    graphNames.indices.contains(graph) && !graphNames[graph].isEmpty
      ? "graph \"\(graphNames[graph])\"" : "graph \(graph)"
  }

  private func labelColumn(_ name: String?) throws(BasinError) -> AttributeColumn? {
    if name == "none" { return nil }
    if let name {
      guard let column = graphAttribute(named: name) else {
        throw .usage(
          "\(file) has no graph attribute `\(name)`",
          advice: "It has: \(graphAttributes.map(\.name).joined(separator: ", "))")
      }
      return column
    }
    guard labels.isEmpty else { return nil }
    return NodeGraphOptions.labelNames.lazy.compactMap { self.graphAttribute(named: $0) }.first { $0.looksLikeClass }
  }
}
