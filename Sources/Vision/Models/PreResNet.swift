import PluginAPI

/// Pre-activation residual network for small pictures (He et al. 2016, "Identity Mappings in Deep Residual Networks"), in the
/// form of the SWA papers.
///
/// A 3x3 convolution, three stages of residual blocks with `width`, 2 `width` and 4 `width` channels (times four behind
/// bottlenecks), the second and third starting with stride 2, then batch normalization, ReLU, the mean of each channel and a
/// linear layer. Pictures of any size. Tensors are named as in PyTorch: `conv1.weight`, `layer1.0.bn1.weight`,
/// `layer2.0.downsample.0.weight`, `bn.weight`, `fc.weight`.
public final class PreResNet: Model {
  public enum BlockChoice: String, CaseIterable, Sendable {
    /// Bottlenecks from depth 164 on and where the depth allows nothing else.
    case auto
    /// Two 3x3 convolutions: depth 6 n + 2.
    case basic
    /// 1x1, 3x3, 1x1: depth 9 n + 2.
    case bottleneck
  }

  public struct ModelOptions: Options {
    /// Layers with weights on the longest path.
    public var depth = 20
    /// Channels of the first stage.
    public var width = 16
    public var block = BlockChoice.auto

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("depth", \.depth, in: 8...2000, "layers: 6n+2 with basic blocks, 9n+2 with bottlenecks"),
        // Below 8 channels oneDNN's strided 1x1 convolution (LibTorch 2.13.0, AVX2, channels last) writes out of bounds backwards.
        Field("width", \.width, in: 8...1024, "channels of the first stage; the others have two and four times as many"),
        Field("block", \.block, choices: BlockChoice.self, "auto takes bottlenecks from depth 164 on"),
      ]
    }

    /// Whether the blocks are bottlenecks, and how many a stage has.
    ///
    /// - Throws: `BasinError` of kind usage for a depth the blocks cannot make; it names the nearest one.
    func blocks() throws -> (isBottleneck: Bool, perStage: Int) {
      let inner = depth - 2
      let isBottleneck =
        switch block {
        case .basic: false
        case .bottleneck: true
        case .auto: inner.isMultiple(of: 9) && (depth >= 164 || !inner.isMultiple(of: 6))
        }
      let layers = isBottleneck ? 9 : 6
      guard inner >= layers, inner.isMultiple(of: layers) else {
        let nearest = max(1, Int((Double(inner) / Double(layers)).rounded())) * layers + 2
        throw BasinError.usage(
          "preresnet cannot have depth \(depth) with \(isBottleneck ? "bottlenecks" : "basic blocks")",
          advice: "The depth is \(layers)n+2: the nearest is \(nearest)")
      }
      return (isBottleneck, inner / layers)
    }
  }

  let conv1: Conv2d
  let layer1, layer2, layer3: [PreResNetBlock]
  let bn: BatchNorm
  let fc: Linear

  public init(_ options: ModelOptions, shape: ImageBatch.Shape, task: Task) throws {
    let (isBottleneck, perStage) = try options.blocks()
    conv1 = try Conv2d(samePadded: shape.channels, options.width, kernel: 3, bias: false)
    var inputs = options.width
    func stage(_ channels: Int, stride: Int) throws -> [PreResNetBlock] {
      try (0..<perStage).map { index in
        let block = try PreResNetBlock(
          inputs, channels, stride: index == 0 ? stride : 1, isBottleneck: isBottleneck)
        inputs = block.outputs
        return block
      }
    }
    layer1 = try stage(options.width, stride: 1)
    layer2 = try stage(2 * options.width, stride: 2)
    layer3 = try stage(4 * options.width, stride: 2)
    bn = try BatchNorm(inputs)
    fc = try Linear(inputs, task.outputs)
  }

  /// `[N, C, H, W]` to `[N, outputs]`.
  public func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    var x = ResidualSum(try conv1(input.images))
    for stage in [layer1, layer2, layer3] {
      for block in stage { x = try block(x, mode) }
    }
    return Output(try fc(globalAveragePool(x.rectified(by: bn, mode).output)))
  }
}
