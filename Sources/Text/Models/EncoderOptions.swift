import PluginAPI

/// The options of the pretrained encoders: a checkpoint, or the sizes of one with fresh weights.
public struct EncoderOptions: Options {
  public var checkpoint = ""
  public var freshHead = false
  public var size = 768
  public var layers = 12
  public var heads = 12
  public var feedForward = 0
  public var embeddingSize = 128
  public var groups = 1
  public var dropout = -1.0
  public var attentionDropout = -1.0
  public var headDropout = -1.0

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field(
        "checkpoint", file: \.checkpoint,
        "a Hugging Face folder (config.json and weights), whose sizes then hold; empty: fresh weights"),
      Field("freshHead", \.freshHead, "whether the head starts fresh even where the checkpoint has one"),
      Field("size", \.size, in: 1...16384, "width of the layers, a multiple of heads; without a checkpoint"),
      Field("layers", \.layers, in: 1...256, "encoder layers; without a checkpoint"),
      Field("heads", \.heads, in: 1...256, "attention heads of a layer; without a checkpoint"),
      Field("feedForward", \.feedForward, in: 0...65536, "width inside a layer, 0: 4 times size; without a checkpoint"),
      Field("embeddingSize", \.embeddingSize, in: 1...16384, "albert alone: width of embeddings; without a checkpoint"),
      Field("groups", \.groups, in: 1...256, "albert alone: layers with weights of their own; without a checkpoint"),
      Field("dropout", \.dropout, in: -1...0.95, "rate on embeddings and what layers add; -1: the checkpoint's, or usual"),
      Field("attentionDropout", \.attentionDropout, in: -1...0.95, "rate on attention weights; -1: likewise"),
      Field("headDropout", \.headDropout, in: -1...0.95, "rate in the classification head; -1: likewise"),
    ]
  }

  /// The configuration for a data set: the checkpoint's, or these sizes.
  func origin(
    _ architecture: TransformerConfiguration.Architecture, shape: TokenBatch.Shape, task: Task
  ) throws -> PretrainedOrigin {
    let owner = "model \(architecture.rawValue)"
    if case .nextToken = task {
      throw BasinError.usage(
        "\(owner) classifies sequences; the data set's task is \(task)", advice: "Use --model gpt2, or another data set")
    }
    return try PretrainedOrigin(checkpoint: checkpoint, architecture, shape: shape, owner: owner) { result, isFresh in
      if isFresh {
        (result.size, result.layers, result.heads) = (size, layers, heads)
        result.feedForward = feedForward > 0 ? feedForward : 4 * size
        result.embeddingSize = architecture == .albert ? embeddingSize : size
        result.groups = architecture == .albert ? min(groups, layers) : 1
      }
      if dropout >= 0 { result.dropout = dropout }
      if attentionDropout >= 0 { result.attentionDropout = attentionDropout }
      if headDropout >= 0 { result.headDropout = headDropout }
    }
  }
}
