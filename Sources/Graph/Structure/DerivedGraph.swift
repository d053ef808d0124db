import PluginAPI

/// How much the neighbours of a node count in its sums.
public enum Weighting: String, Hashable, Sendable {
  /// D^-1/2 (A + I) D^-1/2 (Kipf and Welling 2017).
  case renormalized
  /// Each edge's weight.
  case sum
  /// Each edge's weight, and 1 for the node itself: A + I.
  case sumWithSelf
  /// Each edge's weight by the sum of them over the node's neighbours.
  case mean
  /// All the same, the node itself among them: for attention, which makes weights of its own.
  case looped
}

/// What a network derives from a graph once.
final class DerivedGraph {
  let graph: GraphBatch.Graph
  /// The features, sparse.
  let rows: CompressedRows
  /// Whether features are better taken as dense rows: few columns, or most of them filled.
  let isDense: Bool
  /// The graph, where its edges have features.
  var ofFeaturedEdges: GraphBatch.Graph? { graph.edgeFeatures == nil ? nil : graph }
  private var adjacencies: [Weighting: CompressedRows] = [:]
  /// -1 for every node, between uses.
  var position: [Int32]

  init(_ graph: GraphBatch.Graph) throws {
    guard graph.features.rows == graph.adjacency.rows else {
      throw BasinError.badData("features of \(graph.features.rows) nodes do not fit a graph of \(graph.adjacency.rows)")
    }
    self.graph = graph
    rows = try CompressedRows(graph.features)
    let size = graph.features.rows * graph.features.columns
    isDense = graph.features.columns <= 64 || 4 * graph.features.entryCount > size
    position = [Int32](repeating: -1, count: graph.nodes)
  }

  func adjacency(_ weighting: Weighting) throws -> CompressedRows {
    if let known = adjacencies[weighting] { return known }
    let matrix =
      switch weighting {
      case .renormalized: try graph.adjacency.renormalized()
      case .sum: graph.adjacency
      case .sumWithSelf: try graph.adjacency.addingIdentity()
      case .mean: graph.adjacency.rowNormalized()
      case .looped: try graph.adjacency.withSelfLoops()
      }
    let made = try CompressedRows(matrix)
    adjacencies[weighting] = made
    return made
  }

  /// The nodes of the graphs of a batch, graph by graph.
  ///
  /// - Throws: `BasinError` for a graph that is not there.
  func ranges(_ graphs: [Int64]) throws -> [Range<Int>] {
    try graphs.map { number in
      guard number >= 0, number < graph.graphs else {
        throw BasinError.internalError("graph \(number) is asked about, but there are graphs 0 to \(graph.graphs - 1)")
      }
      return graph.graphPointers[Int(number)]..<graph.graphPointers[Int(number) + 1]
    }
  }
}

extension SparseMatrix {
  /// A + I.
  ///
  /// - Throws: `BasinError` where the matrix is not square.
  func addingIdentity() throws -> SparseMatrix {
    let looped = try withSelfLoops()
    var sums = looped.values
    for row in 0..<rows {
      var entry = rowPointers[row]
      for place in looped.rowPointers[row]..<looped.rowPointers[row + 1] {
        let column = looped.columnIndices[place]
        var value: Float = Int(column) == row ? 1 : 0
        if entry < rowPointers[row + 1], columnIndices[entry] == column {
          value += values[entry]
          entry += 1
        }
        sums[place] = value
      }
    }
    return try SparseMatrix(
      rows: rows, columns: columns, rowPointers: looped.rowPointers, columnIndices: looped.columnIndices, values: sums)
  }

  /// The same entries with one of every row on the diagonal, all of value 1.
  ///
  /// - Throws: `BasinError` where the matrix is not square.
  func withSelfLoops() throws -> SparseMatrix {
    guard rows == columns else { throw BasinError.badData("an adjacency of \(rows) x \(columns) is not square") }
    var pointers = [0]
    var indices: [Int32] = []
    pointers.reserveCapacity(rows + 1)
    indices.reserveCapacity(entryCount + rows)
    for row in 0..<rows {
      let own = Int32(truncatingIfNeeded: row)
      var looped = false
      for column in columnIndices[rowPointers[row]..<rowPointers[row + 1]] {
        if !looped, column >= own {
          looped = true
          indices.append(own)
        }
        if column != own { indices.append(column) }
      }
      if !looped { indices.append(own) }
      pointers.append(indices.count)
    }
    return try SparseMatrix(
      rows: rows, columns: columns, rowPointers: pointers, columnIndices: indices,
      values: [Float](repeating: 1, count: indices.count))
  }
}
