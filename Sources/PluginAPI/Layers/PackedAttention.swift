import TensorKernels

/// Attention within each sequence of rows that lie one behind the other, with several heads (Vaswani et al. 2017):
/// softmax(Q K^T / sqrt(d)) V for each sequence and head, d = size / heads.
///
/// float32 on the CPU takes kernels that need memory for one block of queries at a time (for the gradients of short sequences, all weights)
/// and know no padding; anything else, second derivatives among it, LibTorch's operators on a padded grid (`PaddedAttention`), with the same
/// numbers for dropout.
///
/// - Parameters:
///   - queries, keys, values: `[T, size]`; head h has columns h d ..< (h + 1) d.
///   - offsets: sequence i is rows `offsets[i] ..< offsets[i + 1]`; N + 1 numbers from 0 to T.
///   - causal: whether a row sees itself and the rows before it alone.
///   - dropout: the rate at which attention weights are zeroed, the others being divided by 1 - rate; needs `random`.
/// - Returns: `[T, size]`.
/// - Throws: `TensorError` for shapes that do not fit.
public func packedAttention(
  _ queries: Tensor, _ keys: Tensor, _ values: Tensor, offsets: [Int], heads: Int, causal: Bool = false,
  dropout: Double = 0, random: Random? = nil
) throws -> Tensor {
  let shape = queries.shape
  guard shape.count == 2, keys.shape == shape, values.shape == shape, heads > 0, shape[1] % heads == 0 else {
    throw TensorError(
      operation: "packedAttention", shapes: [shape, keys.shape, values.shape],
      message: "needs queries, keys and values [T, size] with size a multiple of \(heads) heads")
  }
  let attention = try SequenceAttention(
    offsets: offsets, rows: shape[0], size: shape[1], heads: heads, causal: causal, dropout: dropout, random)
  guard shape[0] > 0, shape[1] > 0, KernelUse.fits(queries, keys, values), !Operator.isObserved else {
    return try attention.padded.mix(queries, keys, values)
  }
  let isRecording = LibTorch.isRecording
  return try customFunction("packedAttention", [queries, keys, values]) {
    let rows = try [queries, keys, values].map { try $0.contiguous() }
    let input = try SequenceAttention.Input(
      queries: KernelUse.memory(rows[0]), keys: KernelUse.memory(rows[1]), values: KernelUse.memory(rows[2]), stride: shape[1])
    let results = try withExtendedLifetime(rows) { try attention.forward(input, keepsWeights: isRecording) }
    return (
      [results.output],
      { gradients in
        guard let gradient = try gradients[0]?.contiguous() else { return [nil, nil, nil] }
        let found = try (0..<3).map { _ in try Tensor.empty(shape) }
        try withExtendedLifetime(rows) {
          try attention.backward(
            input, results, gradient, to: found.map(KernelUse.memory), stride: shape[1], biasSums: nil)
        }
        return found
      }
    )
  }[0]
}

/// Self-attention within each sequence of queries, keys and values that one product made: `projected` `[T, 3 size]` without its
/// bias, `[3 size]`, which is added on the way. Their gradient is one tensor again. Otherwise as
/// ``packedAttention(_:_:_:offsets:heads:causal:dropout:random:)``.
public func packedSelfAttention(
  _ projected: Tensor, bias: Tensor? = nil, offsets: [Int], heads: Int, causal: Bool = false, dropout: Double = 0,
  random: Random? = nil
) throws -> Tensor {
  let shape = projected.shape
  guard shape.count == 2, shape[1] % 3 == 0, heads > 0, shape[1] / 3 % heads == 0, bias.map({ $0.shape == [shape[1]] }) ?? true
  else {
    throw TensorError(
      operation: "packedSelfAttention", shapes: [shape] + (bias.map { [$0.shape] } ?? []),
      message: "needs rows [T, 3 size] with size a multiple of \(heads) heads, and a bias [3 size]")
  }
  let size = shape[1] / 3
  let attention = try SequenceAttention(
    offsets: offsets, rows: shape[0], size: size, heads: heads, causal: causal, dropout: dropout, random)
  guard shape[0] > 0, size > 0, KernelUse.fits(projected, bias), !Operator.isObserved else {
    let parts = try (bias.map { try projected + $0 } ?? projected).split(size, axis: 1)
    return try attention.padded.mix(parts[0], parts[1], parts[2])
  }
  let isRecording = LibTorch.isRecording
  return try customFunction("packedSelfAttention", [projected] + (bias.map { [$0] } ?? [])) {
    let rows = try projected.contiguous()
    let input = try SequenceAttention.Input(rows: KernelUse.memory(rows), size: size, bias: bias.map(KernelUse.memory))
    let results = try withExtendedLifetime((rows, bias)) { try attention.forward(input, keepsWeights: isRecording) }
    return (
      [results.output],
      { gradients in
        guard let gradient = try gradients[0]?.contiguous() else { return [nil] + (bias == nil ? [] : [nil]) }
        let found = try Tensor.empty(shape), start = try KernelUse.memory(found)
        let sums = bias == nil ? nil : try Tensor.empty([attention.sequences, 3 * size])
        try withExtendedLifetime((rows, bias)) {
          try attention.backward(
            input, results, gradient, to: [start, start + size, start + 2 * size], stride: 3 * size,
            biasSums: sums.map(KernelUse.memory))
        }
        guard let sums else { return [found] }
        return [found, try KernelUse.sumOfRows(sums, count: attention.sequences, width: 3 * size)]
      }
    )
  }[0]
}
