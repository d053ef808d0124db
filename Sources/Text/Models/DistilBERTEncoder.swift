import PluginAPI

/// DistilBERT's encoder (Sanh et al. 2019): BERT's without segments and without dropout behind attention. Tensors are
/// named as in Hugging Face's `DistilBertModel`: `embeddings.*`, `transformer.layer.L.attention.q_lin.weight`, ...
public final class DistilBERTEncoder: Module {
  public let embeddings: TransformerEmbeddings
  public let transformer: Layers

  public final class Layers: Module {
    public let layer: [DistilBERTLayer]
    init(_ c: TransformerConfiguration) throws { layer = try (0..<c.layers).map { _ in try DistilBERTLayer(c) } }
  }

  public init(_ c: TransformerConfiguration) throws {
    embeddings = try TransformerEmbeddings(c)
    transformer = try Layers(c)
  }

  /// The first row of each sequence behind the last layer, `[N, size]`.
  func callAsFunction(_ input: PackedInput) throws -> Tensor {
    let embedded = try embeddings(input)
    var x = (output: embedded, residual: embedded)
    for layer in transformer.layer { x = try layer(x, input, firstAlone: layer === transformer.layer.last) }
    return x.output
  }
}

/// One layer of ``DistilBERTEncoder``.
public final class DistilBERTLayer: Module {
  public let attention: Attention
  public let sa_layer_norm: LayerNorm
  public let ffn: FeedForward
  public let output_layer_norm: LayerNorm

  public final class Attention: Module {
    public let q_lin, k_lin, v_lin, out_lin: Linear
    private let heads: Int
    private let dropout: Double

    init(_ c: TransformerConfiguration) throws {
      q_lin = try PretrainedStart.linear(c.size, c.size)
      k_lin = try PretrainedStart.linear(c.size, c.size)
      v_lin = try PretrainedStart.linear(c.size, c.size)
      out_lin = try PretrainedStart.linear(c.size, c.size)
      (heads, dropout) = (c.heads, c.attentionDropout)
    }

    /// The residual and what ``out_lin`` mixes, see ``PackedInput/attention(_:_:_:_:heads:dropout:firstAlone:)``.
    func callAsFunction(_ x: PostNormRows, _ input: PackedInput, firstAlone: Bool) throws -> (residual: Tensor, mixed: Tensor) {
      try located { try input.attention(x, q_lin, k_lin, v_lin, heads: heads, dropout: dropout, firstAlone: firstAlone) }
    }
  }

  public final class FeedForward: Module {
    public let lin1, lin2: Linear
    let activation: TransformerConfiguration.Activation
    let dropout: Dropout

    init(_ c: TransformerConfiguration) throws {
      lin1 = try PretrainedStart.linear(c.size, c.feedForward)
      lin2 = try PretrainedStart.linear(c.feedForward, c.size)
      (activation, dropout) = (c.activation, Dropout(c.dropout))
    }
  }

  public init(_ c: TransformerConfiguration) throws {
    attention = try Attention(c)
    sa_layer_norm = try LayerNorm(c.size, epsilon: c.epsilon)
    ffn = try FeedForward(c)
    output_layer_norm = try LayerNorm(c.size, epsilon: c.epsilon)
  }

  /// Rows `[T, size]`, same shape out, or `[N, size]` of each sequence's first row.
  func callAsFunction(_ x: PostNormRows, _ input: PackedInput, firstAlone: Bool) throws -> PostNormRows {
    let (residual, mixed) = try attention(x, input, firstAlone: firstAlone)
    let product = try attention.out_lin.located { try linear(mixed, attention.out_lin.weight) }
    let attended = try sa_layer_norm.branches(residual, plus: product, of: attention.out_lin, input.mode)
    let raised = try ffn.activation(attended.output, from: ffn.lin1, to: ffn.lin2)
    return try output_layer_norm.branches(attended.residual, plus: raised, bias: ffn.lin2.bias, ffn.dropout, input.mode)
  }
}
