import PluginAPI

/// What pretrained transformers start with where there is no checkpoint: N(0, 0.02^2), biases 0 (Devlin et al. 2019).
enum PretrainedStart {
  static let deviation = 0.02

  static func linear(_ inputs: Int, _ outputs: Int) throws -> Linear {
    try Linear(inputs, outputs, weight: .normal(deviation: deviation), biasValue: .constant(0))
  }

  static func embedding(_ count: Int, _ size: Int, padding: Int? = nil, isShared: Bool = false) throws -> Embedding {
    try Embedding(count, size, padding: padding.flatMap { $0 < count ? $0 : nil }, deviation: deviation, isShared: isShared)
  }
}

/// A packed batch as the layers of a pretrained transformer see it, checked against the model's extents.
struct PackedInput {
  let tokens: Tensor
  /// int64 `[T]`, the rows of the position embedding.
  let positions: Tensor
  /// int64 `[T]`; nil: all 0.
  let segments: Tensor?
  let offsets: [Int]
  let mode: Mode

  init(_ batch: TokenBatch, _ configuration: TransformerConfiguration, _ mode: Mode) throws {
    guard batch.longest <= configuration.longestSequence else {
      throw TensorError(
        operation: configuration.architecture.rawValue, shapes: [batch.tokens.shape],
        message: "a sequence has \(batch.longest) tokens, the model has positions for \(configuration.longestSequence)")
    }
    tokens = batch.tokens
    let first = configuration.firstPosition
    positions = first == 0 ? try batch.positions() : try Tensor(batch.lengths.flatMap { Int64(first)..<Int64(first + $0) })
      .to(batch.tokens.device)
    // Models with one kind of segment (RoBERTa) take no part in pairs: the separators alone tell.
    segments = configuration.segments > 1 ? batch.segments : nil
    offsets = batch.offsets
    self.mode = mode
  }

  /// The residual of a layer's input `[T, size]` and what self-attention, with dropout on its weights in training, makes of it; in the last layer
  /// each sequence's first row alone, which is all that a classification looks at: `[N, size]` both, and what follows attention
  /// is computed of nothing else.
  ///
  /// The three layers' products are made as one: rows are packed for it once, and the gradient of rows is one product instead of
  /// three and their sum.
  func attention(
    _ x: PostNormRows, _ query: Linear, _ key: Linear, _ value: Linear, heads: Int, dropout: Double, firstAlone: Bool
  ) throws -> (residual: Tensor, mixed: Tensor) {
    let random = dropout > 0 ? mode.random?.next() : nil, rate = random == nil ? 0 : dropout
    if firstAlone {
      let first = try firstOfSequences(x.residual, offsets: offsets)
      return try (
        first,
        firstRowAttention(
          first, of: x.output, query: query, key: key, value: value, offsets: offsets, heads: heads, dropout: rate, random: random)
      )
    }
    let layers = [query, key, value]
    return try (
      x.residual,
      packedSelfAttention(
        linear(x.output, .concatenate(layers.map(\.weight))), bias: .concatenate(layers.compactMap(\.bias)), offsets: offsets, heads: heads,
        dropout: rate, random: random)
    )
  }
}

/// The sum of word, position and segment embeddings, normalized: tensors `word_embeddings.weight`,
/// `position_embeddings.weight`, `token_type_embeddings.weight` (unless there is one segment for all), `LayerNorm.*`.
public final class TransformerEmbeddings: Module {
  // Properties are named for their paths: Hugging Face calls them so.
  public let word_embeddings: Embedding
  public let position_embeddings: Embedding
  public let token_type_embeddings: Embedding?
  public let LayerNorm: PluginAPI.LayerNorm
  private let dropout: Dropout

  public init(_ c: TransformerConfiguration) throws {
    let width = c.embeddingSize
    word_embeddings = try PretrainedStart.embedding(c.vocabulary, width, padding: c.padding)
    position_embeddings = try PretrainedStart.embedding(
      c.positions, width, padding: c.architecture == .roberta ? c.padding : nil)
    // Where all rows are of one segment it is added as it is.
    token_type_embeddings = c.segments > 0 ? try PretrainedStart.embedding(c.segments, width, isShared: true) : nil
    LayerNorm = try PluginAPI.LayerNorm(width, epsilon: c.epsilon)
    dropout = Dropout(c.dropout)
  }

  /// `[T, embeddingSize]`.
  func callAsFunction(_ input: PackedInput) throws -> Tensor {
    var sum = try word_embeddings(input.tokens)
    if let table = token_type_embeddings {
      // One row added to all is the same sum, and a gradient that is added up at once.
      sum = try input.segments.map { try sum + table($0) } ?? (sum + table.weight.select(0))
    }
    return try dropout(LayerNorm(sum + position_embeddings(input.positions)), input.mode)
  }
}

/// What a post-norm layer hands on: the same numbers for the next sublayer and for the residual around it
/// (``LayerNorm/branches(_:plus:bias:_:_:)``).
typealias PostNormRows = (output: Tensor, residual: Tensor)

extension LayerNorm {
  /// LayerNorm(x + layer(rows)), `product` being that without the layer's bias.
  func branches(_ x: Tensor, plus product: Tensor, of layer: Linear, _ mode: Mode) throws -> PostNormRows {
    try branches(x, plus: product, bias: layer.bias, Dropout(0), mode)
  }
}

/// What a layer adds to its input, behind a linear layer: LayerNorm(x + dropout(dense(y))).
public final class AddedDense: Module {
  public let dense: Linear
  public let LayerNorm: PluginAPI.LayerNorm
  private let dropout: Dropout

  public init(_ inputs: Int, _ c: TransformerConfiguration) throws {
    dense = try PretrainedStart.linear(inputs, c.size)
    LayerNorm = try PluginAPI.LayerNorm(c.size, epsilon: c.epsilon)
    dropout = Dropout(c.dropout)
  }

  /// `[T, inputs]` and the layer's input `[T, size]` to `[T, size]`.
  func callAsFunction(_ rows: Tensor, onto x: Tensor, _ mode: Mode) throws -> PostNormRows {
    try callAsFunction(withoutBias: dense.located { try linear(rows, dense.weight) }, onto: x, mode)
  }

  /// The same with the product of ``dense`` already made, without its bias.
  func callAsFunction(withoutBias product: Tensor, onto x: Tensor, _ mode: Mode) throws -> PostNormRows {
    try LayerNorm.branches(x, plus: product, bias: dense.bias, dropout, mode)
  }
}

/// tanh(dense(first row of each sequence)): BERT's pooler.
public final class DensePooler: Module {
  public let dense: Linear

  public init(_ size: Int) throws { dense = try PretrainedStart.linear(size, size) }

  /// `[N, size]`, same shape out.
  func callAsFunction(_ first: Tensor) throws -> Tensor { try dense(first).tanh() }
}
