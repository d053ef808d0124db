import PluginAPI

/// Graph files of one's own: `graphml:PATH`, `gexf:PATH`, `gxl:PATH`. The nodes of one graph, or whole graphs.
///
/// PATH is a file, a listing of files (CXL), a folder, an archive, or a place inside one.
public struct GraphFileDataset: GraphDataset {
  public enum Level: String, CaseIterable, Sendable { case auto, node, graph }

  public struct Settings: Options {
    public var level = Level.auto
    public var label = ""
    var task = Targets.Kind.auto
    public var split = "split"
    public var features = ""
    var maximumDegree = 500
    public var normalize = false
    public var symmetric = false
    public var weight = ""
    public var edgeFeatures = "none"

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field(
          "level", \.level, choices: Level.self,
          "what an example is; auto: a node where there is one graph, else a graph"),
        Field(
          "label", text: \.label,
          "attribute of nodes or graphs with the class, or several by commas; empty: the first that looks like one"),
        Field(
          "task", \.task, choices: Targets.Kind.self,
          "what the targets are; auto: classes, for several attributes numbers"),
        Field(
          "split", text: \.split, "attribute with train, validation or test; without it all examples are for training"),
        Field(
          "features", text: \.features,
          "node attributes that are features, by commas, or degree, or constant; empty: all that can be"),
        Field("maximumDegree", \.maximumDegree, in: 1...100_000, "the last feature of `degree` counts all above"),
        Field("normalize", \.normalize, "divide each node's features by their sum"),
        Field("symmetric", \.symmetric, "let edges of a directed graph count both ways"),
        Field("weight", text: \.weight, "edge attribute that weighs edges; empty: every edge counts 1"),
        Field(
          "edgeFeatures", text: \.edgeFeatures,
          "what of edges are features, by commas: labels, attributes, categories; none; empty: labels, attributes"),
      ]
    }
  }

  let content: GraphExamples

  /// By the path alone: a file is taken for one graph, a folder, an archive or a listing for many.
  public static func exampleKind(_ options: Settings, source: DataSource) -> String? {
    if options.level != .auto { return options.level.rawValue }
    let path = source.path ?? ""
    let place = try? GraphFolder.find(path)
    let isOneFile = place.map { $0.file != nil } ?? true
    return (isOneFile && !GraphFolder.isListing(path) ? GraphBatch.Level.node : .graph).rawValue
  }

  public init(_ options: Settings, source: DataSource, random: Random) throws {
    try self.init(options, path: source.requirePath(), format: GraphFileFormat(rawValue: source.name))
  }

  init(_ options: Settings, path: String, format: GraphFileFormat?) throws {
    let read = try GraphCollectionReader.read(path: path)
    try read.check(format, path: path)
    let isOneGraph = read.graphCount == 1 && read.classNames.isEmpty
    let level: GraphBatch.Level =
      switch options.level {
      case .auto: isOneGraph ? .node : .graph
      case .node: .node
      case .graph: .graph
      }
    guard level == .graph || read.graphCount == 1 else {
      throw BasinError.usage(
        "\(path) holds \(read.graphCount) graphs: its nodes cannot be one data set",
        advice: "Give a file with one graph, or take whole graphs with --set dataset.level=graph")
    }
    let reading = GraphFileTask(graphs: AttributedGraph(read), level: level, options: options)
    var warnings: [ReadWarning] = []
    let (targets, splits) = try reading.targets()
    let adjacency = try read.adjacency(
      symmetric: options.symmetric, weightedBy: options.weight.isEmpty ? nil : options.weight)
    let features = try reading.features(adjacency, &warnings)
    let normalized = options.normalize ? features.rowNormalized() : features
    content = try GraphExamples(
      GraphBatch.Graph(
        features: normalized, adjacency: adjacency, graphPointers: level == .node ? nil : read.nodePointers,
        edgeFeatures: read.edgeFeatures(options.edgeFeatures, of: adjacency, besides: options.weight)),
      level: level, targets: targets, splits: splits, files: GraphFolder.filesOnDisk(of: path),
      described: DataInspection(format: read.format?.rawValue ?? "graph", read, structure: warnings),
      advice: reading.labelAdvice)
  }
}
