/// A graph, or several side by side, and which of its nodes are asked about.
public struct GraphBatch: InputBatch {
  public struct Shape: Hashable, Sendable, CustomStringConvertible {
    /// The width of a node's feature vector.
    public let features: Int

    public init(features: Int) { self.features = features }

    public var description: String { "\(features) features a node" }
  }

  /// The fixed part of a graph. A model may keep what it derives from it (a normalized adjacency, say) by identity.
  public final class Graph: Sendable {
    /// `[N, F]`, sparse from file to product.
    public let features: SparseMatrix
    /// `[N, N]`: row u has an entry for every node that sends to u (its in-neighbours); symmetric for undirected graphs.
    public let adjacency: SparseMatrix

    public init(features: SparseMatrix, adjacency: SparseMatrix) {
      self.features = features
      self.adjacency = adjacency
    }

    public var nodes: Int { adjacency.rows }
  }

  public let graph: Graph
  /// The nodes to predict for, int64 `[count]`.
  public let nodes: Tensor
  public let count: Int

  public init(graph: Graph, nodes: Tensor) {
    self.graph = graph
    self.nodes = nodes
    count = nodes.count
  }

  public static var exampleShape: Shape { Shape(features: 1433) }
}
