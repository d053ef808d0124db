import TensorKernels

/// Attention of packed rows by the kernels of `PackedAttentionKernels.h`: which rows, heads and random numbers.
struct SequenceAttention {
  /// Rows of floats, `stride` from one to the next. The memory is the caller's to keep.
  struct Input: @unchecked Sendable {
    let queries, keys, values: UnsafeMutablePointer<Float>
    let stride: Int
    var queryBias, keyBias, valueBias: UnsafeMutablePointer<Float>?

    init(
      queries: UnsafeMutablePointer<Float>, keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>, stride: Int
    ) {
      (self.queries, self.keys, self.values, self.stride) = (queries, keys, values, stride)
    }

    /// Queries, keys and values side by side, and so their biases.
    init(rows: UnsafeMutablePointer<Float>, size: Int, bias: UnsafeMutablePointer<Float>?) {
      self.init(queries: rows, keys: rows + size, values: rows + 2 * size, stride: 3 * size)
      queryBias = bias
      keyBias = bias.map { $0 + size }
      valueBias = bias.map { $0 + 2 * size }
    }
  }

  let padded: PaddedAttention
  private let rows, size: Int
  private let offsets: [Int64]
  /// Where the random words of each sequence begin, in groups; empty without dropout.
  private let firstGroups: [Int64]
  private let parts: Int

  var sequences: Int { offsets.count - 1 }

  /// - Throws: `TensorError` for offsets that do not fit.
  init(
    offsets: [Int], rows: Int, size: Int, heads: Int, causal: Bool, dropout: Double, _ random: Random?
  ) throws {
    try SequenceOffsets.check(offsets, rows: rows, "packedAttention")
    padded = PaddedAttention(offsets: offsets, heads: heads, causal: causal, dropout: dropout > 0 ? random.map { (dropout, $0) } : nil)
    self.rows = rows
    self.size = size
    self.offsets = offsets.map(Int64.init)
    firstGroups = padded.dropout == nil ? [] : padded.firstGroups.map(Int64.init)
    // A part of less work is not worth a thread.
    let work = zip(offsets, offsets.dropFirst()).reduce(0.0) { $0 + Double($1.1 - $1.0) * Double($1.1 - $1.0 + 64) } * Double(size)
    parts = max(1, min(64, Int(min(work / 250_000, 64)), (offsets.count - 1) * heads))
  }

  /// Runs `body` over the units of each part in LibTorch's threads.
  private func parallel(_ input: Input, _ body: (inout BasinPackedAttention, _ begin: Int64, _ end: Int64) -> Void) throws {
    let (threshold, keep) = padded.dropout.map { Tensor.dropoutThreshold($0.rate) } ?? (0, 1)
    let heads = padded.heads, width = size / heads
    try offsets.withUnsafeBufferPointer { offsets in
      try firstGroups.withUnsafeBufferPointer { groups in
        nonisolated(unsafe) var attention = BasinPackedAttention(
          offsets: offsets.baseAddress, sequences: Int64(sequences), heads: Int64(heads), width: Int64(width),
          queries: input.queries, keys: input.keys, values: input.values, stride: Int64(input.stride),
          queryBias: input.queryBias, keyBias: input.keyBias, valueBias: input.valueBias,
          scale: Float(1 / Double(width).squareRoot()), causal: padded.causal ? 1 : 0, firstGroups: groups.baseAddress,
          key: padded.dropout?.random.key ?? 0, threshold: threshold, keep: keep)
        guard parts > 1 else { return body(&attention, 0, Int64(sequences * heads)) }
        var ends = [Int64](repeating: 0, count: parts + 1)
        basinPackedAttentionParts(&attention, Int64(parts), &ends)
        let bounds = ends
        try LibTorch.parallelFor(guided: 0..<parts, grain: 1) { body(&attention, bounds[$0.lowerBound], bounds[$0.upperBound]) }
      }
    }
  }

  /// - Returns: `[T, size]`, and the logarithm of the sum of each row's exponentials, `[T, heads]`.
  func forward(_ input: Input) throws -> (output: Tensor, logSums: Tensor) {
    let output = try Tensor.empty([rows, size]), logSums = try Tensor.empty([rows, padded.heads])
    nonisolated(unsafe) let (results, logs) = (try KernelUse.memory(output), try KernelUse.memory(logSums))
    try parallel(input) { basinPackedAttention(&$0, $1, $2, results, logs) }
    return (output, logSums)
  }

  /// Writes the gradients of queries, keys and values, rows `stride` apart, and of each sequence the sums of their rows
  /// `[N, 3 size]`.
  func backward(
    _ input: Input, _ output: Tensor, _ logSums: Tensor, _ gradient: Tensor, to found: [UnsafeMutablePointer<Float>], stride: Int,
    biasSums: UnsafeMutablePointer<Float>?
  ) throws {
    nonisolated(unsafe) let (results, logs) = (try KernelUse.memory(output), try KernelUse.memory(logSums))
    nonisolated(unsafe) let (incoming, found, sums) = (try KernelUse.memory(gradient), found, biasSums)
    try withExtendedLifetime((output, logSums, gradient)) {
      try parallel(input) {
        basinPackedAttentionGradient(
          &$0, $1, $2, results, logs, incoming, Int64(stride), found[0], found[1], found[2], sums)
      }
    }
  }
}
