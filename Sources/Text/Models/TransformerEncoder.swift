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
  public func callAsFunction(_ x: Tensor, offsets: [Int], _ mode: Mode) throws -> Tensor {
    var x = x
    for layer in layers { x = try layer(x, offsets: offsets, mode) }
    return try norm(x)
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

  /// Rows `[T, size]` of the sequences that begin at `offsets`, same shape out.
  public func callAsFunction(_ x: Tensor, offsets: [Int], _ mode: Mode) throws -> Tensor {
    let attended = try x + dropout(self_attn(norm1(x), offsets: offsets), mode)
    return try attended + dropout(linear2(gelu(linear1(norm2(attended)))), mode)
  }
}
