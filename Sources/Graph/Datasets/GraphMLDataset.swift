import PluginAPI

/// The nodes of a GraphML file: `graphml:FILE`.
public struct GraphMLDataset: GraphDataset {
  public struct Settings: Options {
    public var label = ""
    public var split = "split"
    public var features = ""
    public var normalize = false
    public var symmetric = false

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("label", text: \.label, "node attribute with the class; empty: the first that looks like one"),
        Field(
          "split", text: \.split, "node attribute with train, validation or test; without it all nodes are for training"
        ),
        Field("features", text: \.features, "node attributes that are features, by commas; empty: all that can be"),
        Field("normalize", \.normalize, "divide each node's features by their sum"),
        Field("symmetric", \.symmetric, "let edges of a directed graph count both ways"),
      ]
    }
  }

  let content: GraphExamples

  public init(_ options: Settings, source: DataSource, random: Random) throws {
    try self.init(options, path: source.requirePath())
  }

  init(_ options: Settings, path: String) throws {
    let chosen = options.features.split(separator: ",").map { String($0).trimmingBlanks }.filter { !$0.isEmpty }
    let reading = NodeGraphOptions(
      labelAttribute: options.label.isEmpty ? nil : options.label, splitAttribute: options.split,
      featureAttributes: chosen.isEmpty ? nil : chosen)
    var graph = try GraphMLReader.read(path: path).nodeGraph(reading)
    if graph.trainIndices.isEmpty {
      guard graph.validationIndices.isEmpty, graph.testIndices.isEmpty else {
        throw BasinError.badData(
          "no node is for training", file: path, advice: "Mark some nodes `train` in attribute \(options.split)")
      }
      graph.trainIndices = graph.labels.indices.filter { graph.labels[$0] >= 0 }
    }
    let adjacency =
      graph.isDirected && !options.symmetric ? graph.receivedFrom() : graph.symmetricAdjacency()
    content = try GraphExamples(
      graph, format: "graphml", files: [path], normalize: options.normalize, adjacency: adjacency)
  }
}

extension NodeGraph {
  /// The 0/1 matrix `[N, N]` whose row u has an entry for every node with an edge to u.
  func receivedFrom() -> SparseMatrix {
    SparseMatrix.indicator(
      rows: nodeCount, columns: nodeCount, pairs: zip(targets, sources).map { (row: $0, column: $1) })
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
