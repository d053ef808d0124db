import PluginAPI

/// `basin data convert` for graphs.
public struct GraphConverter: DataConverter {
  public static let formats = [GraphFileFormat.graphml, .gexf].map(\.rawValue)

  public init() {}

  public func convert(_ source: DataSource, to target: ConversionTarget) throws -> ConversionReport {
    let graphs = try read(source)
    let outcome = try GraphConversion.write(
      graphs, to: target.path + (target.isFolder && !target.path.hasSuffix("/") ? "/" : ""),
      format: GraphFileFormat(rawValue: target.format))
    var content = DataInspection(format: target.format, graphs)
    content.warnings = outcome.warnings.map { .init(line: $0.line, column: $0.column, message: $0.message) }
    if !graphs.classNames.isEmpty { content.classes = graphs.classNames.count }
    return ConversionReport(files: outcome.files, content: content)
  }

  private func read(_ source: DataSource) throws -> GraphCollection {
    guard source.path != nil else {
      if source.name == "communities" { return try GraphCollectionReader.read(path: CommunitiesDataset.location()) }
      if TUDataset.published.contains(where: { $0.name == source.name }) {
        return try GraphConversion.readTU(TUDataset.locate(source, fold: 0))
      }
      return try GraphConversion.readPlanetoid(source.name, root: source.requireRoot())
    }
    let path = try source.requirePath()
    switch source.name {
    case "tu": return try GraphConversion.readTU(path)
    case "ogb": return try GraphConversion.readOGB(path)
    case "": return try GraphConversion.read(path: path)
    default:
      let graphs = try GraphCollectionReader.read(path: path)
      try graphs.check(GraphFileFormat(rawValue: source.name), path: path)
      return graphs
    }
  }
}

extension GraphCollection {
  /// - Throws: `.badData` where the files are of another format than was said.
  func check(_ expected: GraphFileFormat?, path: String) throws(BasinError) {
    guard let expected, let format, format != expected else { return }
    throw .badData(
      "holds \(format.rawValue), not \(expected.rawValue)", file: path, advice: "Write \(format.rawValue):\(path)")
  }
}
