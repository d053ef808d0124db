import PluginAPI

/// BERT's encoder (Devlin et al. 2019), which RoBERTa's is too (Liu et al. 2019): embeddings, then post-norm layers
///
///     x = LayerNorm(x + dropout(attention(x)))
///     x = LayerNorm(x + dropout(output(gelu(intermediate(x)))))
///
/// Tensors are named as in Hugging Face's `BertModel`: `embeddings.*`, `encoder.layer.L.attention.self.query.weight`, ...
public final class BERTEncoder: Module {
  public let embeddings: TransformerEmbeddings
  public let encoder: Layers
  /// nil where the classification head has its own (RoBERTa).
  public let pooler: DensePooler?

  public final class Layers: Module {
    public let layer: [BERTLayer]
    init(_ c: TransformerConfiguration) throws { layer = try (0..<c.layers).map { _ in try BERTLayer(c) } }
  }

  public init(_ c: TransformerConfiguration, pools: Bool) throws {
    embeddings = try TransformerEmbeddings(c)
    encoder = try Layers(c)
    pooler = pools ? try DensePooler(c.size) : nil
  }

  /// The first row of each sequence behind the last layer, `[N, size]`.
  func callAsFunction(_ input: PackedInput) throws -> Tensor {
    let embedded = try embeddings(input)
    var x = (output: embedded, residual: embedded)
    for layer in encoder.layer { x = try layer(x, input, firstAlone: layer === encoder.layer.last) }
    return x.output
  }
}

/// One layer of ``BERTEncoder``.
public final class BERTLayer: Module {
  public let attention: Attention
  public let intermediate: Intermediate
  public let output: AddedDense

  public final class Attention: Module {
    // `self` in the path.
    public let _self: QueryKeyValue
    public let output: AddedDense
    init(_ c: TransformerConfiguration) throws {
      _self = try QueryKeyValue(c)
      output = try AddedDense(c.size, c)
    }
  }

  public final class QueryKeyValue: Module {
    public let query, key, value: Linear
    private let heads: Int
    private let dropout: Double

    init(_ c: TransformerConfiguration) throws {
      query = try PretrainedStart.linear(c.size, c.size)
      key = try PretrainedStart.linear(c.size, c.size)
      value = try PretrainedStart.linear(c.size, c.size)
      (heads, dropout) = (c.heads, c.attentionDropout)
    }

    /// The residual and what attention made of the input, see ``PackedInput/attention(_:_:_:_:heads:dropout:firstAlone:)``.
    func callAsFunction(_ x: PostNormRows, _ input: PackedInput, firstAlone: Bool) throws -> (residual: Tensor, mixed: Tensor) {
      try located { try input.attention(x, query, key, value, heads: heads, dropout: dropout, firstAlone: firstAlone) }
    }
  }

  public final class Intermediate: Module {
    public let dense: Linear
    let activation: TransformerConfiguration.Activation

    init(_ c: TransformerConfiguration) throws {
      dense = try PretrainedStart.linear(c.size, c.feedForward)
      activation = c.activation
    }
  }

  public init(_ c: TransformerConfiguration) throws {
    attention = try Attention(c)
    intermediate = try Intermediate(c)
    output = try AddedDense(c.feedForward, c)
  }

  /// Rows `[T, size]`, same shape out, or `[N, size]` of each sequence's first row.
  func callAsFunction(_ x: PostNormRows, _ input: PackedInput, firstAlone: Bool) throws -> PostNormRows {
    let (residual, mixed) = try attention._self(x, input, firstAlone: firstAlone)
    let attended = try attention.output(mixed, onto: residual, input.mode)
    let product = try intermediate.activation(attended.output, from: intermediate.dense, to: output.dense)
    return try output(withoutBias: product, onto: attended.residual, input.mode)
  }
}
