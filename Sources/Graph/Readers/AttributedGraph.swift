import PluginAPI

/// A graph with attributes, as a file such as GraphML holds it, before any decision about what is a feature or a label.
public struct AttributedGraph: Sendable {
  /// The graph as a collection of one, or of none where the document holds no graph.
  var packing: GraphCollection

  /// The name errors carry.
  public var file: String { packing.file }
  /// What the file is written in; nil where it is no graph file.
  public var format: GraphFileFormat? { packing.format }
  /// The source node of every edge in file order, `[E]`.
  public var sources: [Int32] { packing.sources }
  /// The target node of every edge in file order, `[E]`.
  public var targets: [Int32] { packing.targets }
  /// Whether edges have a direction unless they say otherwise (`edgedefault`).
  public var isDirected: Bool { packing.isDirected }
  /// Whether each edge has a direction, `[E]`, where they are mixed; empty where all are as ``isDirected`` says.
  public var edgeIsDirected: [Bool] { packing.edgeIsDirected }
  /// How many edges say otherwise than ``isDirected``.
  public var edgesAgainstDefault: Int { packing.edgesAgainstDefault }
  /// The node attributes in the order they are declared.
  public var nodeAttributes: [AttributeColumn] { packing.nodeAttributes }
  /// The edge attributes in the order they are declared.
  public var edgeAttributes: [AttributeColumn] { packing.edgeAttributes }
  /// The attributes of the graph itself, each a column of one element.
  public var graphAttributes: [AttributeColumn] { packing.graphAttributes }
  /// How many graphs the file holds side by side; the first is the one read.
  public var graphCount: Int { packing.totalGraphCount }
  /// The nodes of all graphs of the file.
  public var totalNodeCount: Int { packing.totalNodeCount }
  /// The edges of all graphs of the file.
  public var totalEdgeCount: Int { packing.totalEdgeCount }
  /// What was unusual about the file.
  public var warnings: [ReadWarning] { packing.warnings }

  init(_ packing: GraphCollection) { self.packing = packing }

  /// N, isolated nodes included.
  public var nodeCount: Int { packing.nodeCount }
  /// E, as the file lists them.
  public var edgeCount: Int { packing.edgeCount }
  /// The id of a node in the file.
  public func nodeID(_ node: Int) -> String { packing.nodeID(node) }
}
