import PluginAPI

/// ALBERT's encoder (Lan et al. 2020): a narrow embedding mapped to the layers' width, and few groups of layers whose
/// weights are used again and again. Tensors are named as in Hugging Face's `AlbertModel`.
public final class ALBERTEncoder: Module {
  public let embeddings: TransformerEmbeddings
  public let encoder: Layers
  /// tanh of it is taken of each sequence's first row.
  public let pooler: Linear

  public final class Layers: Module {
    public let embedding_hidden_mapping_in: Linear
    public let albert_layer_groups: [Group]
    init(_ c: TransformerConfiguration) throws {
      embedding_hidden_mapping_in = try PretrainedStart.linear(c.embeddingSize, c.size)
      albert_layer_groups = try (0..<c.groups).map { _ in try Group(c) }
    }
  }

  public final class Group: Module {
    public let albert_layers: [ALBERTLayer]
    init(_ c: TransformerConfiguration) throws {
      albert_layers = try (0..<c.groupLayers).map { _ in try ALBERTLayer(c) }
    }
  }

  private let layers: Int

  public init(_ c: TransformerConfiguration) throws {
    embeddings = try TransformerEmbeddings(c)
    encoder = try Layers(c)
    pooler = try PretrainedStart.linear(c.size, c.size)
    layers = c.layers
  }

  /// The first row of each sequence behind the last layer, `[N, size]`.
  func callAsFunction(_ input: PackedInput) throws -> Tensor {
    let embedded = try encoder.embedding_hidden_mapping_in(embeddings(input))
    var x = (output: embedded, residual: embedded)
    let groups = encoder.albert_layer_groups
    for pass in 0..<layers {
      let group = groups[pass * groups.count / layers].albert_layers
      for (index, layer) in group.enumerated() {
        x = try layer(x, input, firstAlone: pass == layers - 1 && index == group.count - 1)
      }
    }
    return x.output
  }
}

/// One layer of ``ALBERTEncoder``: post-norm, without dropout behind the feed-forward part.
public final class ALBERTLayer: Module {
  public let full_layer_layer_norm: LayerNorm
  public let attention: Attention
  public let ffn, ffn_output: Linear
  private let activation: TransformerConfiguration.Activation

  public final class Attention: Module {
    public let query, key, value, dense: Linear
    public let LayerNorm: PluginAPI.LayerNorm
    private let heads: Int
    private let weightDropout: Double
    private let dropout: Dropout

    init(_ c: TransformerConfiguration) throws {
      query = try PretrainedStart.linear(c.size, c.size)
      key = try PretrainedStart.linear(c.size, c.size)
      value = try PretrainedStart.linear(c.size, c.size)
      dense = try PretrainedStart.linear(c.size, c.size)
      LayerNorm = try PluginAPI.LayerNorm(c.size, epsilon: c.epsilon)
      (heads, weightDropout, dropout) = (c.heads, c.attentionDropout, Dropout(c.dropout))
    }

    func callAsFunction(_ x: PostNormRows, _ input: PackedInput, firstAlone: Bool) throws -> PostNormRows {
      try located {
        let (residual, mixed) = try input.attention(
          x, query, key, value, heads: heads, dropout: weightDropout, firstAlone: firstAlone)
        return try LayerNorm.branches(residual, plus: linear(mixed, dense.weight), bias: dense.bias, dropout, input.mode)
      }
    }
  }

  public init(_ c: TransformerConfiguration) throws {
    full_layer_layer_norm = try LayerNorm(c.size, epsilon: c.epsilon)
    attention = try Attention(c)
    ffn = try PretrainedStart.linear(c.size, c.feedForward)
    ffn_output = try PretrainedStart.linear(c.feedForward, c.size)
    activation = c.activation
  }

  /// Rows `[T, size]`, same shape out, or `[N, size]` of each sequence's first row.
  func callAsFunction(_ x: PostNormRows, _ input: PackedInput, firstAlone: Bool) throws -> PostNormRows {
    let attended = try attention(x, input, firstAlone: firstAlone)
    let product = try activation(attended.output, from: ffn, to: ffn_output)
    return try full_layer_layer_norm.branches(attended.residual, plus: product, of: ffn_output, input.mode)
  }
}
