import PluginAPI

/// `cora`, `citeseer` and `pubmed`, read from `planetoid/NAME/ind.NAME.*` under the data root, with their published split or
/// one drawn like it.
public struct PlanetoidDataset: GraphDataset {
  public struct Settings: Options {
    public enum SplitKind: String, CaseIterable, Sendable {
      case published = "public"
      case random
    }

    public var normalize = true
    public var selfLoops = true
    public var split = SplitKind.published
    public var splitSeed = 0
    public var trainPerClass = 20
    public var validation = 500
    public var test = 1000

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("normalize", \.normalize, "divide each node's features by their sum"),
        Field("selfLoops", \.selfLoops, "keep edges from a node to itself, as Kipf & Welling do"),
        Field("split", \.split, choices: SplitKind.self, "the published split, or one drawn with splitSeed"),
        Field("splitSeed", \.splitSeed, in: 0...Int.max, "of split=random; --split-seed sets it too"),
        Field("trainPerClass", \.trainPerClass, in: 1...1_000_000, "training nodes of each class; split=random"),
        Field("validation", \.validation, in: 0...1_000_000, "validation nodes; split=random"),
        Field("test", \.test, in: 1...1_000_000, "test nodes; split=random"),
      ]
    }
  }

  let content: GraphExamples

  public init(_ options: Settings, source: DataSource, random: Random) throws {
    let root = try source.requireRoot()
    let graph = try Planetoid.read(source.name, dataRoot: root)
    let files = try Planetoid.files(source.name, dataRoot: root)
    content = try GraphExamples(
      graph, format: "planetoid", files: files, normalize: options.normalize,
      adjacency: graph.symmetricAdjacency(keepingSelfLoops: options.selfLoops),
      splits: options.split == .published
        ? nil
        : RandomNodeSplit.draw(
          graph.labels, perClass: options.trainPerClass, validation: options.validation, test: options.test,
          Random(seed: UInt64(options.splitSeed))["nodes"], file: files.first))
  }
}

extension Planetoid {
  /// The files of a data set, in a fixed order.
  static func files(_ name: String, dataRoot: String) throws -> [String] {
    let folder = try locate(name, dataRoot: dataRoot)
    return parts.map { "\(folder)/ind.\(name).\($0)" }
  }
}

extension GraphExamples {
  /// The nodes of one graph, to be classified.
  ///
  /// - Parameters:
  ///   - normalize: whether each node's features are divided by their sum.
  ///   - adjacency: row u has an entry for every node that sends to u.
  ///   - splits: nil: those of the graph.
  convenience init(
    _ graph: NodeGraph, format: String, files: [String], normalize: Bool, adjacency: SparseMatrix,
    splits: [Split: [Int]]? = nil
  ) throws {
    try self.init(
      GraphBatch.Graph(features: normalize ? graph.features.rowNormalized() : graph.features, adjacency: adjacency),
      level: .node, targets: .classes(graph.labels, names: graph.classNames),
      splits: splits ?? [
        .train: graph.trainIndices, .validation: graph.validationIndices, .test: graph.testIndices,
      ], files: files, described: DataInspection(format: format, graph))
  }
}
