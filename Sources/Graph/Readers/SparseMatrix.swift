import PluginAPI

/// A matrix `[rows, columns]` that keeps only its stored entries, row by row (compressed sparse rows, CSR).
///
/// Row `r` holds the entries `rowPointers[r] ..< rowPointers[r + 1]` of ``columnIndices`` and ``values``. Within a row the
/// columns rise strictly: every initializer sorts them and refuses an entry that is given twice.
public struct SparseMatrix: Sendable, Equatable {
  /// The number of rows.
  public let rows: Int
  /// The number of columns.
  public let columns: Int
  /// Where each row starts in ``columnIndices``, `[rows + 1]`; the first is 0, the last is ``entryCount``.
  public let rowPointers: [Int]
  /// The column of every entry, `[entryCount]`.
  public let columnIndices: [Int32]
  /// The value of every entry, `[entryCount]`.
  public let values: [Float]

  /// The number of stored entries.
  public var entryCount: Int { values.count }

  /// A matrix without any entry.
  public init(emptyRows rows: Int, columns: Int) {
    self.init(
      unchecked: Swift.max(rows, 0), columns: Swift.max(columns, 0),
      rowPointers: [Int](repeating: 0, count: Swift.max(rows, 0) + 1), columnIndices: [], values: [])
  }

  /// The identity matrix `[size, size]`: the features of nodes that have none.
  public init(identity size: Int) {
    let size = Swift.max(size, 0)
    self.init(
      unchecked: size, columns: size, rowPointers: Array(0...size), columnIndices: (0..<size).map { Int32($0) },
      values: [Float](repeating: 1, count: size))
  }

  /// Takes over CSR arrays after checking them; rows whose columns are out of order are sorted.
  ///
  /// - Throws: ``BasinError`` of kind `.badData` for sizes that do not fit together, row pointers that fall, a column out
  ///   of range, an entry given twice, or a value that is not finite.
  public init(rows: Int, columns: Int, rowPointers: [Int], columnIndices: [Int32], values: [Float]) throws(BasinError) {
    guard rows >= 0, columns >= 0, columns <= Int(Int32.max) else {
      throw .badData("a matrix of \(rows) x \(columns) is not possible")
    }
    // Not `rows + 1`, which overflows for a declared size of Int.max.
    guard rowPointers.count - 1 == rows else {
      throw .badData("\(rowPointers.count) row pointers do not fit \(rows) rows")
    }
    guard columnIndices.count == values.count else {
      throw .badData("\(columnIndices.count) column indices do not fit \(values.count) values")
    }
    guard rowPointers[0] == 0, rowPointers[rows] == values.count else {
      throw .badData("row pointers run from \(rowPointers[0]) to \(rowPointers[rows]), expected 0 to \(values.count)")
    }
    var sorted = true
    for row in 0..<rows {
      let start = rowPointers[row]
      let end = rowPointers[row + 1]
      guard start <= end, end <= values.count else { throw .badData("row pointers fall after row \(row)") }
      var previous: Int32 = -1
      for index in start..<end {
        let column = columnIndices[index]
        guard column >= 0, Int(column) < columns else {
          throw .badData("row \(row) has column \(column), but there are \(columns) columns")
        }
        guard values[index].isFinite else { throw .badData("the value at row \(row), column \(column) is not finite") }
        if column <= previous { sorted = false }
        previous = column
      }
    }
    guard sorted else {
      self = try Self.sortingRows(
        rows: rows, columns: columns, rowPointers: rowPointers, columnIndices: columnIndices, values: values)
      return
    }
    self.init(
      unchecked: rows, columns: columns, rowPointers: rowPointers, columnIndices: columnIndices, values: values)
  }

  /// For arrays this type built itself, or has checked already.
  private init(unchecked rows: Int, columns: Int, rowPointers: [Int], columnIndices: [Int32], values: [Float]) {
    self.rows = rows
    self.columns = columns
    self.rowPointers = rowPointers
    self.columnIndices = columnIndices
    self.values = values
  }

  private static func sortingRows(
    rows: Int, columns: Int, rowPointers: [Int], columnIndices: [Int32], values: [Float]
  ) throws(BasinError) -> SparseMatrix {
    // Row by row, because a counting sort over the columns would let a declared width alone ask for memory.
    var indices = columnIndices
    var sortedValues = values
    for row in 0..<rows {
      let range = rowPointers[row]..<rowPointers[row + 1]
      let order = range.sorted { columnIndices[$0] < columnIndices[$1] }
      for (target, source) in zip(range, order) {
        indices[target] = columnIndices[source]
        sortedValues[target] = values[source]
        if target > range.lowerBound, indices[target] == indices[target - 1] {
          throw .badData("row \(row) gives column \(indices[target]) twice")
        }
      }
    }
    return SparseMatrix(
      unchecked: rows, columns: columns, rowPointers: rowPointers, columnIndices: indices, values: sortedValues)
  }

  /// The matrix `[columns, rows]` with rows and columns exchanged, in time linear in rows, columns and entries.
  public func transposed() -> SparseMatrix {
    var pointers = [Int](repeating: 0, count: columns + 1)
    for column in columnIndices { pointers[Int(column) + 1] += 1 }
    for column in 0..<columns { pointers[column + 1] += pointers[column] }
    var next = pointers
    var indices = [Int32](repeating: 0, count: entryCount)
    var transposedValues = [Float](repeating: 0, count: entryCount)
    for row in 0..<rows {
      for index in rowPointers[row]..<rowPointers[row + 1] {
        let column = Int(columnIndices[index])
        let target = next[column]
        next[column] = target + 1
        indices[target] = Int32(truncatingIfNeeded: row)
        transposedValues[target] = values[index]
      }
    }
    return SparseMatrix(
      unchecked: columns, columns: rows, rowPointers: pointers, columnIndices: indices, values: transposedValues)
  }

  /// Every row divided by its sum, as Kipf & Welling preprocess bag-of-words features; a row that sums to 0 becomes 0.
  public func rowNormalized() -> SparseMatrix {
    var scaled = values
    for row in 0..<rows {
      let range = rowPointers[row]..<rowPointers[row + 1]
      var sum = 0.0
      for index in range { sum += Double(values[index]) }
      // The reciprocal of a denormal sum overflows, so divide and fall back to 0 as for an empty row.
      for index in range {
        let value = Float(Double(values[index]) / sum)
        scaled[index] = value.isFinite ? value : 0
      }
    }
    return SparseMatrix(
      unchecked: rows, columns: columns, rowPointers: rowPointers, columnIndices: columnIndices, values: scaled)
  }

  /// The entries of one row as (column, value).
  public func row(_ row: Int) -> [(column: Int, value: Float)] {
    (rowPointers[row]..<rowPointers[row + 1]).map { (Int(columnIndices[$0]), values[$0]) }
  }

  /// The matrix whose row `targetRow[r]` is row `r` of the given blocks, stacked; rows not named are empty.
  ///
  /// - Throws: ``BasinError`` if the widths differ, or a target row is out of range or named twice.
  static func scattering(
    _ blocks: [(matrix: SparseMatrix, targetRows: [Int])], rows: Int, columns: Int
  ) throws(BasinError) -> SparseMatrix {
    var origin = [(block: Int, row: Int)?](repeating: nil, count: rows)
    for (blockIndex, block) in blocks.enumerated() {
      guard block.matrix.columns == columns else {
        throw .badData("a feature matrix has \(block.matrix.columns) columns, another \(columns)")
      }
      for (row, target) in block.targetRows.enumerated() {
        guard target >= 0, target < rows, origin[target] == nil else {
          throw .badData("row \(target) is out of range or given twice")
        }
        origin[target] = (blockIndex, row)
      }
    }
    var pointers = [0]
    var indices: [Int32] = []
    var values: [Float] = []
    pointers.reserveCapacity(rows + 1)
    for source in origin {
      if let (block, row) = source {
        let matrix = blocks[block].matrix
        let range = matrix.rowPointers[row]..<matrix.rowPointers[row + 1]
        indices += matrix.columnIndices[range]
        values += matrix.values[range]
      }
      pointers.append(values.count)
    }
    return SparseMatrix(
      unchecked: rows, columns: columns, rowPointers: pointers, columnIndices: indices, values: values)
  }

  /// The 0/1 matrix with an entry wherever at least one of the pairs lies, without checking ranges.
  static func indicator(rows: Int, columns: Int, pairs: [(row: Int32, column: Int32)]) -> SparseMatrix {
    var pointers = [Int](repeating: 0, count: rows + 1)
    for pair in pairs { pointers[Int(pair.row) + 1] += 1 }
    for row in 0..<rows { pointers[row + 1] += pointers[row] }
    var next = pointers
    var indices = [Int32](repeating: 0, count: pairs.count)
    for pair in pairs {
      let slot = next[Int(pair.row)]
      next[Int(pair.row)] = slot + 1
      indices[slot] = pair.column
    }
    let sorted = SparseMatrix(
      unchecked: rows, columns: columns, rowPointers: pointers, columnIndices: indices,
      values: [Float](repeating: 1, count: pairs.count)
    ).transposed().transposed()
    var uniquePointers = [0]
    var unique: [Int32] = []
    for row in 0..<rows {
      let range = sorted.rowPointers[row]..<sorted.rowPointers[row + 1]
      for index in range
      where index == range.lowerBound || sorted.columnIndices[index] != sorted.columnIndices[index - 1] {
        unique.append(sorted.columnIndices[index])
      }
      uniquePointers.append(unique.count)
    }
    return SparseMatrix(
      unchecked: rows, columns: columns, rowPointers: uniquePointers, columnIndices: unique,
      values: [Float](repeating: 1, count: unique.count))
  }
}
