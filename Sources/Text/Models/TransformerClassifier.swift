import PluginAPI

/// A transformer encoder that classifies sentences: word embedding plus learned position (or rotary positions), pre-norm layers (Vaswani et
/// al. 2017; Xiong et al. 2020), final normalization, pooling, one linear layer.
///
/// Dropout acts on the sum of embedding and position and on what attention and feed-forward add to the residual
/// stream, as in Vaswani et al.; not on the attention weights. There is no padding: every layer runs on the tokens alone, and a
/// prediction does not depend on the other sentences of a batch.
///
/// Tensors: `embedding.weight` `[vocabulary, size]`, `position.weight` `[length, size]` (learned positions), `encoder.layers.L.*` and
/// `encoder.norm.*` as in `nn.TransformerEncoder`, `classifier.weight` `[classes, size]`, `classifier.bias`.
public final class TransformerClassifier: Model {
  public enum Pooling: String, CaseIterable, Sendable { case mean, cls }
  public enum Positions: String, CaseIterable, Sendable { case learned, rotary }

  public struct ModelOptions: Options {
    public var size = 128
    public var heads = 4
    public var layers = 2
    public var feedForward = 0
    public var dropout = 0.2
    public var pooling = Pooling.mean
    public var positions = Positions.learned

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("size", \.size, in: 1...8192, "width of embeddings and layers, a multiple of heads"),
        Field("heads", \.heads, in: 1...256, "attention heads of a layer"),
        Field("layers", \.layers, in: 1...128, "encoder layers"),
        Field("feedForward", \.feedForward, in: 0...65536, "width between the two linear layers; 0: 4 times size"),
        Field("dropout", \.dropout, in: 0...0.95, "rate on embeddings, attention outputs and feed-forward outputs"),
        Field("pooling", \.pooling, choices: Pooling.self, "mean over the tokens, or the state of the first ([CLS])"),
        Field(
          "positions", \.positions, choices: Positions.self,
          "an embedding of each place, or queries and keys turned by their places (Su et al. 2021)"),
      ]
    }
  }

  public let embedding: Embedding
  /// nil: positions are rotary.
  public let position: Embedding?
  public let encoder: TransformerEncoder
  public let classifier: Linear
  private let pooling: Pooling
  private let longest: Int
  private let rotary: RotaryPositions?
  private let dropout: Dropout

  // As GPT and BERT start: sums of a few such numbers stay small beside the first layer normalization.
  private static let embeddingDeviation = 0.02

  /// - Throws: `BasinError` (`.usage`) for a size that is not a multiple of the heads, or a task whose prediction is
  ///   not one row a sentence.
  public init(_ options: ModelOptions, shape: TokenBatch.Shape, task: Task) throws {
    guard options.size % options.heads == 0 else {
      let fitting = (1...options.size).filter { options.size % $0 == 0 && $0 <= 256 }
      throw BasinError.usage(
        "model transformer: size \(options.size) is not a multiple of \(options.heads) heads",
        advice: "Use \(fitting.map(String.init).joined(separator: ", ")) heads, or another size")
    }
    if case .nextToken = task {
      throw BasinError.usage(
        "model transformer classifies sentences; the data set's task is \(task)",
        advice: "Use a data set with one label a sentence")
    }
    guard shape.vocabulary > 0, shape.length > 0 else {
      throw BasinError.internalError("model transformer cannot be made for \(shape)")
    }
    let padding = (0..<shape.vocabulary).contains(shape.padding) ? shape.padding : nil
    embedding = try Embedding(shape.vocabulary, options.size, padding: padding, deviation: Self.embeddingDeviation)
    let isRotary = options.positions == .rotary, width = options.size / options.heads
    guard !isRotary || width % 2 == 0 else {
      throw BasinError.usage(
        "model transformer: rotary positions turn pairs, and size / heads is \(width)", advice: "Use another size or number of heads")
    }
    position = isRotary ? nil : try Embedding(shape.length, options.size, deviation: Self.embeddingDeviation)
    rotary = isRotary ? RotaryPositions(heads: options.heads, width: width, places: shape.length) : nil
    encoder = try TransformerEncoder(
      layers: options.layers, size: options.size, heads: options.heads,
      feedForward: options.feedForward > 0 ? options.feedForward : 4 * options.size, dropout: options.dropout)
    classifier = try Linear(options.size, task.outputs)
    dropout = Dropout(options.dropout)
    pooling = options.pooling
    longest = shape.length
  }

  /// Sentences of at most the shape's length to logits `[N, classes]`.
  public func callAsFunction(_ input: TokenBatch, _ mode: Mode) throws -> Output {
    try located {
      guard input.longest <= longest else {
        throw TensorError(
          operation: "transformer", shapes: [input.tokens.shape],
          message: "a sentence has \(input.longest) tokens, the model has positions for \(longest)")
      }
      let words = try embedding(input.tokens)
      let placed = try position.map { try words + $0(input.positions()) } ?? words
      let states = try encoder(dropout(placed, mode), offsets: input.offsets, rotary: rotary, mode)
      let pooled =
        switch pooling {
        case .mean: try meanOfSequences(states, offsets: input.offsets)
        case .cls: try firstOfSequences(states, offsets: input.offsets)
        }
      return Output(try classifier(pooled))
    }
  }
}
