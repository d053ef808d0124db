import PluginAPI

/// Tensors that one step works on together, list by list.
struct StepList {
  var weights: [Tensor] = []
  var gradients: [Tensor] = []
  var means: [Tensor] = []
  var differences: [Tensor] = []
  var squares: [Tensor] = []
  var previous: [Tensor] = []

  mutating func append(
    _ weight: Tensor, _ gradient: Tensor, _ mean: Tensor, _ difference: Tensor, _ square: Tensor, _ previous: Tensor
  ) {
    weights.append(weight)
    gradients.append(gradient)
    means.append(mean)
    differences.append(difference)
    squares.append(square)
    self.previous.append(previous)
  }

  /// Pieces of at most 256 tensors: an operator gives back fewer than 512.
  func parts() -> [StepList] {
    stride(from: 0, to: weights.count, by: 256).map { begin in
      let range = begin..<min(begin + 256, weights.count)
      return StepList(
        weights: Array(weights[range]), gradients: Array(gradients[range]), means: Array(means[range]),
        differences: Array(differences[range]), squares: Array(squares[range]), previous: Array(previous[range]))
    }
  }
}

/// LibTorch's operators over lists of tensors, found by the names of their schemas: one call for all parameters.
enum ListOperators {
  static let zerosLike = Operator("aten::zeros_like")
  static let subtract = Operator("aten::_foreach_sub", "List")
  static let add = Operator("aten::_foreach_add", "List")
  static let sqrt = Operator("aten::_foreach_sqrt")
  static let lerp = Operator("aten::_foreach_lerp_", "Scalar")
  static let multiply = Operator("aten::_foreach_mul_", "Scalar")
  static let addNumber = Operator("aten::_foreach_add_", "Scalar")
  static let addProduct = Operator("aten::_foreach_addcmul_", "Scalar")
  static let addQuotient = Operator("aten::_foreach_addcdiv_", "Scalar")
  static let copy = Operator("aten::_foreach_copy_")
}
