import PluginAPI

/// A block's result in a network with its normalization first, not yet added up: the next normalization does that on the way.
struct ResidualSum {
  let branch: Tensor
  /// nil: there is nothing to add.
  let shortcut: Tensor?

  init(_ branch: Tensor, plus shortcut: Tensor? = nil) {
    self.branch = branch
    self.shortcut = shortcut
  }

  /// The sum, and relu(norm(sum)).
  func rectified(by norm: BatchNorm, _ mode: Mode) throws -> (sum: Tensor, output: Tensor) {
    guard let shortcut else { return (branch, try norm.rectified(branch, mode)) }
    return try norm.rectifiedSum(branch, shortcut, mode)
  }

  /// The sum, and conv(relu(norm(sum))).
  func convolved(by convolution: Conv2d, behind norm: BatchNorm, _ mode: Mode) throws -> (sum: Tensor, output: Tensor) {
    guard let shortcut else { return (branch, try convolution(rectified: branch, by: norm, mode)) }
    return try convolution(rectified: branch, plus: shortcut, by: norm, mode)
  }
}
