import PluginAPI

/// The options of ``FTTransformer``; the defaults are those of the authors' package for two blocks, but for the width.
public struct FTTransformerOptions: Options {
  public var size = 64
  public var blocks = 2
  public var heads = 8
  public var expansion = 4.0 / 3
  public var attentionDropout = 0.15
  public var dropout = 0.05
  public var residualDropout = 0.0

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("size", \.size, in: 1...8192, "numbers of each column's vector, a multiple of the heads"),
      Field("blocks", \.blocks, in: 1...64, "blocks"),
      Field("heads", \.heads, in: 1...256, "heads of attention"),
      Field("expansion", \.expansion, in: 0.1...16, "width inside the feed-forward part as a multiple of size"),
      Field("attentionDropout", \.attentionDropout, in: 0...0.99, "part of the attention weights that is dropped in training"),
      Field("dropout", \.dropout, in: 0...0.99, "part inside the feed-forward part that is dropped in training"),
      Field("residualDropout", \.residualDropout, in: 0...0.99, "part of each branch that is dropped before it is added"),
    ]
  }
}

/// FT-Transformer (Gorishniy et al. 2021, arXiv 2106.11959): a vector for each column of a row, a transformer over these, and a
/// prediction from the state of one more vector.
///
/// Normalization comes first in each branch, but not before the first attention; the last block computes the one state alone that is
/// read. Tensors are named as in the authors' package rtdl_revisiting_models.
public final class FTTransformer: Model {
  public let cls_embedding: ClassToken
  public let cont_embeddings: NumberTokens?
  public let cat_embeddings: CategoryTokens?
  public let backbone: FTBackbone
  private let scale: TargetScale
  private let tokens: Int

  /// - Throws: `BasinError` of kind usage for a size that is no multiple of the heads.
  public init(_ options: FTTransformerOptions, shape: TableBatch.Shape, task: Task) throws {
    try requireColumns(shape, of: "ft-transformer")
    guard options.size % options.heads == 0 else {
      throw BasinError.usage(
        "model ft-transformer: a size of \(options.size) cannot be divided among \(options.heads) heads",
        advice: "Set model.size to a multiple of model.heads")
    }
    cls_embedding = try ClassToken(options.size)
    cont_embeddings = shape.numbers > 0 ? try NumberTokens(shape.numbers, options.size) : nil
    cat_embeddings = shape.categories.isEmpty ? nil : try CategoryTokens(shape.categories, options.size)
    backbone = try FTBackbone(options, outputs: task.outputs)
    scale = try TargetScale(shape, task)
    tokens = 1 + shape.numbers + shape.categories.count
  }

  /// The prediction for each row, `[N, outputs]`.
  public func callAsFunction(_ input: TableBatch, _ mode: Mode) throws -> Output {
    var parts = [try cls_embedding(input.count)]
    if let cont_embeddings { parts.append(try cont_embeddings(input.numbers)) }
    if let cat_embeddings { parts.append(try cat_embeddings(input.categories)) }
    return Output(try scale(backbone(Tensor.concatenate(parts, axis: 1), mode)))
  }

  public func multiplications(_ input: TableBatch) -> Int? {
    input.count * tokens * backbone.blocks.reduce(0) { $0 + $1.multiplicationsOfAToken(among: tokens) }
  }
}

/// Blocks, and what reads the first vector: normalization, ReLU, a linear layer.
public final class FTBackbone: Module {
  public final class Reading: Module {
    public let normalization: LayerNorm
    public let linear: Linear

    init(_ size: Int, _ outputs: Int) throws {
      normalization = try LayerNorm(size)
      linear = try Linear(size, outputs)
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor { try linear(relu(normalization(x))) }
  }

  public let blocks: [FTBlock]
  public let output: Reading

  init(_ options: FTTransformerOptions, outputs: Int) throws {
    blocks = try (0..<options.blocks).map { try FTBlock(options, isFirst: $0 == 0, isLast: $0 == options.blocks - 1) }
    output = try Reading(options.size, outputs)
  }

  /// `[N, tokens, size]` to `[N, outputs]`.
  func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    try output(blocks.reduce(x) { try $1($0, mode) }.select(0, axis: 1).contiguous())
  }
}
