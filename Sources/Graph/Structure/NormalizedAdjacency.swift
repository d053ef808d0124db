import PluginAPI

extension SparseMatrix {
  /// D^-1/2 (A + I) D^-1/2 with D the row sums of A + I: the renormalization of Kipf & Welling (2017).
  ///
  /// A node that the matrix joins to itself gets 2 on the diagonal before scaling, as in their code. For a directed
  /// graph D is the number of in-neighbours on both sides, as in PyTorch Geometric. A row whose sum is not positive
  /// becomes 0.
  ///
  /// - Throws: `BasinError` where the matrix is not square.
  public func renormalized() throws -> SparseMatrix {
    guard rows == columns else { throw BasinError.badData("an adjacency of \(rows) x \(columns) is not square") }
    var pointers = [0]
    var indices: [Int32] = []
    var entries: [Float] = []
    var scale = [Double](repeating: 0, count: rows)
    pointers.reserveCapacity(rows + 1)
    indices.reserveCapacity(entryCount + rows)
    entries.reserveCapacity(entryCount + rows)
    for row in 0..<rows {
      let own = Int32(truncatingIfNeeded: row)
      var sum = 1.0
      var looped = false
      for entry in rowPointers[row]..<rowPointers[row + 1] {
        let column = columnIndices[entry]
        if !looped, column >= own {
          looped = true
          indices.append(own)
          entries.append(column == own ? values[entry] + 1 : 1)
        }
        if column != own {
          indices.append(column)
          entries.append(values[entry])
        }
        sum += Double(values[entry])
      }
      if !looped {
        indices.append(own)
        entries.append(1)
      }
      scale[row] = sum > 0 ? 1 / sum.squareRoot() : 0
      pointers.append(indices.count)
    }
    for row in 0..<rows {
      for entry in pointers[row]..<pointers[row + 1] {
        entries[entry] = Float(scale[row] * Double(entries[entry]) * scale[Int(indices[entry])])
      }
    }
    return try SparseMatrix(
      rows: rows, columns: columns, rowPointers: pointers, columnIndices: indices, values: entries)
  }
}
