import PluginAPI

/// The options of ``ConvMixer``.
public struct ConvMixerOptions: Options {
  public var width = 256
  public var depth = 8
  public var kernel = 5
  public var patch = 2
  public var dropout = 0.0
  public var activation = Activation.Kind.gelu

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("width", \.width, in: 1...8192, "channels of every layer"),
      Field("depth", \.depth, in: 1...256, "blocks"),
      Field("kernel", \.kernel, in: 1...63, "side of the depthwise filters in patches, odd"),
      Field("patch", \.patch, in: 1...64, "side of a patch in pixels"),
      Field("dropout", \.dropout, in: 0...0.99, "part of the features that is dropped before the last layer in training"),
      Field("activation", \.activation, choices: Activation.Kind.self, "what follows each convolution"),
    ]
  }
}

/// ConvMixer (Trockman and Kolter 2022, arXiv 2201.09792): patches, then blocks of a depthwise convolution over space and a
/// pointwise one over channels, then the mean over space and a linear layer.
///
/// Tensors are named as in timm's `ConvMixer`: `stem.0.weight`, `blocks.3.0.fn.0.weight`, `head.bias`.
public final class ConvMixer: Model {
  public let stem: [any Module]
  public let blocks: [[any Module]]
  public let head: Linear
  private let dropout: Dropout
  private let options: ConvMixerOptions
  private let positions: Int

  /// - Throws: `BasinError` of kind usage for an even kernel, or pictures smaller than a patch.
  public init(_ options: ConvMixerOptions, shape: ImageBatch.Shape, task: Task) throws {
    guard options.kernel % 2 == 1 else {
      throw BasinError.usage(
        "model convmixer: a kernel of \(options.kernel) has no centre", advice: "Set model.kernel=\(options.kernel + 1)")
    }
    guard shape.height >= options.patch, shape.width >= options.patch else {
      throw BasinError.usage(
        "model convmixer: pictures of \(shape) hold no patch of \(options.patch)x\(options.patch)",
        advice: "Set model.patch lower")
    }
    // It holds no tensors, so one serves in all places.
    let width = options.width, activation = Activation(options.activation)
    stem = [
      try Conv2d(shape.channels, width, options.patch, stride: options.patch), activation, try BatchNorm(width),
    ]
    blocks = try (0..<options.depth).map { _ in
      let spatial = try Conv2d(width, width, options.kernel, padding: options.kernel / 2, groups: width)
      return [
        Residual([spatial, activation, try BatchNorm(width)]),
        try Conv2d(width, width, 1), activation, try BatchNorm(width),
      ]
    }
    head = try Linear(width, task.outputs)
    dropout = Dropout(options.dropout)
    self.options = options
    positions = (shape.height / options.patch) * (shape.width / options.patch)
  }

  /// Pictures `[N, C, H, W]` to logits `[N, classes]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    var x = try run(stem, input.images, mode)
    for block in blocks { x = try run(block, x, mode) }
    return Output(try head(dropout(globalAveragePool(x), mode)))
  }

  public func multiplications(_ input: ImageBatch) -> Int? {
    let width = options.width
    let block = width * options.kernel * options.kernel + width * width
    return input.count * positions * (options.depth * block + input.images.shape[1] * width * options.patch * options.patch)
  }
}
