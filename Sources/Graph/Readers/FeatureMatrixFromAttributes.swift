import PluginAPI

/// Node attributes as a feature matrix `[N, F]`.
extension AttributedGraph {
  /// The widest sparse feature vector that is believed; a model's first layer needs memory for every column.
  static let maximumFeatureCount = 10_000_000
  /// A string attribute with more different values than this is a name, not a category.
  static let maximumCategories = 64

  func featureMatrix(
    _ chosen: [String]?, except excluded: [String], warnings: inout [ReadWarning]
  ) throws(BasinError) -> (matrix: SparseMatrix, names: [String]) {
    var names: [String] = []
    var groups: [(offset: Int, column: AttributeColumn)] = []
    var sparse: (width: Int, column: AttributeColumn)?
    for column in nodeAttributes {
      if let chosen {
        guard chosen.contains(column.name) else { continue }
      } else if excluded.contains(column.id) || column.isDecoration {
        continue
      }
      if sparse == nil, column.name == "features", column.type == .string, let width = try featureCount() {
        sparse = (width, column)
      } else if column.type != .string {
        let missing = column.missingCount
        if missing > 0 {
          warnings.append(
            ReadWarning(message: "feature `\(column.name)` is missing on \(missing) nodes; it is 0 there"))
        }
        groups.append((names.count, column))
        names.append(column.name)
      } else if column.strings.count <= Self.maximumCategories {
        groups.append((names.count, column))
        names += (0..<column.strings.count).map { "\(column.name)=\(column.strings.string($0))" }
      } else {
        warnings.append(
          ReadWarning(
            message: "`\(column.name)` has \(column.strings.count) different values; it is not used as a feature"))
      }
    }
    let width = sparse?.width ?? 0
    guard width + names.count > 0 else {
      warnings.append(ReadWarning(message: "nodes have no features; each gets one of its own (the identity matrix)"))
      return (SparseMatrix(identity: nodeCount), [])
    }
    var pointers = [0]
    var indices: [Int32] = []
    var values: [Float] = []
    pointers.reserveCapacity(nodeCount + 1)
    for node in 0..<nodeCount {
      if let sparse, sparse.column.isPresent[node] {
        try appendSparseRow(sparse.column, node: node, width: sparse.width, indices: &indices, values: &values)
      }
      for (offset, column) in groups {
        if column.type == .string {
          let code = column.codes[node]
          guard code >= 0 else { continue }
          indices.append(Int32(truncatingIfNeeded: width + offset) + code)
          values.append(1)
        } else {
          guard let number = column.number(node), number != 0 else { continue }
          let value = Float(number)
          guard value.isFinite else {
            if let bad = column.firstNonFinite, bad.element == node { throw nonFinite(column, bad) }
            throw .badData(
              "`\(column.name)` is \(number), which is not a finite 32-bit number", file: file,
              place: "node \"\(nodeID(node))\"", advice: "Correct or scale the value")
          }
          indices.append(Int32(truncatingIfNeeded: width + offset))
          values.append(value)
        }
      }
      pointers.append(values.count)
    }
    do {
      let matrix = try SparseMatrix(
        rows: nodeCount, columns: width + names.count, rowPointers: pointers, columnIndices: indices, values: values)
      return (matrix, width == 0 ? names : [])
    } catch {
      throw .badData(error.message, file: file)
    }
  }

  private func featureCount() throws(BasinError) -> Int? {
    guard let column = graphAttributes.first(where: { $0.name == "feature_count" }), let number = column.number(0)
    else {
      return nil
    }
    guard let width = Int(exactly: number), width >= 1, width <= Self.maximumFeatureCount else {
      throw .badData(
        "feature_count is \(number)", file: file, place: "key \"feature_count\"",
        advice: "Use a whole number from 1 to \(Self.maximumFeatureCount)")
    }
    return width
  }

  private func appendSparseRow(
    _ column: AttributeColumn, node: Int, width: Int, indices: inout [Int32], values: inout [Float]
  ) throws(BasinError) {
    func failure(_ message: String) -> BasinError {
      .badData(
        message, file: file, place: "node \"\(nodeID(node))\", key \"\(column.name)\"",
        advice: "Write `index:value` pairs or bare indices below \(width), separated by blanks")
    }
    let start = indices.count
    var isSorted = true
    for entry in column.strings.bytes(Int(column.codes[node])).split(whereSeparator: isSpace) {
      let parts = entry.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
      let text = String(decoding: entry.prefix(60), as: UTF8.self)
      guard let index = parts.first.flatMap({ parseInteger(Array($0)) }) else {
        throw failure("\"\(text)\" is not a sparse feature")
      }
      guard index >= 0, index < Int64(width) else { throw failure("feature \(index) is out of range") }
      var value: Float = 1
      if parts.count == 2 {
        guard let number = parseReal(Array(parts[1])) else { throw failure("\"\(text)\" is not a sparse feature") }
        value = Float(number)
        guard value.isFinite else { throw failure("the value of feature \(index) is not finite") }
      }
      if indices.count > start, let last = indices.last, Int64(last) >= index { isSorted = false }
      indices.append(Int32(truncatingIfNeeded: index))
      values.append(value)
    }
    guard !isSorted else { return }
    var seen: Set<Int32> = []
    for index in indices[start...] where !seen.insert(index).inserted {
      throw failure("feature \(index) is given twice")
    }
  }
}
