import PluginAPI

/// VGG16 in the CIFAR form of the SWA papers (Simonyan and Zisserman 2015, configuration D, with a small classifier).
///
/// Thirteen 3x3 convolutions with bias and five 2x2 max-poolings (`features`), then dropout, linear 512, ReLU twice and a
/// linear layer (`classifier`); with batch normalization, one between each convolution and its ReLU. Tensors are named and
/// numbered as in PyTorch: `features.0.weight` ... `classifier.6.bias`.
///
/// Pictures of 32x32 to 63x63 leave one value a channel behind the last pooling; what larger ones leave is averaged.
public final class VGG16: Model {
  public struct ModelOptions: Options {
    /// Whether a batch normalization stands behind each convolution.
    public var batchNorm = false
    /// Probability that an input of the classifier's hidden layers is zeroed.
    public var dropout = 0.5

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("batchNorm", \.batchNorm, "batch normalization behind each convolution"),
        Field("dropout", \.dropout, in: 0...0.95, "dropout rate before the two hidden layers of the classifier"),
      ]
    }
  }

  /// Channels of the convolutions between one pooling and the next.
  private static let stages = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]]
  private static let hidden = 512
  /// Five halvings need this much to leave anything.
  private static let smallestSide = 32

  let features: [any SequentialLayer]
  let classifier: [any SequentialLayer]

  /// - Throws: `BasinError` of kind usage for pictures below 32x32.
  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    guard min(shape.height, shape.width) >= Self.smallestSide else {
      throw BasinError.usage(
        "vgg16 halves its pictures five times: \(shape) is too small",
        advice: "It needs at least 32x32: set the data set's option size to 32, or take a preresnet")
    }
    var layers: [any SequentialLayer] = []
    var width = shape.channels
    for stage in Self.stages {
      for channels in stage {
        layers.append(try Conv2d(samePadded: width, channels, kernel: 3, bias: true))
        if options.batchNorm { layers.append(try BatchNorm(channels)) }
        layers.append(ReLU())
        width = channels
      }
      layers.append(MaxPool())
    }
    features = layers
    classifier = [
      Dropout(options.dropout), try Linear(width, Self.hidden), ReLU(),
      Dropout(options.dropout), try Linear(Self.hidden, Self.hidden), ReLU(),
      try Linear(Self.hidden, task.outputs),
    ]
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    let maps = try features.forward(input.images, mode)
    // Averaging a single value would be a step for nothing.
    let isSingle = maps.shape.suffix(2).allSatisfy { $0 == 1 }
    let vector = try isSingle ? maps.flattened(from: 1) : globalAveragePool(maps)
    return Output(try classifier.forward(vector, mode))
  }
}
