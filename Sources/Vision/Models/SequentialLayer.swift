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

extension LayerNorm: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try self(x) }
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

/// min(max(x, 0), 6) in the memory of its input; see ``ReLU``.
final class ReLU6: SequentialLayer {
  private static let hardtanhInPlace = Operator("aten::hardtanh_")

  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    try located { try Self.hardtanhInPlace(.tensor(x), .double(0), .double(6)) }
  }
}

/// x Phi(x).
final class GELU: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try located { try gelu(x) } }
}

/// The greatest of each 2x2 window.
final class MaxPool: SequentialLayer {
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try located { try maxPool2d(x, 2) } }
}

/// A view with the dimensions in another order.
final class Permute: SequentialLayer {
  private let order: [Int]
  init(_ order: [Int]) { self.order = order }
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor { try located { try x.permuted(order) } }
}

extension Array where Element == any SequentialLayer {
  /// One layer after the other; a batch normalization, the ReLU and the convolution behind it in one pass.
  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    var x = x
    var index = 0
    while index < count {
      if index + 1 < count, let norm = self[index] as? BatchNorm, self[index + 1] is ReLU {
        if index + 2 < count, let convolution = self[index + 2] as? Conv2d {
          x = try convolution(rectified: x, by: norm, mode)
          index += 3
        } else {
          x = try norm.rectified(x, mode)
          index += 2
        }
      } else {
        x = try self[index].forward(x, mode)
        index += 1
      }
    }
    return x
  }
}

/// Layers one behind the other as one layer, for chains of chains and for parts with names: PyTorch's `Sequential`.
final class Chain: SequentialLayer, CustomReflectable {
  private let layers: [(name: String, layer: any SequentialLayer)]

  /// Layers named by their number.
  convenience init(_ layers: [any SequentialLayer]) {
    self.init(named: layers.enumerated().map { ("\($0.offset)", $0.element) })
  }

  convenience init(_ layers: any SequentialLayer...) { self.init(layers) }

  init(named layers: [(name: String, layer: any SequentialLayer)]) { self.layers = layers }

  /// The layers under their names, instead of this class's own property: tensors are found by reflection.
  var customMirror: Mirror {
    Mirror(self, children: layers.map { (label: $0.name, value: $0.layer as Any) })
  }

  func forward(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    try layers.map(\.layer).forward(x, mode)
  }
}
