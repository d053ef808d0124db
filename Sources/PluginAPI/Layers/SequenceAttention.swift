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
  /// Where the weights of each sequence begin in a tensor of all, and how many these are.
  private let firstWeights: [Int64]
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
    firstWeights = zip(offsets, offsets.dropFirst()).reduce(into: [0]) { $0.append($0[$0.count - 1] + Int64(heads * ($1.1 - $1.0) * ($1.1 - $1.0))) }
    // A part of less work is not worth a thread.
    let work = zip(offsets, offsets.dropFirst()).reduce(0.0) { $0 + Double($1.1 - $1.0) * Double($1.1 - $1.0 + 64) } * Double(size)
    parts = max(1, min(64, Int(min(work / 250_000, 64)), (offsets.count - 1) * heads))
  }

  /// Memory for the weights, if a backward pass is to find them: where they are at most twice as many numbers as the results, as with
  /// sequences twice as long as a head is wide. Of longer ones they are computed again, so that memory does not grow with lengths squared.
  private func weights() throws -> Tensor? {
    let count = Int(firstWeights[sequences])
    return count > 0 && count <= 2 * rows * size ? try Tensor.empty([count]) : nil
  }

  /// Runs `body` over the units of each part in LibTorch's threads.
  private func parallel(
    _ input: Input, weights: Tensor?, _ body: (inout BasinPackedAttention, _ begin: Int64, _ end: Int64) -> Void
  ) throws {
    let kept = try weights.map(KernelUse.memory)
    defer { withExtendedLifetime(weights) {} }
    let (threshold, keep) = padded.dropout.map { Tensor.dropoutThreshold($0.rate) } ?? (0, 1)
    let heads = padded.heads, width = size / heads
    try offsets.withUnsafeBufferPointer { offsets in
      try firstGroups.withUnsafeBufferPointer { groups in
        try firstWeights.withUnsafeBufferPointer { firstWeights in
          nonisolated(unsafe) var attention = BasinPackedAttention(
            offsets: offsets.baseAddress, sequences: Int64(sequences), heads: Int64(heads), width: Int64(width),
            queries: input.queries, keys: input.keys, values: input.values, stride: Int64(input.stride),
            queryBias: input.queryBias, keyBias: input.keyBias, valueBias: input.valueBias,
            scale: Float(1 / Double(width).squareRoot()), causal: padded.causal ? 1 : 0, firstGroups: groups.baseAddress,
            key: padded.dropout?.random.key ?? 0, threshold: threshold, keep: keep, weights: kept, firstWeights: firstWeights.baseAddress)
          guard parts > 1 else { return body(&attention, 0, Int64(sequences * heads)) }
          var ends = [Int64](repeating: 0, count: parts + 1)
          basinPackedAttentionParts(&attention, Int64(parts), &ends)
          let bounds = ends
          try LibTorch.parallelFor(guided: 0..<parts, grain: 1) { body(&attention, bounds[$0.lowerBound], bounds[$0.upperBound]) }
        }
      }
    }
  }

  /// What a backward pass needs of the forward pass.
  struct Results {
    /// `[T, size]`.
    let output: Tensor
    /// The logarithm of the sum of each row's exponentials, `[T, heads]`, empty where there are weights.
    fileprivate let logSums: Tensor
    fileprivate let weights: Tensor?
  }

  /// - Parameter keepsWeights: whether a backward pass is to come.
  func forward(_ input: Input, keepsWeights: Bool) throws -> Results {
    let output = try Tensor.empty([rows, size]), weights = try keepsWeights ? weights() : nil
    let logSums = try Tensor.empty([weights == nil ? rows : 0, padded.heads])
    nonisolated(unsafe) let (results, logs) = (try KernelUse.memory(output), try KernelUse.memory(logSums))
    try withExtendedLifetime((output, logSums)) {
      try parallel(input, weights: weights) { basinPackedAttention(&$0, $1, $2, results, logs) }
    }
    return Results(output: output, logSums: logSums, weights: weights)
  }

  /// Writes the gradients of queries, keys and values, rows `stride` apart, and of each sequence the sums of their rows
  /// `[N, 3 size]`.
  func backward(
    _ input: Input, _ forward: Results, _ gradient: Tensor, to found: [UnsafeMutablePointer<Float>], stride: Int,
    biasSums: UnsafeMutablePointer<Float>?
  ) throws {
    nonisolated(unsafe) let (results, logs) = (try KernelUse.memory(forward.output), try KernelUse.memory(forward.logSums))
    nonisolated(unsafe) let (incoming, found, sums) = (try KernelUse.memory(gradient), found, biasSums)
    try withExtendedLifetime((forward, gradient)) {
      try parallel(input, weights: forward.weights) {
        basinPackedAttentionGradient(
          &$0, $1, $2, results, logs, incoming, Int64(stride), found[0], found[1], found[2], sums)
      }
    }
  }
}
