import PluginAPI

/// Nodes or graphs of a folder of the Open Graph Benchmark: `ogb:FOLDER`.
public struct OGBDataset: GraphDataset {
  public struct Settings: Options {
    var split = ""
    var features = "attributes"
    var maximumDegree = 500
    var standardize = false
    var task = Targets.Kind.auto
    var weight = ""
    var edgeFeatures = ""
    var symmetric = true

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("split", text: \.split, "folder under split/; empty: the only one"),
        Field(
          "features", text: \.features,
          "by commas: attributes, categories (a feature for each value of an attribute), degree, constant"),
        Field("maximumDegree", \.maximumDegree, in: 1...100_000, "the last feature of `degree` counts all above"),
        Field("standardize", \.standardize, "bring attributes to mean 0 and deviation 1 over the training examples"),
        Field("task", \.task, choices: Targets.Kind.self, "what the targets are"),
        Field("weight", text: \.weight, "edge attribute that weighs edges; empty: every edge counts 1"),
        Field(
          "edgeFeatures", text: \.edgeFeatures,
          "what of edges are features, by commas: labels, attributes, categories; none; empty: labels, attributes"),
        Field("symmetric", \.symmetric, "let every edge count both ways, as most users of these sets do"),
      ]
    }
  }

  let content: GraphExamples

  public static func exampleKind(_ options: Settings, source: DataSource) -> String? {
    let path = source.path ?? ""
    return (OGBReader.hasGraphTargets(path) ? GraphBatch.Level.graph : .node).rawValue
  }

  public init(_ options: Settings, source: DataSource, random: Random) throws {
    let path = try source.requirePath()
    let read = try OGBReader(path: path, scheme: options.split.isEmpty ? nil : options.split)
    let adjacency = try read.graphs.adjacency(
      symmetric: options.symmetric, linesAreOneWay: true, weightedBy: options.weight.isEmpty ? nil : options.weight)
    var features = NodeFeatures(nodes: read.graphs.nodeCount)
    for kind in try NodeFeatures.Kind.list(options.features) {
      switch kind {
      case .attributes: for column in 0..<read.features.columns { features.add(numbers: read.features.column(column)) }
      case .categories:
        for column in 0..<read.features.columns {
          try features.add(
            categories: read.features.column(column).map { Double($0) }, named: "feature \(column)", path)
        }
      case .degree: features.add(degreesOf: adjacency, upTo: options.maximumDegree)
      case .constant: features.add(numbers: [Float](repeating: 1, count: read.graphs.nodeCount))
      case .labels: throw BasinError.usage("nodes of \(path) have no labels for features")
      }
    }
    guard features.width > 0 else {
      throw BasinError.usage(
        "nodes of \(path) have no attributes", advice: "Make features by --set dataset.features=degree, or constant")
    }
    let targets = try Targets(read.targets, options.task, file: path)
    let items = read.level == .graph ? read.graphs.graphCount : read.graphs.nodeCount
    var described = DataInspection(
      format: "ogb", read.graphs, structure: read.graphs.structureWarnings(listingBothEnds: false))
    described.directed = !options.symmetric
    described.nodeAttributes = (0..<read.features.columns).map { "attribute.\($0)" }
    let missing = read.targets.values.count { $0.isNaN }
    if missing > 0 {
      described.warnings.append(.init(message: "\(missing) of \(read.targets.values.count) targets are not known"))
    }
    content = try GraphExamples(
      GraphBatch.Graph(
        features: features.matrix(), adjacency: adjacency,
        graphPointers: read.level == .graph ? read.graphs.nodePointers : nil,
        edgeFeatures: read.graphs.edgeFeatures(options.edgeFeatures, of: adjacency, besides: options.weight)),
      level: read.level, targets: targets,
      splits: read.splits.isEmpty ? [.train: Array(0..<items)] : read.splits, files: read.files,
      described: described, unscaled: options.standardize ? features : nil)
  }
}
