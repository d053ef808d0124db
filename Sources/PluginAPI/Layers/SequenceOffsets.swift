import TensorKernels

/// Where sequences begin among rows that lie one behind the other: offsets of N + 1 numbers, sequence i being rows
/// `offsets[i] ..< offsets[i + 1]`.
enum SequenceOffsets {
  /// - Throws: `TensorError` where offsets do not rise from 0 to `rows`.
  static func check(_ offsets: [Int], rows: Int, _ operation: String) throws {
    guard offsets.first == 0, offsets.last == rows, zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 }) else {
      throw TensorError(
        operation: operation, shapes: [[rows]],
        message: "needs offsets that rise from 0 to the number of rows, has \(shortened(offsets))")
    }
  }

  private static func shortened(_ offsets: [Int]) -> String {
    offsets.count <= 8
      ? "\(offsets)" : "\(offsets.count) from \(offsets[0]) to \(offsets[offsets.count - 1])"
  }

  /// The sequence each row belongs to, int64 `[T]`.
  static func owners(_ offsets: [Int]) -> [Int64] {
    zip(offsets, offsets.dropFirst()).enumerated().flatMap { index, ends in
      [Int64](repeating: Int64(index), count: ends.1 - ends.0)
    }
  }

  /// The place of each row in a grid of N sequences of `longest` rows, `[T]`.
  static func places(_ offsets: [Int], longest: Int) -> [Int64] {
    zip(offsets, offsets.dropFirst()).enumerated().flatMap { index, ends in
      (0..<ends.1 - ends.0).map { Int64(index * longest + $0) }
    }
  }
}

/// The mean over each sequence's rows: `[T, D]` to `[N, D]`; 0 for a sequence without rows.
public func meanOfSequences(_ rows: Tensor, offsets: [Int]) throws -> Tensor {
  let shape = rows.shape
  guard shape.count == 2 else {
    throw TensorError(operation: "meanOfSequences", shapes: [shape], message: "needs rows [T, D]")
  }
  try SequenceOffsets.check(offsets, rows: shape[0], "meanOfSequences")
  guard KernelUse.fits(rows) else {
    let owners = try Tensor(SequenceOffsets.owners(offsets)).to(rows.device)
    let sums = try Tensor.zeros([offsets.count - 1, shape[1]], rows.dtype, device: rows.device).addingRows(owners, rows)
    let shares = zip(offsets, offsets.dropFirst()).map { 1 / Float(max($1 - $0, 1)) }
    return try sums * Tensor(shares, shape: [shares.count, 1]).to(rows.dtype).to(rows.device)
  }
  let ends = offsets.map(Int64.init)
  func run(
    _ input: Tensor, rows count: Int,
    _ kernel: (UnsafePointer<Int64>, Int64, Int64, Int64, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) throws -> Tensor {
    let input = try input.contiguous(), output = try Tensor.empty([count, shape[1]])
    nonisolated(unsafe) let (values, results, kernel) = (try KernelUse.memory(input), try KernelUse.memory(output), kernel)
    try withExtendedLifetime(input) {
      try KernelUse.overBlocks(ends.count - 1, of: shape[0] * shape[1] / max(ends.count - 1, 1)) { begin, end in
        kernel(ends, begin, end, Int64(shape[1]), values, results)
      }
    }
    return output
  }
  return try customFunction("meanOfSequences", [rows]) {
    let means = try run(rows, rows: offsets.count - 1, basinSequenceMeans)
    return ([means], { gradients in [try gradients[0].map { try run($0, rows: shape[0], basinSequenceShares) }] })
  }[0]
}

/// Each sequence's first row: `[T, D]` to `[N, D]`.
///
/// - Throws: `TensorError` where a sequence has no row.
public func firstOfSequences(_ rows: Tensor, offsets: [Int]) throws -> Tensor {
  try SequenceOffsets.check(offsets, rows: rows.shape.first ?? 0, "firstOfSequences")
  guard zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }) else {
    throw TensorError(operation: "firstOfSequences", shapes: [rows.shape], message: "a sequence has no row")
  }
  return try rows.rows(Tensor(offsets.dropLast().map(Int64.init)).to(rows.device))
}
