import PluginAPI

/// The options of ``GatedMixer``.
public struct GatedMixerOptions: Options {
  public var width = 64
  public var depth = 4
  public var patch = 4
  public var expansion = 2.0
  public var dropout = 0.0
  public var activation = GatedActivation.fused

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("width", \.width, in: 1...8192, "numbers a patch has in every layer"),
      Field("depth", \.depth, in: 1...256, "blocks"),
      Field("patch", \.patch, in: 1...64, "side of a patch in pixels"),
      Field("expansion", \.expansion, in: 0.1...16, "width inside a perceptron, as a multiple of the width outside"),
      Field("dropout", \.dropout, in: 0...0.99, "part of the features that is dropped before the last layer in training"),
      Field("activation", \.activation, choices: GatedActivation.self, "the fused kernel, or its twin by operators"),
    ]
  }
}

/// A perceptron with a gate, W2 (swish(W1 x) * V x) (Shazeer 2020); W1 and V are one matrix, `up`, and one product.
public final class GatedPerceptron: Module {
  public let up: Linear
  public let down: Linear
  private let activation: GatedActivation

  public init(_ size: Int, inner: Int, activation: GatedActivation) throws {
    up = try Linear(size, 2 * inner, bias: false)
    down = try Linear(inner, size, bias: false)
    self.activation = activation
  }

  /// `[..., size]`, same shape out.
  public func callAsFunction(_ x: Tensor) throws -> Tensor { try down(located { try activation(up(x)) }) }
}

/// A block: what all patches have of each number is mixed, then what each patch has of all numbers.
public final class GatedBlock: Module {
  public let norm1: LayerNorm
  public let positions: GatedPerceptron
  public let norm2: LayerNorm
  public let channels: GatedPerceptron

  init(width: Int, patches: Int, _ options: GatedMixerOptions) throws {
    func perceptron(_ size: Int) throws -> GatedPerceptron {
      try GatedPerceptron(size, inner: max(1, Int((options.expansion * Double(size)).rounded())), activation: options.activation)
    }
    norm1 = try LayerNorm(width)
    positions = try perceptron(patches)
    norm2 = try LayerNorm(width)
    channels = try perceptron(width)
  }

  /// `[N, P, width]`, same shape out.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    let mixed = try x + positions(norm1(x).transposed(1, 2).contiguous()).transposed(1, 2)
    // The sum lies in memory as x does, whatever the second term's order.
    return try mixed + channels(norm2(mixed))
  }
}

/// A mixer of pictures (Tolstikhin et al. 2021, arXiv 2105.01601) whose perceptrons have gates instead of GELU.
public final class GatedMixer: Model {
  public let stem: Conv2d
  public let blocks: [GatedBlock]
  public let norm: LayerNorm
  public let head: Linear
  private let dropout: Dropout
  private let options: GatedMixerOptions
  private let patches: Int

  /// - Throws: `BasinError` of kind usage for pictures smaller than a patch.
  public init(_ options: GatedMixerOptions, shape: ImageBatch.Shape, task: Task) throws {
    guard shape.height >= options.patch, shape.width >= options.patch else {
      throw BasinError.usage(
        "model gated-mixer: pictures of \(shape) hold no patch of \(options.patch)x\(options.patch)", advice: "Set model.patch lower")
    }
    let patches = (shape.height / options.patch) * (shape.width / options.patch)
    stem = try Conv2d(shape.channels, options.width, options.patch, stride: options.patch)
    blocks = try (0..<options.depth).map { _ in try GatedBlock(width: options.width, patches: patches, options) }
    norm = try LayerNorm(options.width)
    head = try Linear(options.width, task.outputs)
    dropout = Dropout(options.dropout)
    self.options = options
    self.patches = patches
  }

  /// Pictures `[N, C, H, W]` to logits `[N, classes]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    let count = input.images.shape[0]
    var x = try stem(input.images).permuted([0, 2, 3, 1]).reshaped([count, patches, options.width])
    for block in blocks { x = try block(x) }
    return Output(try head(dropout(norm(x).mean([1]), mode)))
  }

  public func multiplications(_ input: ImageBatch) -> Int? {
    let width = options.width, inner = 3 * options.expansion
    let block = Double(patches * width) * inner * Double(patches + width)
    let stem = patches * width * input.images.shape[1] * options.patch * options.patch
    return input.count * (Int(block) * options.depth + stem)
  }
}
