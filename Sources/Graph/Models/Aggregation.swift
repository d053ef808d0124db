import PluginAPI

/// One step of message passing: the rows of a normalized adjacency for some nodes, over the nodes they need.
public final class Aggregation: @unchecked Sendable {
  /// The nodes whose sums are wanted, `[R]`, as row numbers of the whole graph.
  public let outputs: [Int32]
  /// The nodes that send to them, `[C]`, rising.
  public let inputs: [Int32]
  /// `[R, C]`.
  public let forward: CompressedRows
  /// `[C, R]`, the transpose.
  public let backward: CompressedRows
  /// ``outputs`` in memory that does not move.
  let nodes: UnsafeMutablePointer<Int32>

  /// - Parameter position: -1 for every node of the graph; used and left so.
  init(outputs: [Int32], of adjacency: SparseMatrix, position: inout [Int32]) throws {
    var inputs: [Int32] = []
    var entries = 0
    for node in outputs {
      for entry in adjacency.rowPointers[Int(node)]..<adjacency.rowPointers[Int(node) + 1] {
        let sender = adjacency.columnIndices[entry]
        entries += 1
        guard position[Int(sender)] < 0 else { continue }
        position[Int(sender)] = 0
        inputs.append(sender)
      }
    }
    inputs.sort()
    for (index, node) in inputs.enumerated() { position[Int(node)] = Int32(truncatingIfNeeded: index) }
    var pointers = [0]
    var columns: [Int32] = []
    var values: [Float] = []
    pointers.reserveCapacity(outputs.count + 1)
    columns.reserveCapacity(entries)
    values.reserveCapacity(entries)
    for node in outputs {
      for entry in adjacency.rowPointers[Int(node)]..<adjacency.rowPointers[Int(node) + 1] {
        columns.append(position[Int(adjacency.columnIndices[entry])])
        values.append(adjacency.values[entry])
      }
      pointers.append(columns.count)
    }
    for node in inputs { position[Int(node)] = -1 }
    let matrix = try SparseMatrix(
      rows: outputs.count, columns: inputs.count, rowPointers: pointers, columnIndices: columns, values: values)
    self.outputs = outputs
    self.inputs = inputs
    forward = try CompressedRows(matrix)
    backward = try CompressedRows(matrix.transposed())
    nodes = .allocate(capacity: max(outputs.count, 1))
    nodes.initialize(from: outputs, count: outputs.count)
  }

  deinit { nodes.deallocate() }
}
