import PluginAPI

extension Initializer {
  /// He et al. 2015 by outputs: normal with deviation sqrt(2 / (k k outputs)), as the SWA papers start their networks.
  static func heNormal(kernel: Int, outputs: Int) -> Initializer {
    .normal(deviation: (2 / Double(kernel * kernel * outputs)).squareRoot())
  }
}

extension Conv2d {
  /// A convolution that keeps the extents of pictures at stride 1 and starts as in the SWA papers: He's normal, bias 0.
  convenience init(
    samePadded inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, bias: Bool
  ) throws {
    try self.init(
      inputs, outputs, kernel, stride: stride, padding: kernel / 2, bias: bias,
      weight: .heNormal(kernel: kernel, outputs: outputs), biasValue: .constant(0))
  }
}
