/// Some nodes of a graph, or some of many graphs, to predict for.
public struct GraphBatch: InputBatch {
  /// What an example is: a node, or a whole graph.
  public enum Level: String, Hashable, Sendable { case node, graph }

  /// What a graph model must know of the data before it is made.
  public struct Shape: Hashable, Sendable, CustomStringConvertible {
    /// The width of a node's feature vector.
    public let features: Int
    /// What an example is.
    public let level: Level
    /// Nodes a graph, on average; models that pool to a part of the nodes take their sizes from it.
    public let meanNodes: Double
    /// The width of an edge's feature vector; 0 where edges have none.
    public let edgeFeatures: Int

    /// Widths of features, and what an example is.
    public init(features: Int, level: Level = .node, meanNodes: Double = 0, edgeFeatures: Int = 0) {
      self.features = features
      self.level = level
      self.meanNodes = meanNodes
      self.edgeFeatures = edgeFeatures
    }

    /// In words, for people.
    public var description: String {
      let ofEdges = edgeFeatures > 0 ? ", \(edgeFeatures) an edge" : ""
      return "\(features) features a node" + ofEdges + (level == .graph ? ", many graphs" : "")
    }
  }

  /// The fixed part of a data set: one graph, or all its graphs packed one behind the other, so that a batch of graphs
  /// is a list of numbers and no graph an object. A model may keep what it derives from it (a normalized adjacency,
  /// say) by identity.
  public final class Graph: Sendable {
    /// `[N, F]`, sparse from file to product.
    public let features: SparseMatrix
    /// `[N, N]`: row u has an entry for every node that sends to u (its in-neighbours), its value the edge's weight;
    /// symmetric for undirected graphs.
    public let adjacency: SparseMatrix
    /// Where each graph's nodes begin, `[G + 1]`: graph g has the nodes `graphPointers[g] ..< graphPointers[g + 1]`,
    /// and no edge leads out of it. `[0, N]` for a single graph.
    public let graphPointers: [Int]
    /// `[E, W]`: a row for each entry of the adjacency, in its order; nil where edges have no features.
    public let edgeFeatures: SparseMatrix?

    /// A single graph of matrices that fit: N x F and N x N.
    public init(features: SparseMatrix, adjacency: SparseMatrix) {
      self.features = features
      self.adjacency = adjacency
      graphPointers = [0, adjacency.rows]
      edgeFeatures = nil
    }

    /// Graphs packed one behind the other.
    ///
    /// - Parameters:
    ///   - graphPointers: nil: one graph.
    ///   - edgeFeatures: a row for each entry of the adjacency.
    /// - Throws: `BasinError` of kind `.badData` where the sizes do not fit together or an edge leads out of its graph.
    public init(
      features: SparseMatrix, adjacency: SparseMatrix, graphPointers: [Int]? = nil, edgeFeatures: SparseMatrix? = nil
    ) throws {
      let graphPointers = graphPointers ?? [0, adjacency.rows]
      if let rows = edgeFeatures?.rows, rows != adjacency.entryCount {
        throw BasinError.badData(
          "features of \(rows) edges do not fit an adjacency of \(adjacency.entryCount) entries")
      }
      guard let last = graphPointers.last, graphPointers.first == 0, last == adjacency.rows,
        adjacency.rows == adjacency.columns, features.rows == adjacency.rows
      else {
        throw BasinError.badData(
          "features of \(features.rows) nodes, an adjacency of \(adjacency.rows) x \(adjacency.columns) and graphs of "
            + "\(graphPointers.last ?? 0) nodes do not fit together")
      }
      for graph in 0..<graphPointers.count - 1 {
        let nodes = graphPointers[graph]..<max(graphPointers[graph], graphPointers[graph + 1])
        guard graphPointers[graph] <= graphPointers[graph + 1], nodes.upperBound <= last else {
          throw BasinError.badData("graph \(graph) would begin at node \(graphPointers[graph]) and end before it")
        }
        let entries = adjacency.rowPointers[nodes.lowerBound]..<adjacency.rowPointers[nodes.upperBound]
        for entry in entries where !nodes.contains(Int(adjacency.columnIndices[entry])) {
          throw BasinError.badData("an edge leads from graph \(graph) to node \(adjacency.columnIndices[entry]) outside it")
        }
      }
      self.features = features
      self.adjacency = adjacency
      self.graphPointers = graphPointers
      self.edgeFeatures = edgeFeatures
    }

    /// Nodes of all graphs together.
    public var nodes: Int { adjacency.rows }
    /// Graphs.
    public var graphs: Int { graphPointers.count - 1 }
  }

  /// The fixed part, the same object in every batch of a data set.
  public let graph: Graph
  /// What an example is.
  public let level: Level
  /// What to predict for, int64 `[count]`: numbers of nodes or of graphs, as ``level`` says.
  public let items: Tensor
  /// Nodes or graphs to predict for.
  public let count: Int

  /// Some nodes, int64 `[count]`.
  public init(graph: Graph, nodes: Tensor) {
    self.graph = graph
    level = .node
    items = nodes
    count = nodes.count
  }

  /// Some graphs, int64 `[count]`.
  public init(graph: Graph, graphs: Tensor) {
    self.graph = graph
    level = .graph
    items = graphs
    count = graphs.count
  }

  /// That of Cora.
  public static var exampleShape: Shape { Shape(features: 1433) }

  public func disagreement(with shape: Shape) throws -> String? {
    if graph.features.columns != shape.features {
      return "\(graph.features.columns) features a node instead of \(shape.features)"
    }
    if level != shape.level { return "an example is a \(level.rawValue) instead of a \(shape.level.rawValue)" }
    let edgeFeatures = graph.edgeFeatures?.columns ?? 0
    if edgeFeatures != shape.edgeFeatures { return "\(edgeFeatures) features an edge instead of \(shape.edgeFeatures)" }
    let items = 0..<Int64(level == .node ? graph.nodes : graph.graphs)
    guard let stray = try self.items.to(.cpu).values(Int64.self).first(where: { !items.contains($0) }) else { return nil }
    return "\(level.rawValue) \(stray) of \(items.upperBound)"
  }
}
