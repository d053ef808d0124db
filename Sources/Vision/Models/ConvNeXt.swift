import PluginAPI

/// ConvNeXt-Tiny (Liu et al. 2022), tensors named as in torchvision (`features.1.0.block.0.weight`,
/// `features.1.0.layer_scale`, `classifier.2.weight`).
///
/// A convolution over patches, four stages of blocks (7x7 depthwise convolution, layer normalization, two linear layers with
/// GELU between) with 2x2 convolutions of stride 2 between them.
public final class ConvNeXt: Model {
  public struct ModelOptions: Options {
    /// Channels of the first stage; the others have two, four and eight times as many.
    public var width = 96
    /// Side of the stem's patches; 0: 4, or 2 for pictures up to 64x64.
    public var patch = 0
    /// Probability that the last block's branch is left out; smaller linearly before.
    public var stochasticDepth = 0.1

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("width", \.width, in: 8...1024, "channels of the first stage; the others have two, four and eight times as many"),
        Field("patch", \.patch, in: 0...32, "side of the stem's patches; 0: 4, or 2 up to 64x64"),
        Field(
          "stochasticDepth", \.stochasticDepth, in: 0...0.95,
          "probability that the last block's branch is left out of an example"),
      ]
    }
  }

  private static let stages = [3, 3, 9, 3]

  let features: [any SequentialLayer]
  let classifier: [any SequentialLayer]

  /// - Throws: `BasinError` of kind usage for pictures that are halved to nothing.
  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    let patch = options.patch > 0 ? options.patch : PictureForm.auto.isForSmallPictures(shape) ? 2 : 4
    guard min(shape.height, shape.width) >= 8 * patch else {
      throw BasinError.usage(
        "convnext with patches of \(patch) needs pictures of \(8 * patch)x\(8 * patch): \(shape) is too small",
        advice: "Set model.patch lower, or the data set's option size higher")
    }
    var width = options.width
    var layers: [any SequentialLayer] = [
      Chain(try Self.convolution(shape.channels, width, kernel: patch, stride: patch), try ChannelNorm(width))
    ]
    let last = Double(Self.stages.reduce(0, +) - 1)
    var number = 0
    for (index, blocks) in Self.stages.enumerated() {
      if index > 0 {
        layers.append(Chain(try ChannelNorm(width), try Self.convolution(width, 2 * width, kernel: 2, stride: 2)))
        width *= 2
      }
      layers.append(
        Chain(
          try (0..<blocks).map { _ in
            defer { number += 1 }
            return try ConvNeXtBlock(width, dropRate: options.stochasticDepth * Double(number) / last)
          }))
    }
    features = layers
    classifier = [try ChannelNorm(width), Flatten(), try Self.linear(width, task.outputs)]
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    Output(try classifier.forward(adaptiveAveragePool(features.forward(input.images, mode), 1), mode))
  }

  fileprivate static func linear(_ inputs: Int, _ outputs: Int) throws -> Linear {
    try Linear(inputs, outputs, weight: .normal(deviation: 0.02), biasValue: .constant(0))
  }

  fileprivate static func convolution(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1
  ) throws -> Conv2d {
    try Conv2d(
      inputs, outputs, kernel, stride: stride, padding: padding, groups: groups,
      weight: .normal(deviation: 0.02), biasValue: .constant(0))
  }
}

/// x + scale f(x).
private final class ConvNeXtBlock: SequentialLayer {
  let block: Chain
  @Parameter var layer_scale: Tensor
  private let dropRate: Double

  init(_ channels: Int, dropRate: Double) throws {
    // In the order of channels-last memory, normalization and linear layers see each place's channels as a row.
    block = Chain(
      try ConvNeXt.convolution(channels, channels, kernel: 7, padding: 3, groups: channels), Permute([0, 2, 3, 1]),
      try LayerNorm(channels, epsilon: 1e-6), try ConvNeXt.linear(channels, 4 * channels), GELU(),
      try ConvNeXt.linear(4 * channels, channels), Permute([0, 3, 1, 2]))
    _layer_scale = try Parameter(shape: [channels, 1, 1], .constant(1e-6))
    self.dropRate = dropRate
  }

  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let y = try block.forward(x, mode)
    return try located { try addInPlace(mode.droppingBranches(y * layer_scale, dropRate), x) }
  }
}

/// Layer normalization over the channels of each place, `[N, C, H, W]`.
private final class ChannelNorm: SequentialLayer {
  @Parameter var weight: Tensor
  @Parameter var bias: Tensor
  private static let layerNorm = Operator("aten::layer_norm")

  init(_ channels: Int) throws {
    _weight = try Parameter(shape: [channels], .constant(1))
    _bias = try Parameter(shape: [channels], .constant(0))
  }

  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    try located {
      try Self.layerNorm(
        .tensor(x.permuted([0, 2, 3, 1])), .ints(weight.shape), .tensor(weight), .tensor(bias), .double(1e-6)
      ).permuted([0, 3, 1, 2])
    }
  }
}

/// `[N, ...]` to `[N, C]`.
private final class Flatten: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try located { try x.flattened(from: 1) } }
}
