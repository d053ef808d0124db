import PluginAPI

/// A convolutional network that classifies sequences (Kim 2014): word embedding, filters of several widths, of each filter the
/// greatest value over time, dropout, one linear layer.
///
/// Tensors: `embedding.weight` `[vocabulary, embedding]`, `convs.I.weight` `[filters, embedding, width]` and `convs.I.bias` as of
/// `nn.Conv1d`, `classifier.weight` `[classes, widths * filters]`, `classifier.bias`.
public final class TextCNN: Model {
  public struct ModelOptions: Options {
    public var embedding = 300
    public var filters = 100
    public var widths = "3,4,5"
    public var dropout = 0.5
    public var embeddingDropout = 0.0

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("embedding", \.embedding, in: 1...8192, "width of the word embedding"),
        Field("filters", \.filters, in: 1...8192, "filters of each width"),
        Field("widths", text: \.widths, "tokens that filters look at, separated by commas"),
        Field("dropout", \.dropout, in: 0...0.95, "rate before the classifier"),
        Field("embeddingDropout", \.embeddingDropout, in: 0...0.95, "rate on embeddings"),
      ]
    }
  }

  /// A convolution's tensors, which ``MaximumOverTime`` computes with.
  public final class Convolution: Module {
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor

    init(_ inputs: Int, _ filters: Int, width: Int) throws {
      let start = Initializer.torchDefault(inputs: inputs * width)
      _weight = try Parameter(shape: [filters, inputs, width], start)
      _bias = try Parameter(shape: [filters], start)
    }
  }

  public let embedding: Embedding
  public let convs: [Convolution]
  public let classifier: Linear
  private let maximum: MaximumOverTime
  private let dropout: Dropout
  private let embeddingDropout: Dropout

  // Kim's U(-0.25, 0.25) for words without a given vector has this one.
  private static let embeddingDeviation = 0.25 / 3.0.squareRoot()

  /// - Throws: `BasinError` (`.usage`) for widths that are no numbers from 1 to 64, or a task whose prediction is not one row
  ///   a sequence.
  public init(_ options: ModelOptions, shape: TokenBatch.Shape, task: Task) throws {
    if case .nextToken = task {
      throw BasinError.usage(
        "model textcnn classifies sequences; the data set's task is \(task)", advice: "Use --model gpt2, or another data set")
    }
    let parts = options.widths.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
    let widths = parts.compactMap { Int($0) }.filter { (1...64).contains($0) }
    guard widths.count == parts.count, !widths.isEmpty else {
      throw BasinError.usage(
        "model textcnn: option widths cannot be '\(options.widths)'", advice: "It takes numbers from 1 to 64, such as 3,4,5")
    }
    let padding = (0..<shape.vocabulary).contains(shape.padding) ? shape.padding : nil
    embedding = try Embedding(shape.vocabulary, options.embedding, padding: padding, deviation: Self.embeddingDeviation)
    convs = try widths.map { try Convolution(options.embedding, options.filters, width: $0) }
    classifier = try Linear(widths.count * options.filters, task.outputs)
    maximum = MaximumOverTime(filters: options.filters, widths: widths)
    dropout = Dropout(options.dropout)
    embeddingDropout = Dropout(options.embeddingDropout)
  }

  /// Packed sequences, each of at least one token, to `[N, outputs]`.
  public func callAsFunction(_ input: TokenBatch, _ mode: Mode) throws -> Output {
    try located {
      let words = try embeddingDropout(embedding(input.tokens), mode)
      // ReLU rises and the bias is the same in every window: they may come behind the maximum.
      let greatest = try maximum(words, convs.map(\.weight), offsets: input.offsets)
      let features = try relu(greatest + Tensor.concatenate(convs.map(\.bias)))
      return Output(try classifier(dropout(features, mode)))
    }
  }
}
