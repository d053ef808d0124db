import PluginAPI

/// `cora`, `citeseer` and `pubmed` with their published splits, read from `planetoid/NAME/ind.NAME.*` under the data
/// root.
public struct PlanetoidDataset: NodeDataset {
  public struct Settings: Options {
    public var normalize = true
    public var selfLoops = true

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("normalize", \.normalize, "divide each node's features by their sum"),
        Field("selfLoops", \.selfLoops, "keep edges from a node to itself, as Kipf & Welling do"),
      ]
    }
  }

  let content: NodeClassification

  public init(_ options: Settings, source: DataSource, random: Random) throws {
    let root = try source.requireRoot()
    let graph = try Planetoid.read(source.name, dataRoot: root)
    content = try NodeClassification(
      graph, format: "planetoid", files: try Planetoid.files(source.name, dataRoot: root), normalize: options.normalize,
      adjacency: graph.symmetricAdjacency(keepingSelfLoops: options.selfLoops))
  }
}

extension Planetoid {
  /// The files of a data set, in a fixed order.
  static func files(_ name: String, dataRoot: String) throws -> [String] {
    let folder = try locate(name, dataRoot: dataRoot)
    return parts.map { "\(folder)/ind.\(name).\($0)" }
  }
}
