import PluginAPI

/// VGG11, 13, 16 and 19 (Simonyan and Zisserman 2015, configurations A, B, D and E): 3x3 convolutions with bias and five 2x2
/// max-poolings (`features`), then a classifier of three linear layers; with batch normalization, one between each convolution
/// and its ReLU.
///
/// Two forms. `cifar` is that of the SWA papers: what the last pooling leaves is averaged to one value a channel, then
/// dropout, linear 512, ReLU twice and a linear layer. `imagenet` is torchvision's: averaged to 7x7, then linear 4096, ReLU,
/// dropout twice and a linear layer. Tensors are named and numbered as in these references: `features.0.weight` ...
/// `classifier.6.bias`.
public final class VGG: Model {
  public struct ModelOptions: Options {
    /// Layers with weights: 11, 13, 16 or 19.
    public var depth = 16
    /// Whether a batch normalization stands behind each convolution.
    public var batchNorm = false
    /// Probability that a value of the classifier's hidden layers (`cifar`: of their inputs) is zeroed.
    public var dropout = 0.5
    public var form = PictureForm.auto
    /// Channels of the first convolutions; the others have two, four and eight times as many.
    public var width = 64
    /// Width of the classifier's hidden layers; 0: 512 for `cifar`, 4096 for `imagenet`.
    public var hidden = 0

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("depth", \.depth, in: 11...19, "layers: 11, 13, 16 or 19"),
        Field("batchNorm", \.batchNorm, "batch normalization behind each convolution"),
        Field("dropout", \.dropout, in: 0...0.95, "dropout rate of the classifier's two hidden layers"),
        PictureForm.field(\.form, "the classifier"),
        Field("width", \.width, in: 1...1024, "channels of the first convolutions; the others have up to eight times as many"),
        Field("hidden", \.hidden, in: 0...65_536, "width of the classifier's hidden layers; 0: 512 (cifar) or 4096 (imagenet)"),
      ]
    }
  }

  /// Convolutions between one pooling and the next, by depth.
  private static let stages = [11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]]
  /// Five halvings need this much to leave anything.
  private static let smallestSide = 32
  /// Side of what the classifier of `imagenet` sees.
  private static let pooledSide = 7

  let features: [any SequentialLayer]
  let classifier: [any SequentialLayer]
  private let isForSmallPictures: Bool

  /// - Throws: `BasinError` of kind usage for pictures below 32x32 and for depths there are not.
  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    guard min(shape.height, shape.width) >= Self.smallestSide else {
      throw BasinError.usage(
        "a vgg halves its pictures five times: \(shape) is too small",
        advice: "It needs at least 32x32: set the data set's option size to 32, or take a preresnet")
    }
    guard let stages = Self.stages[options.depth] else {
      throw BasinError.usage("vgg cannot have depth \(options.depth)", advice: "There are 11, 13, 16 and 19")
    }
    var layers: [any SequentialLayer] = []
    var width = shape.channels
    for (stage, convolutions) in stages.enumerated() {
      for _ in 0..<convolutions {
        let channels = options.width << min(stage, 3)
        layers.append(try Conv2d(samePadded: width, channels, kernel: 3, bias: true))
        if options.batchNorm { layers.append(try BatchNorm(channels)) }
        layers.append(ReLU())
        width = channels
      }
      layers.append(MaxPool())
    }
    features = layers
    isForSmallPictures = options.form.isForSmallPictures(shape)
    if isForSmallPictures {
      let hidden = options.hidden > 0 ? options.hidden : 512
      classifier = [
        Dropout(options.dropout), try Linear(width, hidden), ReLU(),
        Dropout(options.dropout), try Linear(hidden, hidden), ReLU(),
        try Linear(hidden, task.outputs),
      ]
    } else {
      let hidden = options.hidden > 0 ? options.hidden : 4096
      func layer(_ inputs: Int, _ outputs: Int) throws -> Linear {
        try Linear(inputs, outputs, weight: .normal(deviation: 0.01), biasValue: .constant(0))
      }
      classifier = [
        try layer(width * Self.pooledSide * Self.pooledSide, hidden), ReLU(), Dropout(options.dropout),
        try layer(hidden, hidden), ReLU(), Dropout(options.dropout),
        try layer(hidden, task.outputs),
      ]
    }
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    let maps = try features.forward(input.images, mode)
    let side = isForSmallPictures ? 1 : Self.pooledSide
    // Averaging what has the size already would be a step for nothing.
    let pooled = maps.shape.suffix(2).allSatisfy { $0 == side } ? maps : try adaptiveAveragePool(maps, side)
    return Output(try classifier.forward(pooled.flattened(from: 1), mode))
  }
}
