import PluginAPI

/// x + f(x), f two 3x3 convolutions (basic) or 1x1, 3x3, 1x1 with four times the channels at the end (bottleneck), each
/// behind its own batch normalization and ReLU.
///
/// Where the shape changes, the shortcut is one bare 1x1 convolution of the raw input (`downsample.0`).
final class PreResNetBlock: Module {
  let bn1, bn2: BatchNorm
  let conv1, conv2: Conv2d
  // Bottlenecks alone have these two.
  let bn3: BatchNorm?
  let conv3: Conv2d?
  // An array for the sake of PyTorch's name, `downsample.0`; empty where the shortcut is the input itself.
  let downsample: [Conv2d]
  let outputs: Int

  init(_ inputs: Int, _ channels: Int, stride: Int, isBottleneck: Bool) throws {
    outputs = isBottleneck ? 4 * channels : channels
    bn1 = try BatchNorm(inputs)
    bn2 = try BatchNorm(channels)
    if isBottleneck {
      conv1 = try Conv2d(samePadded: inputs, channels, kernel: 1, bias: false)
      conv2 = try Conv2d(samePadded: channels, channels, kernel: 3, stride: stride, bias: false)
      bn3 = try BatchNorm(channels)
      conv3 = try Conv2d(samePadded: channels, outputs, kernel: 1, bias: false)
    } else {
      conv1 = try Conv2d(samePadded: inputs, channels, kernel: 3, stride: stride, bias: false)
      conv2 = try Conv2d(samePadded: channels, channels, kernel: 3, bias: false)
      bn3 = nil
      conv3 = nil
    }
    let changesShape = stride != 1 || inputs != outputs
    downsample =
      changesShape ? [try Conv2d(samePadded: inputs, outputs, kernel: 1, stride: stride, bias: false)] : []
  }

  /// `[N, inputs, H, W]` to `[N, outputs, H / stride, W / stride]`.
  func callAsFunction(_ input: ResidualSum, _ mode: Mode) throws -> ResidualSum {
    let (x, inner) = try input.convolved(by: conv1, behind: bn1, mode)
    let shortcut = try downsample.reduce(x) { try $1($0) }
    var y = try conv2(rectified: inner, by: bn2, mode)
    if let bn3, let conv3 { y = try conv3(rectified: y, by: bn3, mode) }
    return ResidualSum(y, plus: shortcut)
  }
}
