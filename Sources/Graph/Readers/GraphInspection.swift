/// What `basin data inspect` tells of a graph file or data set.
public struct GraphInspection: Sendable, Equatable, Encodable {
  /// The format's name: `graphml`, `planetoid`.
  public var format: String
  /// The number of graphs in the file.
  public var graphs: Int
  /// The nodes of all graphs together.
  public var nodes: Int
  /// The edges of all graphs together, as the file lists them.
  public var edges: Int
  /// Whether edges have a direction where they do not say so themselves.
  public var directed: Bool
  /// The names of the node attributes.
  public var nodeAttributes: [String]
  /// The names of the edge attributes.
  public var edgeAttributes: [String]
  /// The number of classes; nil where the file has no class label.
  public var classes: Int?
  /// What was unusual about the file.
  public var warnings: [ReadWarning]

  public init(
    format: String, graphs: Int, nodes: Int, edges: Int, directed: Bool, nodeAttributes: [String],
    edgeAttributes: [String], classes: Int?, warnings: [ReadWarning]
  ) {
    self.format = format
    self.graphs = graphs
    self.nodes = nodes
    self.edges = edges
    self.directed = directed
    self.nodeAttributes = nodeAttributes
    self.edgeAttributes = edgeAttributes
    self.classes = classes
    self.warnings = warnings
  }

  /// The inspection of a single graph that was read whole.
  public init(format: String, graph: NodeGraph) {
    self.init(
      format: format, graphs: 1, nodes: graph.nodeCount, edges: graph.edgeCount, directed: graph.isDirected,
      nodeAttributes: graph.nodeAttributes, edgeAttributes: graph.edgeAttributes,
      classes: graph.classNames.isEmpty ? nil : graph.classNames.count, warnings: graph.warnings)
  }
}
