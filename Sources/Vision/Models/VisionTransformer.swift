import PluginAPI

/// Vision transformer (Dosovitskiy et al. 2021; Tiny and Small as in Touvron et al. 2021), tensors named as in timm:
/// `cls_token`, `pos_embed`, `patch_embed.proj.weight`, `blocks.0.attn.qkv.weight`, `blocks.0.mlp.fc1.weight`, `norm.weight`,
/// `head.weight`.
///
/// Patches become tokens behind a class token, positions are added, and pre-norm transformer blocks follow; the class token's
/// output is classified.
public final class VisionTransformer: Model {
  public struct ModelOptions: Options {
    /// Width of a token.
    public var width = 192
    public var depth = 12
    public var heads = 3
    /// Side of a patch; 0: 16, or 4 for pictures up to 64x64.
    public var patch = 0
    /// Probability that the last block's branches are left out; smaller linearly before.
    public var stochasticDepth = 0.0

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("width", \.width, in: 1...8192, "width of a token"),
        Field("depth", \.depth, in: 1...200, "transformer blocks"),
        Field("heads", \.heads, in: 1...256, "heads of attention; the width is a multiple of them"),
        Field("patch", \.patch, in: 0...256, "side of a patch; 0: 16, or 4 up to 64x64"),
        Field(
          "stochasticDepth", \.stochasticDepth, in: 0...0.95,
          "probability that the last block's branches are left out of an example"),
      ]
    }
  }

  @Parameter var cls_token: Tensor
  @Parameter var pos_embed: Tensor
  let patch_embed: PatchEmbedding
  let blocks: [TransformerBlock]
  let norm: LayerNorm
  let head: Linear

  /// - Throws: `BasinError` of kind usage for pictures that are not whole patches and widths that are not whole heads.
  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    let patch = options.patch > 0 ? options.patch : PictureForm.auto.isForSmallPictures(shape) ? 4 : 16
    guard shape.height.isMultiple(of: patch), shape.width.isMultiple(of: patch) else {
      throw BasinError.usage(
        "pictures of \(shape) cannot be cut into patches of \(patch)x\(patch)",
        advice: "Set model.patch to a divisor of both sides, or the data set's option size to a multiple of \(patch)")
    }
    guard options.width.isMultiple(of: options.heads) else {
      throw BasinError.usage(
        "a width of \(options.width) cannot be divided among \(options.heads) heads", advice: "Set model.heads to a divisor of the width")
    }
    let width = options.width
    let tokens = shape.height / patch * (shape.width / patch) + 1
    _cls_token = try Parameter(shape: [1, 1, width], .normal(deviation: 1e-6))
    _pos_embed = try Parameter(shape: [1, tokens, width], .normal(deviation: 0.02))
    patch_embed = try PatchEmbedding(shape.channels, width, patch: patch)
    let last = Double(max(options.depth - 1, 1))
    blocks = try (0..<options.depth).map {
      try TransformerBlock(width, heads: options.heads, dropRate: options.stochasticDepth * Double($0) / last)
    }
    norm = try LayerNorm(width, epsilon: 1e-6)
    head = try .transformer(width, task.outputs)
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    let patches = try patch_embed(input.images)
    let (count, width) = (patches.shape[0], patches.shape[2])
    var x = try located {
      try Tensor.concatenate([cls_token.expanded([count, 1, width]), patches], axis: 1) + pos_embed
    }
    for block in blocks { x = try block(x, mode) }
    // Normalization is of each token alone: the others are not needed any more.
    return Output(try head(norm(x.select(0, axis: 1))))
  }
}

/// A convolution that makes a token of each patch.
final class PatchEmbedding: Module {
  let proj: Conv2d

  init(_ inputs: Int, _ width: Int, patch: Int) throws {
    proj = try Conv2d(inputs, width, patch, stride: patch)
  }

  /// `[N, C, H, W]` to `[N, patches, width]`.
  func callAsFunction(_ x: Tensor) throws -> Tensor { try proj(x).flattened(from: 2).transposed(1, 2) }
}

/// x + attention(norm1(x)), then x + mlp(norm2(x)).
final class TransformerBlock: Module {
  let norm1, norm2: LayerNorm
  let attn: TokenAttention
  let mlp: TokenPerceptron
  private let dropRate: Double

  init(_ width: Int, heads: Int, dropRate: Double) throws {
    norm1 = try LayerNorm(width, epsilon: 1e-6)
    attn = try TokenAttention(width, heads: heads)
    norm2 = try LayerNorm(width, epsilon: 1e-6)
    mlp = try TokenPerceptron(width)
    self.dropRate = dropRate
  }

  /// `[N, tokens, width]`, same shape out.
  func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let y = try x + mode.droppingBranches(attn(norm1(x)), dropRate)
    return try y + mode.droppingBranches(mlp(norm2(y)), dropRate)
  }
}

/// Self-attention with several heads. PluginAPI's has the names of `nn.MultiheadAttention`, this one timm's.
final class TokenAttention: Module {
  let qkv, proj: Linear
  private let heads: Int

  init(_ width: Int, heads: Int) throws {
    qkv = try .transformer(width, 3 * width)
    proj = try .transformer(width, width)
    self.heads = heads
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    try located {
      let (count, tokens, width) = (x.shape[0], x.shape[1], x.shape[2])
      let parts = try qkv(x).reshaped([count, tokens, 3, heads, width / heads]).permuted([2, 0, 3, 1, 4])
      let mixed = try scaledDotProductAttention(parts.select(0), parts.select(1), parts.select(2))
      return try proj(mixed.transposed(1, 2).reshaped([count, tokens, width]))
    }
  }
}

/// Two linear layers with GELU between, the inner one four times as wide.
final class TokenPerceptron: Module {
  let fc1, fc2: Linear

  init(_ width: Int) throws {
    fc1 = try .transformer(width, 4 * width)
    fc2 = try .transformer(4 * width, width)
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor { try fc2(gelu(fc1(x))) }
}

extension Linear {
  /// Normal with deviation 0.02, bias 0: what vision transformers start with.
  fileprivate static func transformer(_ inputs: Int, _ outputs: Int) throws -> Linear {
    try Linear(inputs, outputs, weight: .normal(deviation: 0.02), biasValue: .constant(0))
  }
}
