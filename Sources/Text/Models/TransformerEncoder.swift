import PluginAPI

/// A stack of ``TransformerEncoderLayer`` with layer normalization behind the last, as pre-norm needs it. Tensors are
/// named as in PyTorch's `nn.TransformerEncoder`.
public final class TransformerEncoder: Module {
  public let layers: [TransformerEncoderLayer]
  public let norm: LayerNorm

  public init(layers count: Int, size: Int, heads: Int, feedForward: Int, dropout: Double) throws {
    layers = try (0..<count).map { _ in
      try TransformerEncoderLayer(size: size, heads: heads, feedForward: feedForward, dropout: dropout)
    }
    norm = try LayerNorm(size)
  }

  /// Rows `[T, size]` of the sequences that begin at `offsets`, same shape out.
  ///
  /// - Parameter rotary: turns queries and keys; nil: positions are in the rows.
  public func callAsFunction(
    _ x: Tensor, offsets: [Int], rotary: RotaryPositions? = nil, _ mode: Mode
  ) throws -> Tensor {
    // Each layer normalizes for the next on the way out.
    var state = (sum: x, output: try (layers.first?.norm1 ?? norm)(x))
    for (index, layer) in layers.enumerated() {
      let next = index + 1 < layers.count ? layers[index + 1].norm1 : norm
      state = try layer(state, offsets: offsets, rotary: rotary, next: next, mode)
    }
    return state.output
  }
}

/// One pre-norm layer (Xiong et al. 2020):
///
///     x = x + dropout(attention(norm1(x)))
///     x = x + dropout(linear2(gelu(linear1(norm2(x)))))
public final class TransformerEncoderLayer: Module {
  // Named for its path: PyTorch calls it so.
  public let self_attn: MultiHeadAttention
  public let linear1: Linear
  public let linear2: Linear
  public let norm1: LayerNorm
  public let norm2: LayerNorm
  public let dropout: Dropout

  public init(size: Int, heads: Int, feedForward: Int, dropout rate: Double) throws {
    self_attn = try MultiHeadAttention(size, heads: heads)
    linear1 = try Linear(size, feedForward)
    linear2 = try Linear(feedForward, size)
    norm1 = try LayerNorm(size)
    norm2 = try LayerNorm(size)
    dropout = Dropout(rate)
  }

  /// x, `[T, size]`, and its normalization by ``norm1`` to the same of the layer's result, normalized by `next`.
  func callAsFunction(
    _ input: (sum: Tensor, output: Tensor), offsets: [Int], rotary: RotaryPositions?, next: LayerNorm, _ mode: Mode
  ) throws -> (sum: Tensor, output: Tensor) {
    let mixed = try rotary.map { try self_attn.withoutBias(input.output, offsets: offsets, $0) }
      ?? self_attn.withoutBias(input.output, offsets: offsets)
    let attended = try norm2(input.sum, plus: mixed, bias: self_attn.out_proj.bias, dropout, mode)
    return try next(attended.sum, plus: feedForward(attended.output, linear1, linear2), bias: linear2.bias, dropout, mode)
  }
}
