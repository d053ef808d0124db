import PluginAPI

/// The nodes that a batch needs and the edges among them, as tensors.
public final class Neighbourhood {
  let graph: GraphBatch.Graph
  /// `[nodes, F]`, float32.
  let features: Tensor
  /// Of whole graphs: where the nodes of each begin, one number more than there are graphs.
  let offsets: [Int]
  // Edge e brings `shares[e]` times the row of node `senders[e]` to node `receivers[e]`, int64 `[edges]`.
  private let senders, receivers: Tensor
  /// `[edges, 1]`: those of a receiver sum to 1.
  private let shares: Tensor

  /// All nodes of the graph.
  public convenience init(ofAllNodesIn batch: GraphBatch) throws {
    let graph = batch.graph
    try self.init(graph, ranges: [0..<graph.nodes], device: batch.items.device)
  }

  /// The nodes of the graphs of the batch, one behind the other in the batch's order.
  public convenience init(ofGraphsIn batch: GraphBatch) throws {
    let pointers = batch.graph.graphPointers
    let ranges = try batch.items.to(.cpu).values(Int64.self).map { pointers[Int($0)]..<pointers[Int($0) + 1] }
    try self.init(batch.graph, ranges: ranges, device: batch.items.device)
  }

  /// - Parameter ranges: of nodes that no edge leads out of.
  private init(_ graph: GraphBatch.Graph, ranges: [Range<Int>], device: Device) throws {
    self.graph = graph
    var offsets = [0]
    var values: [Float] = []
    var senders: [Int64] = [], receivers: [Int64] = []
    var shares: [Float] = []
    let width = graph.features.columns
    for range in ranges {
      // How far the nodes of this range move on their way into the batch.
      let shift = (offsets.last ?? 0) - range.lowerBound
      for node in range {
        var row = [Float](repeating: 0, count: width)
        for (column, value) in graph.features.row(node) { row[column] = value }
        values += row
        let edges = graph.adjacency.row(node)
        let total = edges.reduce(0) { $0 + $1.value }
        for edge in edges {
          senders.append(Int64(edge.column + shift))
          receivers.append(Int64(node + shift))
          shares.append(total == 0 ? 0 : edge.value / total)
        }
      }
      offsets.append(range.upperBound + shift)
    }
    self.offsets = offsets
    features = try Tensor(values, shape: [offsets.last ?? 0, width]).to(device)
    self.senders = try Tensor(senders).to(device)
    self.receivers = try Tensor(receivers).to(device)
    self.shares = try Tensor(shares, shape: [shares.count, 1]).to(device)
  }

  /// For each node the mean of its neighbours' rows, 0 where it has none: `[nodes, D]`, same shape out.
  public func mean(_ x: Tensor) throws -> Tensor {
    try Tensor.zeros(x.shape, x.dtype, device: x.device).addingRows(receivers, x.rows(senders) * shares)
  }
}
