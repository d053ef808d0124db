import PluginAPI

/// MobileNetV2 (Sandler et al. 2018): inverted residuals of depthwise convolutions, tensors named as in torchvision
/// (`features.1.conv.0.0.weight`, `classifier.1.weight`).
///
/// For large pictures (`imagenet`) they are halved five times, for small ones (`cifar`) three times: the stem and the second
/// stage keep the extents.
public final class MobileNetV2: Model {
  public struct ModelOptions: Options {
    /// What all widths are multiplied by, then rounded to multiples of 8.
    public var widthMultiplier = 1.0
    /// Probability that a value before the classifier is zeroed.
    public var dropout = 0.2
    public var form = PictureForm.auto

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field(
          "widthMultiplier", \.widthMultiplier, in: 0.05...8,
          "what all widths are multiplied by, then rounded to multiples of 8"),
        Field("dropout", \.dropout, in: 0...0.95, "dropout rate before the classifier"),
        PictureForm.field(\.form, "strides"),
      ]
    }
  }

  /// Expansion, channels, blocks and first stride of each stage.
  private static let stages = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
  ]

  let features: [any SequentialLayer]
  let classifier: [any SequentialLayer]

  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    func width(_ channels: Int, least: Double = 0) -> Int {
      let wanted = Double(channels) * max(options.widthMultiplier, least)
      let rounded = max(8, Int(wanted + 4) / 8 * 8)
      // Rounding down must not take away more than a tenth.
      return Double(rounded) < 0.9 * wanted ? rounded + 8 : rounded
    }
    let isForSmallPictures = options.form.isForSmallPictures(shape)
    var inputs = width(32)
    var layers: [any SequentialLayer] = [
      try Self.convolution(shape.channels, inputs, kernel: 3, stride: isForSmallPictures ? 1 : 2)
    ]
    for (index, (expansion, channels, blocks, stride)) in Self.stages.enumerated() {
      for block in 0..<blocks {
        let isStrided = block == 0 && !(isForSmallPictures && index == 1)
        layers.append(
          try InvertedResidual(inputs, width(channels), stride: isStrided ? stride : 1, expansion: expansion))
        inputs = width(channels)
      }
    }
    let last = width(1280, least: 1)
    layers.append(try Self.convolution(inputs, last, kernel: 1))
    features = layers
    classifier = [
      Dropout(options.dropout),
      try Linear(last, task.outputs, weight: .normal(deviation: 0.01), biasValue: .constant(0)),
    ]
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    Output(try classifier.forward(globalAveragePool(features.forward(input.images, mode)), mode))
  }

  /// A convolution with batch normalization and ReLU6.
  fileprivate static func convolution(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1
  ) throws -> Chain {
    Chain(
      try Conv2d(samePadded: inputs, outputs, kernel: kernel, stride: stride, groups: groups, bias: false),
      try BatchNorm(outputs), ReLU6())
  }
}

/// A 1x1 convolution to more channels, a depthwise 3x3 convolution, a 1x1 convolution back; the input is added where the
/// shape is the same.
private final class InvertedResidual: SequentialLayer {
  let conv: Chain
  private let isResidual: Bool

  init(_ inputs: Int, _ outputs: Int, stride: Int, expansion: Int) throws {
    let hidden = inputs * expansion
    var layers: [any SequentialLayer] = []
    if expansion != 1 { layers.append(try MobileNetV2.convolution(inputs, hidden, kernel: 1)) }
    layers += [
      try MobileNetV2.convolution(hidden, hidden, kernel: 3, stride: stride, groups: hidden),
      try Conv2d(samePadded: hidden, outputs, kernel: 1, bias: false), try BatchNorm(outputs),
    ]
    conv = Chain(layers)
    isResidual = stride == 1 && inputs == outputs
  }

  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let y = try conv.forward(x, mode)
    return isResidual ? try located { try addInPlace(y, x) } : y
  }
}
