import PluginAPI

/// A layer of a network that is one chain: VGG's `features` and `classifier`, numbered as in PyTorch's `Sequential`.
protocol SequentialLayer: Module {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor
}

extension Conv2d: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try self(x) }
}

extension BatchNorm: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try self(x, mode) }
}

extension Linear: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try self(x) }
}

extension Dropout: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try self(x, mode) }
}

/// max(x, 0) in the memory of its input. It has no tensors, but a number of its own in the chain.
///
/// Allowed behind a convolution, a linear layer or a batch normalization: none of them needs its output in the backward pass.
final class ReLU: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try located { try reluInPlace(x) } }
}

/// The greatest of each 2x2 window.
final class MaxPool: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try located { try maxPool2d(x, 2) } }
}

extension Array where Element == any SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    try reduce(x) { try $1.forward($0, mode) }
  }
}
