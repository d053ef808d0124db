import TensorKernels

/// Self-attention of each sequence's first row alone, where nothing looks at the others (a classification behind its last layer): rows
/// `[T, size]` to `[N, size]`, the first rows of ``packedSelfAttention(_:bias:offsets:heads:causal:dropout:random:)`` of the three
/// layers' products, with the same numbers for dropout. The other rows need no queries, scores or results.
///
/// float32 on the CPU needs no keys and values either. A score q (W x) is (W^T q) x, and the sum of weighted values W times that of
/// weighted rows: with a query a sequence and head, a row is multiplied with a vector a head instead of two matrices.
///
/// - Parameters:
///   - first: each sequence's first row, `[N, size]` (``firstOfSequences(_:offsets:)``).
///   - query, key, value: layers from size to size, all with a bias or none.
/// - Throws: `TensorError` for shapes that do not fit, a sequence without rows among them.
public func firstRowAttention(
  _ first: Tensor, of rows: Tensor, query: Linear, key: Linear, value: Linear, offsets: [Int], heads: Int, dropout: Double = 0,
  random: Random? = nil
) throws -> Tensor {
  let shape = rows.shape, layers = [query, key, value]
  guard shape.count == 2, heads > 0, shape[1] % heads == 0, layers.allSatisfy({ $0.weight.shape == [shape[1], shape[1]] }),
    first.shape == [offsets.count - 1, shape[1]], zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }),
    Set(layers.map { $0.bias == nil }).count == 1
  else {
    throw TensorError(
      operation: "firstRowAttention", shapes: [first.shape, shape] + layers.map(\.weight.shape),
      message: "needs rows [T, size] with size a multiple of \(heads) heads, the first of each sequence, and layers from size to size")
  }
  guard first.count > 0, KernelUse.fits(first, rows, query.weight, key.weight, value.weight), !Operator.isObserved else {
    let projected = try linear(rows, .concatenate(layers.map(\.weight)))
    let bias = try query.bias == nil ? nil : Tensor.concatenate(layers.compactMap(\.bias))
    return try firstOfSequences(
      packedSelfAttention(projected, bias: bias, offsets: offsets, heads: heads, dropout: dropout, random: random), offsets: offsets)
  }
  let (sequences, size, width) = (first.shape[0], shape[1], shape[1] / heads)
  let weights = [heads, width, size]
  let mix = try FirstRowMix(offsets: offsets, rows: shape[0], size: size, heads: heads, dropout: dropout, random)
  let queries = try query(first).reshaped([sequences, heads, width]).transposed(0, 1)
  let (mixed, totals) = try mix(rows, queries.matmul(key.weight.reshaped(weights)), queries, keyBias: key.bias)
  var result = try mixed.matmul(value.weight.reshaped(weights).transposed())
  if let bias = value.bias {
    result = try result + totals.reshaped([heads, sequences, 1]) * bias.reshaped([heads, 1, width])
  }
  return try result.transposed(0, 1).reshaped([sequences, size])
}

/// Weighted sums of each sequence's rows, a head for each of its vectors: `FirstRowAttentionKernels.h`.
private struct FirstRowMix: @unchecked Sendable {
  private let offsets, firstGroups: [Int64]
  private let rows, size, heads: Int
  private let dropout: (rate: Double, random: Random)?

  private var sequences: Int { offsets.count - 1 }

  init(offsets: [Int], rows: Int, size: Int, heads: Int, dropout: Double, _ random: Random?) throws {
    try SequenceOffsets.check(offsets, rows: rows, "firstRowAttention")
    let attention = PaddedAttention(offsets: offsets, heads: heads, causal: false, dropout: dropout > 0 ? random.map { (dropout, $0) } : nil)
    self.offsets = offsets.map(Int64.init)
    self.dropout = attention.dropout
    firstGroups = attention.dropout == nil ? [] : attention.firstGroups.map(Int64.init)
    (self.rows, self.size, self.heads) = (rows, size, heads)
  }

  /// Rows `[T, size]` and the vectors whose products with them are scores, `[heads, N, size]`, to the sums `[heads, N, size]` and those of
  /// their weights `[heads, N]`.
  ///
  /// - Parameter keyBias: adds the same to every score of a row, its product with the row's query `[heads, N, width]`, which changes no
  ///   weight: its gradient is what rounding leaves, as elsewhere.
  func callAsFunction(_ x: Tensor, _ asked: Tensor, _ queries: Tensor, keyBias: Tensor?) throws -> (mixed: Tensor, totals: Tensor) {
    let results = try customFunction("firstRowAttention", [x, asked] + (keyBias.map { [$0] } ?? [])) {
      let x = try x.contiguous(), asked = try asked.contiguous()
      let weights = try Tensor.empty([heads * rows])
      let mixed = try Tensor.empty(asked.shape), totals = try Tensor.empty([heads, sequences])
      nonisolated(unsafe) let memory = (try KernelUse.memory(weights), try KernelUse.memory(mixed), try KernelUse.memory(totals))
      try withExtendedLifetime((weights, mixed, totals)) {
        try parallel(x, asked) { basinFirstRowAttention(&$0, $1, $2, memory.0, memory.1, memory.2) }
      }
      return (
        [mixed, totals],
        { gradients in
          let incoming = try gradients[0]?.contiguous() ?? .zeros(asked.shape), ofTotals = try gradients[1]?.contiguous()
          let xGradient = try Tensor.empty(x.shape), askedGradient = try Tensor.empty(asked.shape)
          let changes = try Tensor.empty([heads, 1, sequences])
          nonisolated(unsafe) let given = (
            try KernelUse.memory(weights), try KernelUse.memory(incoming), try ofTotals.map(KernelUse.memory)
          )
          nonisolated(unsafe) let found = (
            try KernelUse.memory(askedGradient), try KernelUse.memory(xGradient), try KernelUse.memory(changes)
          )
          try withExtendedLifetime((weights, incoming, ofTotals, askedGradient, xGradient, changes)) {
            try parallel(x, asked) { basinFirstRowAttentionGradient(&$0, $1, $2, given.0, given.1, given.2, found.0, found.1, found.2) }
          }
          return try [xGradient, askedGradient] + (keyBias.map { [try changes.matmul(queries).reshaped($0.shape)] } ?? [])
        }
      )
    }
    return (results[0], results[1])
  }

  /// Runs `body` over the sequences of each part in LibTorch's threads.
  private func parallel(
    _ x: Tensor, _ asked: Tensor, _ body: (inout BasinFirstRowAttention, _ begin: Int64, _ end: Int64) -> Void
  ) throws {
    let (threshold, keep) = dropout.map { Tensor.dropoutThreshold($0.rate) } ?? (0, 1)
    try withExtendedLifetime((x, asked)) {
      try offsets.withUnsafeBufferPointer { offsets in
        try firstGroups.withUnsafeBufferPointer { groups in
          nonisolated(unsafe) var attention = try BasinFirstRowAttention(
            offsets: offsets.baseAddress, sequences: Int64(sequences), heads: Int64(heads), size: Int64(size),
            rows: KernelUse.memory(x), asked: KernelUse.memory(asked), scale: Float(1 / Double(size / heads).squareRoot()),
            firstGroups: groups.baseAddress, key: dropout?.random.key ?? 0, threshold: threshold, keep: keep)
          // A part of less work is not worth a thread.
          let grain = max(1, (1 << 18) * sequences / max(1, rows * size * heads))
          try LibTorch.parallelFor(guided: 0..<sequences, grain: grain) {
            body(&attention, Int64($0.lowerBound), Int64($0.upperBound))
          }
        }
      }
    }
  }
}
