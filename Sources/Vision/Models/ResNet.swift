import PluginAPI

/// ResNet-18, 34, 50, 101 and 152 (He et al. 2016, "Deep Residual Learning for Image Recognition"), tensors named as in
/// torchvision: `conv1.weight`, `layer1.0.conv1.weight`, `layer2.0.downsample.0.weight`, `fc.weight`.
///
/// A stem of `width` channels, four stages of residual blocks with `width` to 8 `width` channels (times four behind
/// bottlenecks), the mean of each channel and a linear layer. The stem is a 7x7 convolution of stride 2 and a max-pooling for
/// large pictures (`imagenet`), a 3x3 convolution for small ones (`cifar`).
public final class ResNet: Model {
  public struct ModelOptions: Options {
    /// Layers with weights on the longest path.
    public var depth = 18
    /// Channels of the stem and the first stage.
    public var width = 64
    public var form = PictureForm.auto

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("depth", \.depth, in: 18...152, "layers: 18, 34, 50, 101 or 152"),
        // Below 8 channels: see PreResNet.
        Field("width", \.width, in: 8...1024, "channels of the first stage; the others have two, four and eight times as many"),
        PictureForm.field(\.form, "the stem"),
      ]
    }
  }

  /// Blocks of each stage, by depth; from 50 on they are bottlenecks.
  private static let stages = [
    18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3],
  ]

  let conv1: Conv2d
  let bn1: BatchNorm
  let layer1, layer2, layer3, layer4: [ResNetBlock]
  let fc: Linear
  private let isForSmallPictures: Bool

  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    guard let stages = Self.stages[options.depth] else {
      throw BasinError.usage("resnet cannot have depth \(options.depth)", advice: "There are 18, 34, 50, 101 and 152")
    }
    isForSmallPictures = options.form.isForSmallPictures(shape)
    let (kernel, stride) = isForSmallPictures ? (3, 1) : (7, 2)
    conv1 = try Conv2d(samePadded: shape.channels, options.width, kernel: kernel, stride: stride, bias: false)
    bn1 = try BatchNorm(options.width)
    var inputs = options.width
    func stage(_ index: Int) throws -> [ResNetBlock] {
      try (0..<stages[index]).map { block in
        let block = try ResNetBlock(
          inputs, options.width << index, stride: block == 0 && index > 0 ? 2 : 1, isBottleneck: options.depth >= 50)
        inputs = block.outputs
        return block
      }
    }
    layer1 = try stage(0)
    layer2 = try stage(1)
    layer3 = try stage(2)
    layer4 = try stage(3)
    fc = try Linear(inputs, task.outputs)
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    var x = try bn1.rectified(conv1(input.images), mode)
    if !isForSmallPictures { x = try maxPool2d(x, 3, stride: 2, padding: 1) }
    for stage in [layer1, layer2, layer3, layer4] {
      for block in stage { x = try block(x, mode) }
    }
    return Output(try fc(globalAveragePool(x)))
  }
}

/// relu(x + f(x)), f two 3x3 convolutions (basic) or 1x1, 3x3, 1x1 with four times the channels at the end (bottleneck), each
/// with a batch normalization behind it.
///
/// A stride is the first 3x3 convolution's, as in torchvision. Where the shape changes, the shortcut is a 1x1 convolution with
/// batch normalization (`downsample.0`, `downsample.1`).
final class ResNetBlock: Module {
  let conv1, conv2: Conv2d
  let bn1, bn2: BatchNorm
  // Bottlenecks alone have these two.
  let conv3: Conv2d?
  let bn3: BatchNorm?
  // Empty where the shortcut is the input itself.
  let downsample: [any SequentialLayer]
  let outputs: Int

  init(_ inputs: Int, _ channels: Int, stride: Int, isBottleneck: Bool) throws {
    outputs = isBottleneck ? 4 * channels : channels
    bn1 = try BatchNorm(channels)
    bn2 = try BatchNorm(channels)
    if isBottleneck {
      conv1 = try Conv2d(samePadded: inputs, channels, kernel: 1, bias: false)
      conv2 = try Conv2d(samePadded: channels, channels, kernel: 3, stride: stride, bias: false)
      conv3 = try Conv2d(samePadded: channels, outputs, kernel: 1, bias: false)
      bn3 = try BatchNorm(outputs)
    } else {
      conv1 = try Conv2d(samePadded: inputs, channels, kernel: 3, stride: stride, bias: false)
      conv2 = try Conv2d(samePadded: channels, channels, kernel: 3, bias: false)
      conv3 = nil
      bn3 = nil
    }
    downsample =
      stride != 1 || inputs != outputs
      ? [try Conv2d(samePadded: inputs, outputs, kernel: 1, stride: stride, bias: false), try BatchNorm(outputs)] : []
  }

  /// `[N, inputs, H, W]` to `[N, outputs, H / stride, W / stride]`.
  func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let shortcut = try downsample.forward(x, mode)
    let y = try conv2(rectified: conv1(x), by: bn1, mode)
    guard let conv3, let bn3 else { return try bn2.rectified(y, plus: shortcut, mode) }
    return try bn3.rectified(conv3(rectified: y, by: bn2, mode), plus: shortcut, mode)
  }
}
