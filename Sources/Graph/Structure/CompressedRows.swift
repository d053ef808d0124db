import GraphKernels
import PluginAPI

/// A sparse matrix in memory that does not move, for kernels over raw pointers.
///
/// With places, entry k's value is not its own: it is number `places[k]` of an array given at each product, so that one
/// array of values serves a matrix and its transpose.
public final class CompressedRows: @unchecked Sendable {
  public let rows, columns, entries: Int
  // Written in the initializers only, which makes the class safe to share.
  private let pointers: UnsafeMutablePointer<Int64>
  private let columnIndices: UnsafeMutablePointer<Int32>
  private let places: UnsafeMutablePointer<Int32>?
  private let values: UnsafeMutablePointer<Float>?
  /// Whose memory this is; nil: its own.
  private let owner: AnyObject?

  /// - Throws: `BasinError` where there are more entries than 32 bits can number.
  private init(rows: Int, columns: Int, pointers: [Int], columnIndices: [Int32], places: [Int32]?, values: [Float]?)
    throws
  {
    guard columnIndices.count <= Int(Int32.max) else {
      throw BasinError.badData("\(columnIndices.count) entries of a sparse matrix are more than Basin can number")
    }
    self.rows = rows
    self.columns = columns
    entries = columnIndices.count
    self.pointers = Self.copy(pointers.map(Int64.init))
    self.columnIndices = Self.copy(columnIndices)
    self.places = places.map(Self.copy)
    self.values = values.map(Self.copy)
    owner = nil
  }

  /// Arrays that belong to `owner`: `pointers` `[rows + 1]`, the others as long as its last.
  init(
    rows: Int, columns: Int, pointers: UnsafeMutablePointer<Int64>, columnIndices: UnsafeMutablePointer<Int32>,
    values: UnsafeMutablePointer<Float>, owner: AnyObject
  ) {
    self.rows = rows
    self.columns = columns
    entries = Int(pointers[rows])
    self.pointers = pointers
    self.columnIndices = columnIndices
    places = nil
    self.values = values
    self.owner = owner
  }

  deinit {
    guard owner == nil else { return }
    pointers.deallocate()
    columnIndices.deallocate()
    places?.deallocate()
    values?.deallocate()
  }

  private static func copy<T: BitwiseCopyable>(_ items: [T]) -> UnsafeMutablePointer<T> {
    let memory = UnsafeMutablePointer<T>.allocate(capacity: max(items.count, 1))
    memory.initialize(from: items, count: items.count)
    return memory
  }

  public convenience init(_ matrix: SparseMatrix) throws {
    try self.init(
      rows: matrix.rows, columns: matrix.columns, pointers: matrix.rowPointers, columnIndices: matrix.columnIndices,
      places: nil, values: matrix.values)
  }

  /// The transpose `[columns, nodes.count]` of rows `nodes` of `matrix`. Its values are those of the whole matrix, by
  /// place.
  public convenience init(transposing nodes: some Collection<Int32>, of matrix: SparseMatrix) throws {
    var pointers = [Int](repeating: 0, count: matrix.columns + 1)
    for node in nodes {
      for entry in matrix.rowPointers[Int(node)]..<matrix.rowPointers[Int(node) + 1] {
        pointers[Int(matrix.columnIndices[entry]) + 1] += 1
      }
    }
    for column in 0..<matrix.columns { pointers[column + 1] += pointers[column] }
    let count = pointers[matrix.columns]
    guard matrix.entryCount <= Int(Int32.max), count <= Int(Int32.max) else {
      throw BasinError.badData("\(matrix.entryCount) features are more than Basin can number")
    }
    var next = pointers
    var rows = [Int32](repeating: 0, count: count)
    var places = [Int32](repeating: 0, count: count)
    for (row, node) in nodes.enumerated() {
      for entry in matrix.rowPointers[Int(node)]..<matrix.rowPointers[Int(node) + 1] {
        let column = Int(matrix.columnIndices[entry])
        rows[next[column]] = Int32(truncatingIfNeeded: row)
        places[next[column]] = Int32(truncatingIfNeeded: entry)
        next[column] += 1
      }
    }
    try self.init(
      rows: matrix.columns, columns: nodes.count, pointers: pointers, columnIndices: rows, places: places, values: nil)
  }

  /// Lends a square matrix with values of its own.
  func withAdjacency<R>(_ body: (UnsafePointer<BasinAdjacency>) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) {
      var raw = BasinAdjacency(
        nodes: Int64(rows), pointers: pointers, columns: columnIndices, values: values.map { UnsafePointer($0) })
      return try body(&raw)
    }
  }

  /// The entries of a row: their numbers and columns.
  @inline(__always)
  func forEachEntry(ofRow row: Int, _ body: (_ entry: Int, _ column: Int) -> Void) {
    for entry in Int(pointers[row])..<Int(pointers[row + 1]) { body(entry, Int(columnIndices[entry])) }
  }

  /// Lends the values, `[entries]`; nil where the matrix has none of its own.
  func withValues<R>(_ body: (UnsafePointer<Float>?) throws -> R) rethrows -> R {
    try withExtendedLifetime(self) { try body(values.map { UnsafePointer($0) }) }
  }

  /// Drops values: each is kept where its bit is set, and scaled.
  func dropValues(_ mask: DropoutMask, to memory: UnsafeMutablePointer<Float>) throws {
    guard let values else { return }
    try mask.bits.withUnsafeBufferPointer { bits in
      nonisolated(unsafe) let (bits, memory, values) = (bits.baseAddress, memory, values)
      try LibTorch.parallelFor(0..<mask.bits.count, grain: 16_384) { [entries] part in
        basinDropValues(
          bits, mask.scale, Int64(entries), Int64(part.lowerBound), Int64(part.upperBound), values, memory)
      }
    }
  }

  // Multiplications and additions a thread takes at least. A step on a graph like Cora (0.5 million) stays on one
  // thread: two were no faster, and many times slower where another program had the second core.
  private static let workGrain = 1_500_000

  /// Rows `chosen` (nil: all) of this matrix times `dense`, `[columns, width]` row-major, with an activation.
  ///
  /// - Parameters:
  ///   - chosen: alive through the call, `count` row numbers of this matrix.
  ///   - values: in place of the matrix's own; needed where it has places.
  func multiply(
    _ dense: UnsafePointer<Float>, width: Int, chosen: UnsafePointer<Int32>? = nil, count: Int? = nil,
    values: UnsafePointer<Float>? = nil, activation: BasinActivation? = nil, into output: UnsafeMutablePointer<Float>
  ) throws {
    let count = count ?? rows
    nonisolated(unsafe) let matrix = rawRows(chosen: chosen, values: values)
    nonisolated(unsafe) let (dense, output, activation) = (dense, output, activation)
    try LibTorch.parallelFor(0..<count, grain: grain(count, width: width)) { part in
      withUnsafePointer(to: matrix) { matrix in
        func run(_ activation: UnsafePointer<BasinActivation>?) {
          basinSparseProduct(
            matrix, dense, Int64(width), Int64(part.lowerBound), Int64(part.upperBound), activation, output)
        }
        if let activation { withUnsafePointer(to: activation, run) } else { run(nil) }
      }
    }
  }

  /// The product with `dense`, transposed: `[width, rows]`.
  func multiplyTransposed(
    _ dense: UnsafePointer<Float>, width: Int, values: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>
  ) throws {
    nonisolated(unsafe) let matrix = rawRows(chosen: nil, values: values)
    nonisolated(unsafe) let (dense, output) = (dense, output)
    let block = Int(BASIN_TRANSPOSED_BLOCK)
    let blocks = (rows + block - 1) / block
    try LibTorch.parallelFor(0..<blocks, grain: grain(blocks, width: width)) { [rows] part in
      withUnsafePointer(to: matrix) { matrix in
        basinSparseProductTransposed(
          matrix, dense, Int64(width), Int64(rows), Int64(part.lowerBound), Int64(part.upperBound), output)
      }
    }
  }

  /// For kernels, alive as long as the matrix is.
  func rawRows(chosen: UnsafePointer<Int32>?, values: UnsafePointer<Float>? = nil) -> BasinSparseRows {
    BasinSparseRows(
      pointers: pointers, rows: chosen, columns: columnIndices, places: places,
      values: values ?? self.values.map { UnsafePointer($0) })
  }

  /// How many of `count` pieces of the matrix's rows make up the least work of a thread.
  private func grain(_ count: Int, width: Int) -> Int {
    let work = max(entries + rows, 1).multipliedReportingOverflow(by: max(width, 1))
    let parts = max(1, (work.overflow ? Int.max : work.partialValue) / Self.workGrain)
    return max(1, (count + parts - 1) / parts)
  }
}
