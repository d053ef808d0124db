extension GraphCollection {
  /// Of a format that lists an edge without direction from both ends, a line each: the same graphs with every such edge once.
  ///
  /// Two lines are one edge where their values are the same, too. A line from a node to itself is an edge.
  ///
  /// - Parameter givingDirections: whether a line that finds no other is an edge with a direction.
  func joiningBothEnds(givingDirections: Bool = true) -> GraphCollection {
    let keys = zip(sources, targets).map { UInt64(UInt32(min($0, $1))) << 32 | UInt64(UInt32(max($0, $1))) }
    let order = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
    var isKept = [Bool](repeating: true, count: edgeCount)
    var isOneWay = [Bool](repeating: false, count: edgeCount)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, keys[order[end]] == keys[order[start]] { end += 1 }
      let lines = order[start..<end]
      start = end
      guard let first = lines.first, sources[first] != targets[first] else { continue }
      var waiting = lines.filter { sources[$0] > targets[$0] }
      for line in lines where sources[line] < targets[line] {
        if let match = waiting.firstIndex(where: { other in edgeAttributes.allSatisfy { $0.sameValue(line, other) } }) {
          isKept[max(line, waiting.remove(at: match))] = false
          // Many lines between two nodes mostly match in order, so that the search ends at once.
        } else {
          isOneWay[line] = givingDirections
        }
      }
      for line in waiting { isOneWay[line] = givingDirections }
    }
    var result = self
    let kept = isKept.indices.filter { isKept[$0] }
    result.sources = kept.map { sources[$0] }
    result.targets = kept.map { targets[$0] }
    result.edgeIsDirected = isOneWay.contains(true) ? kept.map { isOneWay[$0] } : []
    result.edgesAgainstDefault = result.edgeIsDirected.count { $0 }
    result.edgeAttributes = edgeAttributes.map { $0.selecting(kept) }
    var next = 0
    result.edgePointers = edgePointers.map { pointer in
      while next < kept.count, kept[next] < pointer { next += 1 }
      return next
    }
    result.totalEdgeCount = kept.count
    if result.edgesAgainstDefault > 0 {
      result.warnings.append(
        ReadWarning(message: "\(result.edgesAgainstDefault) edges are listed from one end only; they get a direction"))
    }
    return result
  }
}

extension AttributeColumn {
  /// Whether two elements have the same value, or both have none.
  func sameValue(_ first: Int, _ second: Int) -> Bool {
    guard isPresent[first], isPresent[second] else { return isPresent[first] == isPresent[second] }
    switch type {
    case .int, .long: return integers[first] == integers[second]
    case .float, .double: return reals[first] == reals[second]
    case .boolean: return booleans[first] == booleans[second]
    case .string: return codes[first] == codes[second]
    }
  }

  /// The values of some elements.
  func selecting(_ elements: [Int]) -> AttributeColumn {
    func some<Value>(_ values: [Value]) -> [Value] { values.isEmpty ? [] : elements.map { values[$0] } }
    var result = self
    result.integers = some(integers)
    result.reals = some(reals)
    result.booleans = some(booleans)
    result.codes = some(codes)
    result.isPresent = some(isPresent)
    return result
  }
}
