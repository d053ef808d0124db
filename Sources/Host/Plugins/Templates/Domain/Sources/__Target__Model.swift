import PluginAPI

/// Convolutions over time: each with normalization of what it gives and ReLU, then the mean over time and a linear layer.
public final class __Target__Model: Model {
  public struct Settings: Options {
    public var width = 32
    public var layers = 3
    public var kernel = 5
    public var dropout = 0.1

    public init() {}

    // Name, property, range and help of each: `basin describe model __name__-net` shows them, `--set model.width=64` sets one.
    public static var fields: [Field<Self>] {
      [
        Field("width", \.width, in: 1...1024, "channels of every convolution"),
        Field("layers", \.layers, in: 1...16, "convolutions"),
        Field("kernel", \.kernel, in: 1...31, "measurements each convolution sees; an even number counts as the odd one above"),
        Field("dropout", \.dropout, in: 0...0.9, "part of the channels zeroed before the last layer in training"),
      ]
    }
  }

  // Layers are found by reflection; their tensors are named by the path of properties: `convolutions.0.weight`.
  let convolutions: [TimeConvolution]
  let norms: [LayerNorm]
  let dropout: Dropout
  let head: Linear

  /// Makes the layers. Their tensors are filled afterwards, each from the run's seed and its path.
  public init(_ options: Settings, shape: __Target__Batch.Shape, task: Task) throws {
    convolutions = try (0..<options.layers).map {
      try TimeConvolution($0 == 0 ? 1 : options.width, options.width, options.kernel | 1)
    }
    norms = try (0..<options.layers).map { _ in try LayerNorm(options.width) }
    dropout = Dropout(options.dropout)
    head = try Linear(options.width, task.outputs)
  }

  /// Series `[N, length]` to logits `[N, classes]`.
  public func callAsFunction(_ input: __Target__Batch, _ mode: Mode) throws -> Output {
    var x = try input.values.unsqueezed(1)
    for (convolution, norm) in zip(convolutions, norms) {
      // LayerNorm works on the last dimension: the channels of each moment.
      x = try relu(norm(convolution(x).transposed(1, 2).contiguous())).transposed(1, 2)
    }
    return Output(try head(dropout(x.mean([2]), mode)))
  }
}

/// A convolution over time: `[N, inputs, T]` to `[N, outputs, T]`. Weight `[outputs, inputs, kernel]`, bias `[outputs]`.
final class TimeConvolution: Module {
  /// Any operator of LibTorch can be called by the name of its schema.
  private static let conv1d = Operator("aten::conv1d")

  @Parameter var weight: Tensor
  @Parameter var bias: Tensor
  private let kernel: Int

  init(_ inputs: Int, _ outputs: Int, _ kernel: Int) throws {
    _weight = try Parameter(shape: [outputs, inputs, kernel], .torchDefault(inputs: inputs * kernel))
    _bias = try Parameter(shape: [outputs], .torchDefault(inputs: inputs * kernel))
    self.kernel = kernel
  }

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    try located { try Self.conv1d(.tensor(x), .tensor(weight), .tensor(bias), .ints([1]), .ints([kernel / 2])) }
  }
}
