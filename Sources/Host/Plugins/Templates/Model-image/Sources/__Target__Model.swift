import PluginAPI

/// A small convolutional network: blocks of a 3x3 convolution, batch normalization, ReLU and 2x2 maximum pooling, then the
/// mean of each channel and a linear layer.
public final class __Target__Model: Model {
  public struct Settings: Options {
    public var width = 16
    public var blocks = 3
    public var dropout = 0.1

    public init() {}

    // Name, property, range and help of each: `basin describe model __name__` shows them, `--set model.width=32` sets one.
    public static var fields: [Field<Self>] {
      [
        Field("width", \.width, in: 1...1024, "channels of the first block; each further block has twice as many"),
        Field("blocks", \.blocks, in: 1...6, "convolutions, each with pooling behind it"),
        Field("dropout", \.dropout, in: 0...0.9, "part of the channels zeroed before the last layer in training"),
      ]
    }
  }

  // Layers are found by reflection; their tensors are named by the path of properties: `blocks.0.convolution.weight`.
  let blocks: [Block]
  let dropout: Dropout
  let head: Linear

  /// Makes the layers. Their tensors are filled afterwards, each from the run's seed and its path.
  public init(_ options: Settings, shape: ImageBatch.Shape, task: Task) throws {
    var channels = shape.channels
    var blocks: [Block] = []
    for index in 0..<options.blocks {
      blocks.append(try Block(channels, options.width << index))
      channels = options.width << index
    }
    self.blocks = blocks
    dropout = Dropout(options.dropout)
    head = try Linear(channels, task.outputs)
  }

  /// Pictures `[N, C, H, W]` to logits `[N, classes]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    let features = try blocks.reduce(input.images) { try $1($0, mode) }
    return Output(try head(dropout(globalAveragePool(features), mode)))
  }
}

/// Convolution, normalization, ReLU and pooling: `[N, inputs, H, W]` to `[N, outputs, H / 2, W / 2]`.
final class Block: Module {
  let convolution: Conv2d
  let norm: BatchNorm

  init(_ inputs: Int, _ outputs: Int) throws {
    convolution = try Conv2d(inputs, outputs, 3, padding: 1, bias: false)
    norm = try BatchNorm(outputs)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let y = try relu(norm(convolution(x), mode))
    // Pictures too small to halve stay as they are.
    return y.shape.suffix(2).allSatisfy { $0 >= 2 } ? try maxPool2d(y, 2) : y
  }
}
