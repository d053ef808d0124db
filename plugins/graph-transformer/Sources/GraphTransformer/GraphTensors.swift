import PluginAPI

/// Nodes and edges of a graph, or of some of many graphs, as tensors.
struct GraphTensors {
  /// `[N, F]`, dense.
  let features: Tensor
  let edges: EdgeTensors
  /// The graph each node belongs to, by its place in the batch, int64 `[N]`.
  let owners: Tensor
  /// Nodes of each graph of the batch.
  let sizes: [Int]

  /// The whole of a graph.
  init(_ graph: GraphBatch.Graph, on device: Device) throws {
    try self.init(graph, ranges: [0..<graph.nodes], on: device)
  }

  /// Some of a packing's graphs, one behind the other.
  ///
  /// - Throws: `BasinError` for a graph that is not there.
  init(_ graph: GraphBatch.Graph, graphs: [Int64], on device: Device) throws {
    let ranges = try graphs.map { number in
      guard number >= 0, number < graph.graphs else {
        throw BasinError.internalError("graph \(number) is asked about, but there are graphs 0 to \(graph.graphs - 1)")
      }
      return graph.graphPointers[Int(number)]..<graph.graphPointers[Int(number) + 1]
    }
    try self.init(graph, ranges: ranges, on: device)
  }

  private init(_ graph: GraphBatch.Graph, ranges: [Range<Int>], on device: Device) throws {
    sizes = ranges.map(\.count)
    let nodes = sizes.reduce(0, +), columns = graph.features.columns, adjacency = graph.adjacency
    var dense = [Float](repeating: 0, count: nodes * columns)
    var sources: [Int64] = [], targets: [Int64] = [], owners: [Int64] = [], entries: [Int] = []
    owners.reserveCapacity(nodes)
    var begin = 0
    for (place, range) in ranges.enumerated() {
      for node in range {
        let own = begin + node - range.lowerBound
        owners.append(Int64(place))
        for entry in graph.features.rowPointers[node]..<graph.features.rowPointers[node + 1] {
          dense[own * columns + Int(graph.features.columnIndices[entry])] = graph.features.values[entry]
        }
        for entry in adjacency.rowPointers[node]..<adjacency.rowPointers[node + 1] {
          sources.append(Int64(begin + Int(adjacency.columnIndices[entry]) - range.lowerBound))
          targets.append(Int64(own))
          entries.append(entry)
        }
      }
      begin += range.count
    }
    features = try Tensor(dense, shape: [nodes, columns]).to(device)
    self.owners = try Tensor(owners).to(device)
    edges = EdgeTensors(
      sources: try Tensor(sources).to(device), targets: try Tensor(targets).to(device),
      features: try graph.edgeFeatures.map { try Self.rows(entries, of: $0).to(device) }, nodes: nodes)
  }

  private static func rows(_ rows: [Int], of matrix: SparseMatrix) throws -> Tensor {
    var dense = [Float](repeating: 0, count: rows.count * matrix.columns)
    for (place, row) in rows.enumerated() {
      for (column, value) in matrix.row(row) { dense[place * matrix.columns + column] = value }
    }
    return try Tensor(dense, shape: [rows.count, matrix.columns])
  }
}
