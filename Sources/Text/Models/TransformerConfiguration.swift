import PluginAPI

/// The sizes and habits of a pretrained transformer, as its config.json has them.
public struct TransformerConfiguration: Sendable, Equatable {
  /// A family of checkpoints: config.json's `model_type`.
  public enum Architecture: String, Sendable, CaseIterable { case bert, roberta, distilbert, albert, gpt2 }

  /// What a feed-forward layer's inner values go through.
  public enum Activation: String, Sendable, CaseIterable {
    case gelu
    /// GELU by tanh (Hendrycks and Gimpel 2016), under the names of three implementations.
    case geluNew = "gelu_new"
    case geluTanh = "gelu_pytorch_tanh"
    case geluFast = "gelu_fast"
    case relu

    /// nil: it is none.
    private var gelu: GELU? {
      switch self {
      case .gelu: .exact
      case .geluNew, .geluTanh, .geluFast: .tanh
      case .relu: nil
      }
    }

    /// Of h + bias, h `[T, F]` and bias `[F]`.
    func callAsFunction(_ h: Tensor, bias: Tensor) throws -> Tensor {
      try gelu.map { try $0(h, bias: bias) } ?? PluginAPI.relu(h + bias)
    }

    /// Two linear layers with the activation between them, without the second one's bias, which normalization adds on the
    /// way. Rows `[T, in]` to `[T, out]`.
    func callAsFunction(_ x: Tensor, from first: Linear, to second: Linear) throws -> Tensor {
      if let gelu { return try PluginAPI.feedForward(x, first, second, gelu) }
      let hidden = try PluginAPI.relu(first(x))
      return try second.located { try linear(hidden, second.weight) }
    }
  }

  public var architecture: Architecture
  /// Rows of the word embedding.
  public var vocabulary: Int
  /// Width of the layers, and of the embedding where that differs (ALBERT).
  public var size, embeddingSize: Int
  public var layers, heads, feedForward: Int
  /// Rows of the position embedding; RoBERTa's first `padding + 1` are never used.
  public var positions: Int
  /// Rows of the segment embedding; 0 where there is none.
  public var segments: Int
  /// ALBERT: groups of layers with weights of their own, and layers in a group.
  public var groups = 1, groupLayers = 1
  public var activation: Activation
  /// Layer normalization's.
  public var epsilon: Double
  /// On embeddings and on what layers add; on attention weights; in the classification head.
  public var dropout, attentionDropout, headDropout: Double
  /// GPT-2's dropout on the embeddings.
  public var embeddingDropout: Double
  /// The token that fills up batches; nil where the model knows none.
  public var padding: Int?

  /// The published base size.
  public init(base architecture: Architecture) {
    self.architecture = architecture
    (size, embeddingSize, layers, heads, feedForward, positions, segments) = (768, 768, 12, 12, 3072, 512, 2)
    (activation, epsilon) = (.gelu, 1e-12)
    (dropout, attentionDropout, headDropout, embeddingDropout) = (0.1, 0.1, 0.1, 0.1)
    padding = 0
    switch architecture {
    case .bert: vocabulary = 30522
    case .roberta:
      (vocabulary, positions, segments, epsilon, padding) = (50265, 514, 1, 1e-5, 1)
    case .distilbert:
      (vocabulary, layers, segments, headDropout) = (30522, 6, 0, 0.2)
    case .albert:
      (vocabulary, embeddingSize, activation) = (30000, 128, .geluNew)
      (dropout, attentionDropout, embeddingDropout) = (0, 0, 0)
    case .gpt2:
      (vocabulary, positions, segments, activation, epsilon, padding) = (50257, 1024, 0, .geluNew, 1e-5, nil)
    }
  }

  /// The most tokens a sequence may have.
  public var longestSequence: Int { positions - firstPosition }
  /// The row of the position embedding that a sequence's first token takes.
  public var firstPosition: Int { architecture == .roberta ? (padding ?? 0) + 1 : 0 }

  /// - Throws: `BasinError` of kind usage where the width is no multiple of the heads.
  func check(_ owner: String) throws {
    guard size % heads == 0 else {
      let fitting = (1...size).filter { size % $0 == 0 && $0 <= 256 }
      throw BasinError.usage(
        "\(owner): size \(size) is not a multiple of \(heads) heads",
        advice: "Use \(fitting.map(String.init).joined(separator: ", ")) heads, or another size")
    }
  }
}
