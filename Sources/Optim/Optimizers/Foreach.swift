import PluginAPI

/// LibTorch's operators over lists of tensors. One call costs one dispatch from Swift and on an accelerator a few
/// launches for all tensors; on the CPU LibTorch walks the list tensor by tensor.
private enum Foreach {
  static let addScalar = Operator("aten::_foreach_add_", "Scalar")
  static let addInPlace = Operator("aten::_foreach_add_", "List")
  static let add = Operator("aten::_foreach_add", "List")
  static let multiply = Operator("aten::_foreach_mul_", "Scalar")
  static let lerpInPlace = Operator("aten::_foreach_lerp_", "Scalar")
  static let lerp = Operator("aten::_foreach_lerp", "Scalar")
  static let addcmulInPlace = Operator("aten::_foreach_addcmul_", "Scalar")
  static let addcmul = Operator("aten::_foreach_addcmul", "Scalar")
  static let addcdivInPlace = Operator("aten::_foreach_addcdiv_", "Scalar")
  static let divide = Operator("aten::_foreach_div", "List")
  static let sqrt = Operator("aten::_foreach_sqrt")
  static let sqrtInPlace = Operator("aten::_foreach_sqrt_")
  static let sign = Operator("aten::_foreach_sign_")
  static let maximumScalar = Operator("aten::_foreach_maximum_", "Scalar")
  static let maximum = Operator("aten::_foreach_maximum_", "List")
  static let norm = Operator("aten::_foreach_norm", "Scalar")

  /// One call gives back fewer than 512 tensors.
  static let mostResults = 256
}

// Named as the methods of one Tensor. Those that give tensors take at most `ParameterBuffers.mostTensors` of them.

extension Array where Element == Tensor {
  // MARK: In place

  func add(_ value: Double) throws { try Foreach.addScalar.run(.tensors(self), .double(value)) }

  /// self += scale * others.
  func add(_ others: [Tensor], scale: Double) throws {
    try Foreach.addInPlace.run(.tensors(self), .tensors(others), .double(scale))
  }

  func multiply(by scale: Double) throws { try Foreach.multiply.run(.tensors(self), .double(scale)) }

  /// self += weight * (others - self).
  func lerp(to others: [Tensor], weight: Double) throws {
    try Foreach.lerpInPlace.run(.tensors(self), .tensors(others), .double(weight))
  }

  /// self += scale * a * b.
  func addProduct(_ a: [Tensor], _ b: [Tensor], scale: Double) throws {
    try Foreach.addcmulInPlace.run(.tensors(self), .tensors(a), .tensors(b), .double(scale))
  }

  /// self += scale * a / b.
  func addQuotient(_ a: [Tensor], _ b: [Tensor], scale: Double) throws {
    try Foreach.addcdivInPlace.run(.tensors(self), .tensors(a), .tensors(b), .double(scale))
  }

  func becomeSquareRoots() throws { try Foreach.sqrtInPlace.run(.tensors(self)) }

  /// Every element becomes -1, 0 or 1.
  func becomeSigns() throws { try Foreach.sign.run(.tensors(self)) }

  /// Every element becomes at least `least`.
  func raise(to least: Double) throws { try Foreach.maximumScalar.run(.tensors(self), .double(least)) }

  /// Every element becomes at least its counterpart.
  func raise(to others: [Tensor]) throws { try Foreach.maximum.run(.tensors(self), .tensors(others)) }

  // MARK: Giving tensors

  func adding(_ others: [Tensor], scale: Double) throws -> [Tensor] {
    try Foreach.add.many(.tensors(self), .tensors(others), .double(scale))
  }

  func interpolated(to others: [Tensor], weight: Double) throws -> [Tensor] {
    try Foreach.lerp.many(.tensors(self), .tensors(others), .double(weight))
  }

  func addingProduct(_ a: [Tensor], _ b: [Tensor], scale: Double) throws -> [Tensor] {
    try Foreach.addcmul.many(.tensors(self), .tensors(a), .tensors(b), .double(scale))
  }

  func divided(by others: [Tensor]) throws -> [Tensor] { try Foreach.divide.many(.tensors(self), .tensors(others)) }

  func squareRoots() throws -> [Tensor] { try Foreach.sqrt.many(.tensors(self)) }

  // MARK: Numbers

  /// The Euclidean norm of each; any number of tensors. Waits once for the device.
  func norms() throws -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(count)
    // The norm of a 16-bit tensor is no 16-bit number.
    let areNarrow = allSatisfy { $0.dtype == .float16 || $0.dtype == .bfloat16 }
    for start in stride(from: 0, to: count, by: Foreach.mostResults) {
      let part = Array(self[start..<Swift.min(start + Foreach.mostResults, count)])
      let norms = try Foreach.norm.many(.tensors(part), .int(2), areNarrow ? .dtype(.float32) : .none)
      result += try Tensor.stack(norms).to(.float64).to(.cpu).values(Double.self)
    }
    return result
  }
}
