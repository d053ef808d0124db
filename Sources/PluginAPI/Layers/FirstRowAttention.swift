import TensorKernels

/// Self-attention of each sequence's first row alone, where nothing looks at the others (a classification behind its last layer): rows
/// `[T, size]` to `[N, size]`, the first rows of ``packedSelfAttention(_:bias:offsets:heads:causal:dropout:random:)`` of the three
/// layers' products, with the same numbers for dropout. The other rows need no queries, scores or results.
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
  let size = shape[1]
  let attention = try SequenceAttention(
    offsets: offsets, rows: shape[0], size: size, heads: heads, causal: false, dropout: dropout, random)
  let queries = try query(first)
  let sides = try linear(rows, .concatenate([key.weight, value.weight]))
  let biases = [key.bias, value.bias].compactMap { $0 }
  return try customFunction("firstRowAttention", [queries, sides] + biases) {
    let asked = try queries.contiguous(), sides = try sides.contiguous(), added = try value.bias?.contiguous()
    let start = try KernelUse.memory(sides)
    var input = try SequenceAttention.Input(queries: KernelUse.memory(asked), keys: start, values: start + size, stride: 2 * size)
    input.valueBias = try added.map(KernelUse.memory)
    let fixed = input
    let (output, logSums) = try withExtendedLifetime((asked, sides, added)) { try attention.forwardOfFirstRows(fixed) }
    return (
      [output],
      { gradients in
        guard let gradient = try gradients[0]?.contiguous() else { return Array(repeating: nil, count: 2 + biases.count) }
        let found = try Tensor.empty([shape[0], 2 * size]), memory = try KernelUse.memory(found)
        let (queryGradient, valueBiases) = try withExtendedLifetime((asked, sides, added)) {
          try attention.backwardOfFirstRows(
            fixed, output, logSums, gradient, keys: memory, values: memory + size, stride: 2 * size)
        }
        guard !biases.isEmpty else { return [queryGradient, found] }
        // The keys' bias adds the same to every score of a row, which changes no weight: its gradient is what rounding leaves, as elsewhere.
        return try [
          queryGradient, found, found.slice(0..<size, axis: 1).sum([0]),
          KernelUse.sumOfRows(valueBiases, count: attention.sequences, width: size),
        ]
      }
    )
  }[0]
}
