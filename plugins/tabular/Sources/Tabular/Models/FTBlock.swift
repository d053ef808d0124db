import PluginAPI

/// A block of ``FTTransformer``: x + attention(norm(x)), then x + feed-forward(norm(x)).
public final class FTBlock: Module {
  /// Absent in the first block, which the authors found essential.
  public let attention_normalization: LayerNorm?
  public let attention: FTAttention
  public let ffn_normalization: LayerNorm
  public let ffn: FTFeedForward
  private let residualDropout: Dropout
  private let isLast: Bool

  init(_ options: FTTransformerOptions, isFirst: Bool, isLast: Bool) throws {
    attention_normalization = isFirst ? nil : try LayerNorm(options.size)
    attention = try FTAttention(options.size, heads: options.heads, dropout: options.attentionDropout)
    ffn_normalization = try LayerNorm(options.size)
    ffn = try FTFeedForward(options.size, inner: max(1, Int(Double(options.size) * options.expansion)), dropout: options.dropout)
    residualDropout = Dropout(options.residualDropout)
    self.isLast = isLast
  }

  /// `[N, tokens, size]` to the same shape, of the last block to `[N, 1, size]`: the first vector alone is read.
  func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let normal = try attention_normalization.map { try $0(x) } ?? x
    func read(_ x: Tensor) throws -> Tensor { isLast ? try x.slice(0..<1, axis: 1).contiguous() : x }
    let mixed = try read(x) + residualDropout(attention(read(normal), normal, mode), mode)
    return try mixed + residualDropout(ffn(ffn_normalization(mixed), mode), mode)
  }

  func multiplicationsOfAToken(among tokens: Int) -> Int {
    let size = ffn_normalization.size
    return (isLast ? 2 : 4) * size * size + (isLast ? 2 * size : 2 * tokens * size + 3 * size * ffn.inner)
  }
}

/// Attention with several heads, with dropout of its weights: `W_q`, `W_k`, `W_v` and, of several heads, `W_out`.
public final class FTAttention: Module {
  public let W_q: Linear
  public let W_k: Linear
  public let W_v: Linear
  public let W_out: Linear?
  private let heads: Int
  private let dropout: Dropout

  init(_ size: Int, heads: Int, dropout: Double) throws {
    W_q = try Linear(size, size)
    W_k = try Linear(size, size)
    W_v = try Linear(size, size)
    W_out = heads > 1 ? try Linear(size, size) : nil
    self.heads = heads
    self.dropout = Dropout(dropout)
  }

  /// - Parameters:
  ///   - x: `[N, Q, size]`, what asks.
  ///   - all: `[N, K, size]`, what is asked.
  /// - Returns: `[N, Q, size]`.
  func callAsFunction(_ x: Tensor, _ all: Tensor, _ mode: Mode) throws -> Tensor {
    try located {
      let shape = x.shape, width = shape[2] / heads
      func byHead(_ x: Tensor) throws -> Tensor { try x.reshaped([x.shape[0], x.shape[1], heads, width]).transposed(1, 2) }
      let queries = try byHead(W_q(x)), keys = try byHead(W_k(all)), values = try byHead(W_v(all))
      let mixed: Tensor
      if mode.random != nil, dropout.rate > 0 {
        let scores = try queries.matmul(keys.transposed()) * (1 / Double(width).squareRoot())
        mixed = try dropout(softmax(scores), mode).matmul(values)
      } else {
        mixed = try scaledDotProductAttention(queries, keys, values)
      }
      let joined = try mixed.transposed(1, 2).reshaped(shape)
      return try W_out.map { try $0(joined) } ?? joined
    }
  }
}

/// Two linear layers with ReGLU between them, a relu(b) of the halves a and b (Shazeer 2020).
public final class FTFeedForward: Module {
  public let linear1: Linear
  public let linear2: Linear
  let inner: Int
  private let dropout: Dropout

  init(_ size: Int, inner: Int, dropout: Double) throws {
    linear1 = try Linear(size, 2 * inner)
    linear2 = try Linear(inner, size)
    self.inner = inner
    self.dropout = Dropout(dropout)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let halves = try linear1(x).split(inner, axis: -1)
    return try linear2(dropout(halves[0] * relu(halves[1]), mode))
  }
}
