import PluginAPI

extension GraphCollection {
  /// What is unusual about the edges, for an inspection.
  ///
  /// - Parameter listingBothEnds: whether the format has each undirected edge from both ends.
  func structureWarnings(listingBothEnds: Bool) -> [ReadWarning] {
    var warnings: [ReadWarning] = []
    func warn(_ count: Int, _ one: String, _ many: String) {
      if count > 0 { warnings.append(ReadWarning(message: count == 1 ? "1 \(one)" : "\(count) \(many)")) }
    }
    var touched = [Bool](repeating: false, count: nodeCount)
    var loops = 0
    for edge in 0..<edgeCount {
      (touched[Int(sources[edge])], touched[Int(targets[edge])]) = (true, true)
      if sources[edge] == targets[edge] { loops += 1 }
    }
    warn(touched.count { !$0 }, "node has no edge", "nodes have no edge")
    warn(loops, "edge leads from a node to itself", "edges lead from a node to itself")
    warn(
      zip(nodePointers, nodePointers.dropFirst()).count { $0 == $1 }, "graph has no node", "graphs have no node")
    let listed = SparseMatrix.indicator(
      rows: nodeCount, columns: nodeCount, pairs: zip(sources, targets).map { (row: $0, column: $1) })
    warn(edgeCount - listed.entryCount, "edge is listed again", "edges are listed again")
    if listingBothEnds {
      warn(listed.entriesWithoutMirror, "edge is listed from one end only", "edges are listed from one end only")
    }
    return warnings
  }
}

extension SparseMatrix {
  /// Entries (u, v) of a square matrix that has none at (v, u).
  var entriesWithoutMirror: Int {
    let transposed = transposed()
    var mirrored = 0
    for row in 0..<rows {
      var (mine, theirs) = (rowPointers[row], transposed.rowPointers[row])
      while mine < rowPointers[row + 1], theirs < transposed.rowPointers[row + 1] {
        let (a, b) = (columnIndices[mine], transposed.columnIndices[theirs])
        if a == b { mirrored += 1 }
        if a <= b { mine += 1 }
        if b <= a { theirs += 1 }
      }
    }
    return entryCount - mirrored
  }
}
