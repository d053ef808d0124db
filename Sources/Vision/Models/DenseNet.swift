import PluginAPI

/// DenseNet-121, 161, 169 and 201 (Huang et al. 2017, "Densely Connected Convolutional Networks"), tensors named as in
/// torchvision: `features.conv0.weight`, `features.denseblock1.denselayer1.norm1.weight`, `features.norm5.weight`,
/// `classifier.weight`.
///
/// The stem is a 7x7 convolution of stride 2 and a max-pooling for large pictures (`imagenet`), a 3x3 convolution for small
/// ones (`cifar`).
public final class DenseNet: Model {
  public struct ModelOptions: Options {
    /// Layers with weights on the longest path.
    public var depth = 121
    /// Channels each layer adds; 0: as published (48 for depth 161, else 32).
    public var growth = 0
    public var form = PictureForm.auto

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("depth", \.depth, in: 121...201, "layers: 121, 161, 169 or 201"),
        Field("growth", \.growth, in: 0...1024, "channels each layer adds; 0: as published (48 for 161, else 32)"),
        PictureForm.field(\.form, "the stem"),
      ]
    }
  }

  /// Layers of each dense block, by depth.
  private static let blocks = [
    121: [6, 12, 24, 16], 161: [6, 12, 36, 24], 169: [6, 12, 32, 32], 201: [6, 12, 48, 32],
  ]

  let features: Chain
  let classifier: Linear

  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    guard let blocks = Self.blocks[options.depth] else {
      throw BasinError.usage("densenet cannot have depth \(options.depth)", advice: "There are 121, 161, 169 and 201")
    }
    let growth = options.growth > 0 ? options.growth : options.depth == 161 ? 48 : 32
    var body = DenseBody(growth: growth, channels: 2 * growth)
    if options.form.isForSmallPictures(shape) {
      try body.addConvolution(shape.channels, kernel: 3, stride: 1)
    } else {
      try body.addConvolution(shape.channels, kernel: 7, stride: 2)
      body.layers += [("norm0", try BatchNorm(2 * growth)), ("relu0", ReLU()), ("pool0", OverlappingMaxPool())]
    }
    try body.addBlocks(blocks, norm: "norm5")
    features = Chain(named: body.layers)
    classifier = try Linear(body.channels, task.outputs, biasValue: .constant(0))
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    Output(try classifier(globalAveragePool(reluInPlace(features.forward(input.images, mode)))))
  }
}

/// DenseNet-BC for small pictures (the same paper): three dense blocks behind a 3x3 convolution, with bottlenecks (B) and
/// compression (C).
///
/// Tensors are named as in the efficient PyTorch implementation by one of the authors: as ``DenseNet``'s, but
/// `features.norm_final`.
public final class DenseNetBC: Model {
  public struct ModelOptions: Options {
    /// Layers with weights on the longest path: 6 n + 4.
    public var depth = 100
    /// Channels each layer adds.
    public var growth = 12
    /// Probability that a new channel's value is zeroed.
    public var dropout = 0.0

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("depth", \.depth, in: 10...1000, "layers: 6n+4"),
        Field("growth", \.growth, in: 1...1024, "channels each layer adds"),
        Field("dropout", \.dropout, in: 0...0.95, "dropout rate behind each dense layer"),
      ]
    }
  }

  let features: Chain
  let classifier: Linear

  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    let layers = (options.depth - 4) / 6
    guard options.depth == 6 * layers + 4 else {
      throw BasinError.usage(
        "densenet-bc cannot have depth \(options.depth)",
        advice: "The depth is 6n+4: the nearest is \((options.depth - 1) / 6 * 6 + 4)")
    }
    var body = DenseBody(growth: options.growth, channels: 2 * options.growth, dropout: options.dropout)
    try body.addConvolution(shape.channels, kernel: 3, stride: 1)
    try body.addBlocks([layers, layers, layers], norm: "norm_final")
    features = Chain(named: body.layers)
    classifier = try Linear(body.channels, task.outputs, biasValue: .constant(0))
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    Output(try classifier(globalAveragePool(reluInPlace(features.forward(input.images, mode)))))
  }
}

/// The layers of a DenseNet's `features`, while they are put together.
private struct DenseBody {
  let growth: Int
  /// Channels behind the last layer.
  var channels: Int
  var dropout = 0.0
  var layers: [(name: String, layer: any SequentialLayer)] = []

  mutating func addConvolution(_ inputs: Int, kernel: Int, stride: Int) throws {
    layers.append(("conv0", try Conv2d(dense: inputs, channels, kernel: kernel, stride: stride)))
  }

  /// Dense blocks of so many layers, a transition that halves channels and extents between them, a normalization at the end.
  mutating func addBlocks(_ blocks: [Int], norm: String) throws {
    for (index, count) in blocks.enumerated() {
      let parts = try (0..<count).map { number in
        ("denselayer\(number + 1)", try DenseLayer(channels + number * growth, growth: growth, dropout: dropout))
      }
      layers.append(("denseblock\(index + 1)", DenseBlock(parts)))
      channels += count * growth
      guard index + 1 < blocks.count else { break }
      layers.append(
        (
          "transition\(index + 1)",
          Chain(named: [
            ("norm", try BatchNorm(channels)), ("relu", ReLU()),
            ("conv", try Conv2d(dense: channels, channels / 2, kernel: 1)), ("pool", AveragePool()),
          ])
        ))
      channels /= 2
    }
    layers.append((norm, try BatchNorm(channels)))
  }
}

/// Layers each of which sees the input and what all layers before it gave.
private final class DenseBlock: SequentialLayer, CustomReflectable {
  private let layers: [(name: String, layer: DenseLayer)]

  init(_ layers: [(name: String, layer: DenseLayer)]) { self.layers = layers }

  var customMirror: Mirror { Mirror(self, children: layers.map { (label: $0.name, value: $0.layer as Any) }) }

  /// `[N, inputs, H, W]` to `[N, inputs + layers * growth, H, W]`.
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    try layers.reduce(x) { maps, item in
      try located { try Tensor.concatenate([maps, item.layer(maps, mode)], axis: 1) }
    }
  }
}

/// Normalization, ReLU, 1x1 convolution to 4 growth channels, the same again with 3x3 to growth channels.
private final class DenseLayer: Module {
  let norm1, norm2: BatchNorm
  let conv1, conv2: Conv2d
  let dropout: Dropout

  init(_ inputs: Int, growth: Int, dropout: Double) throws {
    norm1 = try BatchNorm(inputs)
    conv1 = try Conv2d(dense: inputs, 4 * growth, kernel: 1)
    norm2 = try BatchNorm(4 * growth)
    conv2 = try Conv2d(dense: 4 * growth, growth, kernel: 3)
    self.dropout = Dropout(dropout)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let inner = try conv1(rectified: x, by: norm1, mode)
    return try dropout(conv2(rectified: inner, by: norm2, mode), mode)
  }
}

/// The greatest of each 3x3 window, at every second place.
private final class OverlappingMaxPool: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try located { try maxPool2d(x, 3, stride: 2, padding: 1) } }
}

/// The mean of each 2x2 window.
private final class AveragePool: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try located { try averagePool2d(x, 2) } }
}

extension Conv2d {
  /// A convolution that starts with He's normal by inputs.
  fileprivate convenience init(dense inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1) throws {
    try self.init(
      inputs, outputs, kernel, stride: stride, padding: kernel / 2, bias: false,
      weight: .heNormal(kernel: kernel, channels: inputs))
  }
}
