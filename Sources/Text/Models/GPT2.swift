import Foundation
import PluginAPI

/// A causal language model in the layout of GPT-2 (Radford et al. 2019): pre-norm layers whose attention sees a token and
/// those before it, and an output layer that is the word embedding.
///
/// Row t of the prediction are the logits of the token that follows row t. Tensors are named as in Hugging Face's
/// `GPT2LMHeadModel`; weights of layers are `[in, out]`.
public final class GPT2: Model {
  public struct ModelOptions: Options {
    public var checkpoint = ""
    public var size = 768
    public var layers = 12
    public var heads = 12
    public var feedForward = 0
    public var dropout = -1.0
    public var attentionDropout = -1.0

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field(
          "checkpoint", file: \.checkpoint,
          "a Hugging Face folder (config.json and weights), whose sizes then hold; empty: fresh weights"),
        Field("size", \.size, in: 1...16384, "width of the layers, a multiple of heads; without a checkpoint"),
        Field("layers", \.layers, in: 1...256, "layers; without a checkpoint"),
        Field("heads", \.heads, in: 1...256, "attention heads of a layer; without a checkpoint"),
        Field("feedForward", \.feedForward, in: 0...65536, "width inside a layer, 0: 4 times size; without a checkpoint"),
        Field("dropout", \.dropout, in: -1...0.95, "rate on embeddings and what layers add; -1: the checkpoint's, or 0.1"),
        Field("attentionDropout", \.attentionDropout, in: -1...0.95, "rate on attention weights; -1: likewise"),
      ]
    }
  }

  public let transformer: GPT2Transformer
  let origin: PretrainedOrigin
  private let vocabulary: Int
  public private(set) var notes: [String] = []

  /// The sizes the model was made with.
  public var configuration: TransformerConfiguration { origin.configuration }

  /// - Throws: `BasinError` (`.usage`) for a task that is not the next token, a size that is no multiple of the heads, or a
  ///   checkpoint that does not fit the data set; `.badData` or `.missingInput` for one that cannot be read.
  public init(_ options: ModelOptions, shape: TokenBatch.Shape, task: Task) throws {
    guard case .nextToken(let vocabulary) = task else {
      throw BasinError.usage(
        "model gpt2 predicts the next token; the data set's task is \(task)",
        advice: "Use a data set of running text, or --model roberta, bert, distilbert or albert")
    }
    self.vocabulary = vocabulary
    // Batches have no padding, and the tokenizer of GPT-2 no token for it.
    origin = try PretrainedOrigin(
      checkpoint: options.checkpoint, .gpt2, shape: shape, owner: "model gpt2"
    ) { result, isFresh in
      if isFresh {
        (result.size, result.layers, result.heads) = (options.size, options.layers, options.heads)
        result.feedForward = options.feedForward > 0 ? options.feedForward : 4 * options.size
        result.embeddingSize = options.size
      }
      result.padding = nil
      if options.dropout >= 0 { (result.dropout, result.embeddingDropout) = (options.dropout, options.dropout) }
      if options.attentionDropout >= 0 { result.attentionDropout = options.attentionDropout }
    }
    transformer = try GPT2Transformer(origin.configuration)
  }

  /// Packed sequences to logits `[T, vocabulary]`.
  public func callAsFunction(_ input: TokenBatch, _ mode: Mode) throws -> Output {
    try located { Output(try logits(transformer(PackedInput(input, origin.configuration, mode)))) }
  }

  /// `[..., size]` to `[..., vocabulary]`, without the rows that an embedding may have to spare.
  func logits(_ states: Tensor) throws -> Tensor {
    let table = transformer.wte.weight
    return try linear(states, vocabulary < configuration.vocabulary ? table.slice(0..<vocabulary) : table)
  }
}

extension GPT2: PretrainedModule, FolderExportable {
  public func companionFiles(in folder: String?) throws -> [String] { try origin.companionFiles(in: folder) }

  public func fillPretrained(_ tensors: [NamedTensor], classNames: [String]) throws -> Set<String> {
    let names = CheckpointNames(base: "transformer", copies: ["lm_head.weight": "transformer.wte.weight"])
    let (paths, notes) = try origin.fill(tensors, by: names)
    self.notes = notes
    return paths
  }

  public func exportedFiles(
    _ tensors: [String: Tensor], labels: [String], shardBytes: Int
  ) throws -> [(name: String, data: Data)] {
    var extras: [String: Any] = ["architectures": ["GPT2LMHeadModel"], "tie_word_embeddings": true]
    // Without them programs assume those of the published vocabulary; generation_config.json has the data set's.
    if origin.folder == nil { for key in ["bos_token_id", "eos_token_id"] { extras[key] = NSNull() } }
    return try origin.exportedFiles(tensors, extras: extras, shardBytes: shardBytes)
  }
}

/// The embeddings and layers of ``GPT2``.
public final class GPT2Transformer: Module {
  public let wte: Embedding
  public let wpe: Embedding
  public let h: [GPT2Layer]
  public let ln_f: LayerNorm
  private let dropout: Dropout

  init(_ c: TransformerConfiguration) throws {
    // The output layer reads it too.
    wte = try PretrainedStart.embedding(c.vocabulary, c.size, isShared: true)
    wpe = try PretrainedStart.embedding(c.positions, c.size)
    h = try (0..<c.layers).map { _ in try GPT2Layer(c) }
    ln_f = try LayerNorm(c.size, epsilon: c.epsilon)
    dropout = Dropout(c.embeddingDropout)
  }

  /// `[T, size]`.
  func callAsFunction(_ input: PackedInput) throws -> Tensor {
    var x = try dropout(wte(input.tokens) + wpe(input.positions), input.mode)
    for layer in h { x = try layer(x, input.mode) { try layer.attn.mix($0, input) } }
    return try ln_f(x)
  }
}

/// One layer of ``GPT2``:
///
///     x = x + dropout(attn(ln_1(x)))
///     x = x + dropout(mlp(ln_2(x)))
public final class GPT2Layer: Module {
  public let ln_1: LayerNorm
  public let attn: Attention
  public let ln_2: LayerNorm
  public let mlp: FeedForward
  private let dropout: Dropout

  /// x W + b with a weight `[inputs, outputs]`, which Hugging Face calls Conv1D.
  public final class Projection: Module {
    @Parameter public var weight: Tensor
    @Parameter public var bias: Tensor
    private static let addProduct = Operator("aten::addmm")

    init(_ inputs: Int, _ outputs: Int, deviation: Double = PretrainedStart.deviation) throws {
      _weight = try Parameter(shape: [inputs, outputs], .normal(deviation: deviation))
      _bias = try Parameter(shape: [outputs], .constant(0))
    }

    /// `[T, inputs]` to `[T, outputs]`.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
      try located { try Self.addProduct(.tensor(bias), .tensor(x), .tensor(weight)) }
    }
  }

  public final class Attention: Module {
    public let c_attn, c_proj: Projection
    let heads: Int
    private let dropout: Double

    init(_ c: TransformerConfiguration) throws {
      c_attn = try Projection(c.size, 3 * c.size)
      c_proj = try Projection(c.size, c.size, deviation: GPT2Layer.residualDeviation(c))
      (heads, dropout) = (c.heads, c.attentionDropout)
    }

    /// `[T, size]`, same shape out; c_proj comes behind it.
    func mix(_ x: Tensor, _ input: PackedInput) throws -> Tensor {
      try located {
        try packedSelfAttention(
          x.matmul(c_attn.weight), bias: c_attn.bias, offsets: input.offsets, heads: heads, causal: true, dropout: dropout,
          random: dropout > 0 ? input.mode.random?.next() : nil)
      }
    }
  }

  public final class FeedForward: Module {
    public let c_fc, c_proj: Projection
    private let activation: TransformerConfiguration.Activation

    init(_ c: TransformerConfiguration) throws {
      c_fc = try Projection(c.size, c.feedForward)
      c_proj = try Projection(c.feedForward, c.size, deviation: GPT2Layer.residualDeviation(c))
      activation = c.activation
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor {
      try c_proj(c_fc.located { try activation(x.matmul(c_fc.weight), bias: c_fc.bias) })
    }
  }

  /// What is added to the residual stream twice a layer starts smaller by the root of the number of additions.
  static func residualDeviation(_ c: TransformerConfiguration) -> Double {
    PretrainedStart.deviation / Double(2 * c.layers).squareRoot()
  }

  init(_ c: TransformerConfiguration) throws {
    ln_1 = try LayerNorm(c.size, epsilon: c.epsilon)
    attn = try Attention(c)
    ln_2 = try LayerNorm(c.size, epsilon: c.epsilon)
    mlp = try FeedForward(c)
    dropout = Dropout(c.dropout)
  }

  /// Rows `[T, size]`, same shape out; `mix` is attention on them.
  func callAsFunction(_ x: Tensor, _ mode: Mode, mix: (Tensor) throws -> Tensor) throws -> Tensor {
    let attended = try x + dropout(attn.c_proj(mix(ln_1(x))), mode)
    return try attended + dropout(mlp(ln_2(attended)), mode)
  }
}
