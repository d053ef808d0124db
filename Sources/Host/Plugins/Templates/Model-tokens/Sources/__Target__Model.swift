import PluginAPI

/// A bag of embeddings: the mean of the tokens' vectors, a hidden layer with ReLU, a linear layer. It knows which words a
/// sentence has, and nothing of their order.
public final class __Target__Model: Model {
  public struct Settings: Options {
    public var size = 64
    public var hidden = 64
    public var dropout = 0.1

    public init() {}

    // Name, property, range and help of each: `basin describe model __name__` shows them, `--set model.size=128` sets one.
    public static var fields: [Field<Self>] {
      [
        Field("size", \.size, in: 1...4096, "width of a token's vector"),
        Field("hidden", \.hidden, in: 1...4096, "width of the hidden layer"),
        Field("dropout", \.dropout, in: 0...0.9, "part of a sentence's vector zeroed in training"),
      ]
    }
  }

  // Layers are found by reflection; their tensors are named by the path of properties: `embedding.weight`.
  let embedding: Embedding
  let dropout: Dropout
  let hidden: Linear
  let head: Linear

  /// Makes the layers. Their tensors are filled afterwards, each from the run's seed and its path.
  public init(_ options: Settings, shape: TokenBatch.Shape, task: Task) throws {
    if case .nextToken = task {
      throw BasinError.usage("model __name__ classifies sentences and does not predict the next token", advice: "Choose another model")
    }
    embedding = try Embedding(shape.vocabulary, options.size, deviation: 0.1)
    dropout = Dropout(options.dropout)
    hidden = try Linear(options.size, options.hidden)
    head = try Linear(options.hidden, task.outputs)
  }

  /// Sentences to logits `[N, classes]`.
  public func callAsFunction(_ input: TokenBatch, _ mode: Mode) throws -> Output {
    let sentences = try meanOfSequences(embedding(input.tokens), offsets: input.offsets)
    return Output(try head(relu(hidden(dropout(sentences, mode)))))
  }
}
