import PluginAPI

extension GraphCollection {
  /// The features of the entries of an adjacency that was made of these edges, `[entries, W]`; nil where edges have
  /// none.
  ///
  /// An entry that several edges make (parallel ones) has the sum of theirs. One that is there only because edges count
  /// both ways has those of the entry across the diagonal.
  ///
  /// - Parameters:
  ///   - words: kinds of features, by commas; empty: labels and attributes; `none`.
  ///   - weight: an attribute that weighs edges, and is no feature.
  /// - Throws: `BasinError` for a kind that is none, or an attribute of too many values.
  func edgeFeatures(_ words: String, of adjacency: SparseMatrix, besides weight: String) throws -> SparseMatrix? {
    guard words != "none", edgeCount > 0 else { return nil }
    let kinds = try NodeFeatures.Kind.list(words, option: "dataset.edgeFeatures")
    let listed = try NodeFeatures(edgesOf: self, kinds.isEmpty ? [.labels, .attributes] : kinds, besides: weight)
    guard listed.width > 0 else { return nil }
    let ofEdges = try listed.matrix()

    // The edges of each entry, by counting.
    let entries = (0..<edgeCount).map { adjacency.entry(Int(targets[$0]), sources[$0]) }
    var begins = [Int](repeating: 0, count: adjacency.entryCount + 1)
    for entry in entries { if let entry { begins[entry + 1] += 1 } }
    for entry in 0..<adjacency.entryCount { begins[entry + 1] += begins[entry] }
    var next = begins
    var edges = [Int](repeating: 0, count: begins[adjacency.entryCount])
    for (edge, entry) in entries.enumerated() {
      guard let entry else { continue }
      edges[next[entry]] = edge
      next[entry] += 1
    }

    var (pointers, columns, values): ([Int], [Int32], [Float]) = ([0], [], [])
    pointers.reserveCapacity(adjacency.entryCount + 1)
    var sums = [Float](repeating: 0, count: ofEdges.columns)
    for row in 0..<adjacency.rows {
      for entry in adjacency.rowPointers[row]..<adjacency.rowPointers[row + 1] {
        var own = begins[entry]..<begins[entry + 1]
        if own.isEmpty {
          let across = adjacency.entry(Int(adjacency.columnIndices[entry]), Int32(truncatingIfNeeded: row))
          if let across { own = begins[across]..<begins[across + 1] }
        }
        var found: [Int32] = []
        for edge in edges[own] {
          for place in ofEdges.rowPointers[edge]..<ofEdges.rowPointers[edge + 1] {
            let column = ofEdges.columnIndices[place]
            if own.count == 1 || !found.contains(column) { found.append(column) }
            sums[Int(column)] += ofEdges.values[place]
          }
        }
        for column in own.count > 1 ? found.sorted() : found {
          columns.append(column)
          values.append(sums[Int(column)])
          sums[Int(column)] = 0
        }
        pointers.append(columns.count)
      }
    }
    return try SparseMatrix(
      rows: adjacency.entryCount, columns: ofEdges.columns, rowPointers: pointers, columnIndices: columns,
      values: values)
  }
}

extension SparseMatrix {
  /// The place of an entry; nil where there is none.
  fileprivate func entry(_ row: Int, _ column: Int32) -> Int? {
    var (low, high) = (rowPointers[row], rowPointers[row + 1])
    while low < high {
      let middle = (low + high) / 2
      if columnIndices[middle] < column { low = middle + 1 } else { high = middle }
    }
    return low < rowPointers[row + 1] && columnIndices[low] == column ? low : nil
  }
}
