/// Self-attention with several heads (Vaswani et al. 2017), tensors named as in PyTorch's `MultiheadAttention`.
public final class MultiHeadAttention: Module {
  /// `in_proj_weight` `[3 size, size]`: queries, keys and values one below the other.
  @Parameter public var inProjectionWeight: Tensor
  /// `in_proj_bias` `[3 size]`.
  @Parameter public var inProjectionBias: Tensor
  /// What mixes the heads.
  public let out_proj: Linear
  /// Heads, which share the columns.
  public let heads: Int

  /// - Parameter size: columns, a multiple of the heads.
  public init(_ size: Int, heads: Int) throws {
    _inProjectionWeight = try Parameter(
      shape: [3 * size, size], .glorotUniform(inputs: size, outputs: 3 * size), key: "in_proj_weight")
    _inProjectionBias = try Parameter(shape: [3 * size], .constant(0), key: "in_proj_bias")
    out_proj = try Linear(size, size, biasValue: .constant(0))
    self.heads = heads
  }

  /// `[N, L, size]`, same shape out.
  ///
  /// - Parameter mask: bool, true where attention is allowed, broadcast to `[N, heads, L, L]`.
  public func callAsFunction(_ x: Tensor, mask: Tensor? = nil) throws -> Tensor {
    try located {
      let shape = x.shape
      guard shape.count == 3, heads > 0, shape[2] % heads == 0 else {
        throw TensorError(operation: "attention", shapes: [shape], message: "needs [N, L, size] with size a multiple of \(heads) heads")
      }
      let (n, length, size) = (shape[0], shape[1], shape[2])
      let projected = try linear(x, inProjectionWeight, inProjectionBias)
        .reshaped([n, length, 3, heads, size / heads]).permuted([2, 0, 3, 1, 4])
      let mixed = try scaledDotProductAttention(
        projected.select(0), projected.select(1), projected.select(2), mask: mask)
      return try out_proj(mixed.transposed(1, 2).reshaped([n, length, size]))
    }
  }
  /// Self-attention within each sequence of rows that lie one behind the other: `[T, size]`, same shape out; see
  /// ``packedSelfAttention(_:bias:offsets:heads:causal:dropout:random:)``.
  public func callAsFunction(
    _ rows: Tensor, offsets: [Int], causal: Bool = false, dropout: Double = 0, random: Random? = nil
  ) throws -> Tensor {
    try located {
      try out_proj(mixed(rows, offsets: offsets, causal: causal, dropout: dropout, random: random))
    }
  }

  /// The same without the bias of `out_proj`, for who adds it on the way
  /// (``LayerNorm/callAsFunction(_:plus:bias:_:_:)``).
  public func withoutBias(
    _ rows: Tensor, offsets: [Int], causal: Bool = false, dropout: Double = 0, random: Random? = nil
  ) throws -> Tensor {
    try located {
      let mixed = try mixed(rows, offsets: offsets, causal: causal, dropout: dropout, random: random)
      return try out_proj.located { try linear(mixed, out_proj.weight) }
    }
  }

  private func mixed(_ rows: Tensor, offsets: [Int], causal: Bool, dropout: Double, random: Random?) throws -> Tensor {
    try packedSelfAttention(
      linear(rows, inProjectionWeight), bias: inProjectionBias, offsets: offsets, heads: heads, causal: causal,
      dropout: dropout, random: random)
  }
}
