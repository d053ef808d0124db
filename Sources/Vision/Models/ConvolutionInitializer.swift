import PluginAPI

extension Initializer {
  /// He et al. 2015: normal with deviation sqrt(2 / (k k channels)); by outputs, as the SWA papers and torchvision's ResNet
  /// start their networks, or by inputs, as DenseNets do.
  static func heNormal(kernel: Int, channels: Int) -> Initializer {
    .normal(deviation: (2 / Double(kernel * kernel * channels)).squareRoot())
  }
}

extension Conv2d {
  /// A convolution that keeps the extents of pictures at stride 1 and starts with He's normal by outputs, bias 0.
  convenience init(
    samePadded inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1, bias: Bool
  ) throws {
    try self.init(
      inputs, outputs, kernel, stride: stride, padding: kernel / 2, groups: groups, bias: bias,
      weight: .heNormal(kernel: kernel, channels: outputs), biasValue: .constant(0))
  }
}
