/// Attention within each sequence of rows that lie one behind the other, with several heads (Vaswani et al. 2017):
/// softmax(Q K^T / sqrt(d)) V for each sequence and head, d = size / heads.
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
  try SequenceOffsets.check(offsets, rows: shape[0], "packedAttention")
  return try PaddedAttention(offsets: offsets, heads: heads, causal: causal)
    .mix(queries, keys, values, dropout: random == nil ? 0 : dropout, random)
}

/// Attention of packed rows by LibTorch's operators on a grid padded to the longest sequence: any device, dtype and order of
/// derivatives; the plain twin of the kernels.
struct PaddedAttention {
  let offsets: [Int]
  let heads: Int
  let causal: Bool

  private var count: Int { offsets.count - 1 }
  private var longest: Int { zip(offsets, offsets.dropFirst()).map { $1 - $0 }.max() ?? 0 }

  func mix(_ queries: Tensor, _ keys: Tensor, _ values: Tensor, dropout: Double, _ random: Random?) throws -> Tensor {
    guard queries.count > 0 else { return try queries + 0 }
    let device = queries.device, width = queries.shape[1], longest = longest
    let places = try Tensor(SequenceOffsets.places(offsets, longest: longest)).to(device)
    func spread(_ rows: Tensor) throws -> Tensor {
      try Tensor.zeros([count * longest, width], rows.dtype, device: device).addingRows(places, rows)
        .reshaped([count, longest, heads, width / heads]).transposed(1, 2)
    }
    let (q, k, v) = (try spread(queries), try spread(keys), try spread(values))
    let mask = try mask(longest).map { try $0.to(device) }
    let mixed: Tensor
    if dropout > 0, let random {
      let scores = try q.matmul(k.transposed()) * (1 / Double(width / heads).squareRoot())
      let masked = try mask.map { try scores.filled(where: $0.not(), with: -.infinity) } ?? scores
      mixed = try softmax(masked).droppedOutPlainly(dropout, random).matmul(v)
    } else {
      mixed = try scaledDotProductAttention(q, k, v, mask: mask)
    }
    return try mixed.transposed(1, 2).reshaped([count * longest, width]).rows(places)
  }

  /// Bool `[N or 1, 1, L or 1, L]`, true where attention is allowed; nil where it is everywhere.
  ///
  /// Padding may see the first place, so that no row of scores is empty.
  private func mask(_ longest: Int) throws -> Tensor? {
    let lengths = zip(offsets, offsets.dropFirst()).map { $1 - $0 }
    let isPadded = lengths.contains { $0 < longest }
    guard isPadded || causal else { return nil }
    let (sequences, rows) = (isPadded ? count : 1, causal ? longest : 1)
    var mask: [Bool] = []
    mask.reserveCapacity(sequences * rows * longest)
    for sequence in 0..<sequences {
      let length = isPadded ? max(lengths[sequence], 1) : longest
      for row in 0..<rows { for column in 0..<longest { mask.append(column < length && (!causal || column <= row)) } }
    }
    return try Tensor(mask, shape: [sequences, 1, rows, longest])
  }
}
