import PluginAPI

extension GraphCollection {
  /// Row u has an entry for every node that sends to u: 1, or the sum of the weights of all edges that lead there.
  ///
  /// - Parameters:
  ///   - symmetric: whether edges count both ways. An edge that is listed from both ends is one edge: only where its other end is
  ///     not listed is it put in.
  ///   - linesAreOneWay: whether an edge without direction is listed from both ends, so that each line is half of it.
  ///   - weightedBy: an edge attribute.
  /// - Throws: `BasinError` for an attribute that does not exist, or a weight that is missing, infinite or no number.
  func adjacency(
    symmetric: Bool, linesAreOneWay: Bool = false, weightedBy name: String? = nil
  ) throws(BasinError) -> SparseMatrix {
    let weights = try name.map { (name) throws(BasinError) in try self.weights(named: name) }
    var pairs: [(row: Int32, column: Int32)] = []
    pairs.reserveCapacity(edgeCount)
    var values: [Float] = []
    for edge in 0..<edgeCount {
      pairs.append((targets[edge], sources[edge]))
      if let weights { values.append(weights[edge]) }
      // An edge without direction among others that have one.
      let isOneWay = edgeIsDirected.isEmpty ? isDirected || linesAreOneWay || symmetric : edgeIsDirected[edge]
      guard !isOneWay, sources[edge] != targets[edge] else { continue }
      pairs.append((sources[edge], targets[edge]))
      if let weights { values.append(weights[edge]) }
    }
    let matrix =
      weights == nil
      ? SparseMatrix.indicator(rows: nodeCount, columns: nodeCount, pairs: pairs)
      : try SparseMatrix.summing(size: nodeCount, pairs, values)
    guard symmetric else { return matrix }
    let transposed = matrix.transposed()
    return matrix.columnIndices == transposed.columnIndices && matrix.rowPointers == transposed.rowPointers
      ? matrix : try matrix.filled(from: transposed)
  }

  private func weights(named name: String) throws(BasinError) -> [Float] {
    guard let column = edgeAttribute(named: name) else {
      throw .usage(
        "\(file) has no edge attribute `\(name)`",
        advice: edgeAttributes.isEmpty ? "It has none" : "It has: \(edgeAttributes.map(\.name).joined(separator: ", "))"
      )
    }
    var weights: [Float] = []
    weights.reserveCapacity(edgeCount)
    for edge in 0..<edgeCount {
      guard let number = column.number(edge), case let weight = Float(number), weight.isFinite else {
        throw .badData(
          "`\(name)` is \(column.text(edge) ?? "missing"), which is no weight", file: file, place: "edge \(edge)",
          advice: "Choose another edge attribute, or none, by dataset.weight")
      }
      weights.append(weight)
    }
    return weights
  }
}

extension SparseMatrix {
  /// The square matrix whose entries are the sums of the values given for them.
  static func summing(
    size: Int, _ pairs: [(row: Int32, column: Int32)], _ values: [Float]
  ) throws(BasinError) -> SparseMatrix {
    var places = [Int](repeating: 0, count: size + 1)
    for pair in pairs { places[Int(pair.row) + 1] += 1 }
    for row in 0..<size { places[row + 1] += places[row] }
    var order = [Int](repeating: 0, count: pairs.count)
    var next = places
    for (number, pair) in pairs.enumerated() {
      order[next[Int(pair.row)]] = number
      next[Int(pair.row)] += 1
    }
    var (pointers, indices, sums): ([Int], [Int32], [Float]) = ([0], [], [])
    for row in 0..<size {
      let start = indices.count
      // Equal columns keep the order of the file, so that sums are the same bits everywhere.
      for number in order[places[row]..<places[row + 1]].sorted(by: {
        (pairs[$0].column, $0) < (pairs[$1].column, $1)
      }) {
        if indices.count > start, indices[indices.count - 1] == pairs[number].column {
          sums[sums.count - 1] += values[number]
        } else {
          indices.append(pairs[number].column)
          sums.append(values[number])
        }
      }
      pointers.append(indices.count)
    }
    return try SparseMatrix(rows: size, columns: size, rowPointers: pointers, columnIndices: indices, values: sums)
  }

  /// This matrix, with the entries of another one of the same size wherever this one has none.
  func filled(from other: SparseMatrix) throws(BasinError) -> SparseMatrix {
    var (pointers, indices, merged): ([Int], [Int32], [Float]) = ([0], [], [])
    for row in 0..<rows {
      var (mine, theirs) = (rowPointers[row], other.rowPointers[row])
      let (myEnd, theirEnd) = (rowPointers[row + 1], other.rowPointers[row + 1])
      while mine < myEnd || theirs < theirEnd {
        let takesMine = theirs == theirEnd || mine < myEnd && columnIndices[mine] <= other.columnIndices[theirs]
        if takesMine {
          if theirs < theirEnd, columnIndices[mine] == other.columnIndices[theirs] { theirs += 1 }
          indices.append(columnIndices[mine])
          merged.append(values[mine])
          mine += 1
        } else {
          indices.append(other.columnIndices[theirs])
          merged.append(other.values[theirs])
          theirs += 1
        }
      }
      pointers.append(indices.count)
    }
    return try SparseMatrix(rows: rows, columns: columns, rowPointers: pointers, columnIndices: indices, values: merged)
  }
}
