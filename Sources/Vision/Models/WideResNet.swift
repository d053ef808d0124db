import PluginAPI

/// WRN-depth-k for small pictures (Zagoruyko and Komodakis 2016): a pre-activation ResNet with few, wide layers.
///
/// A 3x3 convolution of 16 channels, three stages of blocks with 16 k, 32 k and 64 k channels, the second and third starting
/// with stride 2, then batch normalization, ReLU, the mean of each channel and a linear layer. Tensors are named as in
/// the PyTorch port that published checkpoints come from: `block1.layer.0.conv1.weight`, `block1.layer.0.convShortcut.weight`,
/// `bn1.weight`, `fc.weight`.
public final class WideResNet: Model {
  public struct ModelOptions: Options {
    /// Layers with weights on the longest path: 6 n + 4.
    public var depth = 28
    /// How many times 16 channels the first stage has.
    public var widening = 10
    /// Probability that a value between a block's two convolutions is zeroed.
    public var dropout = 0.0

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("depth", \.depth, in: 10...1000, "layers: 6n+4"),
        Field("widening", \.widening, in: 1...64, "k: the stages have 16k, 32k and 64k channels"),
        Field("dropout", \.dropout, in: 0...0.95, "dropout rate between a block's two convolutions"),
      ]
    }
  }

  let conv1: Conv2d
  let block1, block2, block3: WideResNetStage
  let bn1: BatchNorm
  let fc: Linear

  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    let blocks = (options.depth - 4) / 6
    guard options.depth == 6 * blocks + 4 else {
      throw BasinError.usage(
        "wrn cannot have depth \(options.depth)", advice: "The depth is 6n+4: the nearest is \((options.depth - 1) / 6 * 6 + 4)")
    }
    func stage(_ inputs: Int, _ channels: Int, stride: Int) throws -> WideResNetStage {
      try WideResNetStage(inputs, channels, stride: stride, blocks: blocks, dropout: options.dropout)
    }
    let width = 16 * options.widening
    conv1 = try Conv2d(samePadded: shape.channels, 16, kernel: 3, bias: false)
    block1 = try stage(16, width, stride: 1)
    block2 = try stage(width, 2 * width, stride: 2)
    block3 = try stage(2 * width, 4 * width, stride: 2)
    bn1 = try BatchNorm(4 * width)
    fc = try Linear(4 * width, task.outputs, biasValue: .constant(0))
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    var x = ResidualSum(try conv1(input.images))
    for stage in [block1, block2, block3] {
      for block in stage.layer { x = try block(x, mode) }
    }
    return Output(try fc(globalAveragePool(x.rectified(by: bn1, mode).output)))
  }
}

/// The blocks of one size.
final class WideResNetStage: Module {
  let layer: [WideResNetBlock]

  init(_ inputs: Int, _ channels: Int, stride: Int, blocks: Int, dropout: Double) throws {
    layer = try (0..<blocks).map {
      try WideResNetBlock($0 == 0 ? inputs : channels, channels, stride: $0 == 0 ? stride : 1, dropout: dropout)
    }
  }
}

/// x + f(x), f two 3x3 convolutions, each behind its own batch normalization and ReLU.
///
/// Where the number of channels changes, the shortcut is a bare 1x1 convolution, of the activated input.
final class WideResNetBlock: Module {
  let bn1, bn2: BatchNorm
  let conv1, conv2: Conv2d
  let convShortcut: Conv2d?
  let dropout: Dropout

  init(_ inputs: Int, _ channels: Int, stride: Int, dropout: Double) throws {
    bn1 = try BatchNorm(inputs)
    conv1 = try Conv2d(samePadded: inputs, channels, kernel: 3, stride: stride, bias: false)
    bn2 = try BatchNorm(channels)
    conv2 = try Conv2d(samePadded: channels, channels, kernel: 3, bias: false)
    convShortcut =
      inputs == channels ? nil : try Conv2d(samePadded: inputs, channels, kernel: 1, stride: stride, bias: false)
    self.dropout = Dropout(dropout)
  }

  /// `[N, inputs, H, W]` to `[N, channels, H / stride, W / stride]`.
  func callAsFunction(_ input: ResidualSum, _ mode: Mode) throws -> ResidualSum {
    guard let convShortcut else {
      let (x, inner) = try input.convolved(by: conv1, behind: bn1, mode)
      return ResidualSum(try second(inner, mode), plus: x)
    }
    let activated = try input.rectified(by: bn1, mode).output
    return ResidualSum(try second(conv1(activated), mode), plus: try convShortcut(activated))
  }

  private func second(_ inner: Tensor, _ mode: Mode) throws -> Tensor {
    guard dropout.rate > 0 else { return try conv2(rectified: inner, by: bn2, mode) }
    return try conv2(dropout(bn2.rectified(inner, mode), mode))
  }
}
