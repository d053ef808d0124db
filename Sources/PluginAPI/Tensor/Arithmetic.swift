import TensorKernels

// Element-wise operations and products. Shapes broadcast as in NumPy and PyTorch.

extension Tensor {
  /// The sum, element by element.
  public static func + (a: Tensor, b: Tensor) throws -> Tensor { try Operators.addTensor(.tensor(a), .tensor(b)) }
  public static func + (a: Tensor, b: Double) throws -> Tensor { try Operators.addScalar(.tensor(a), .double(b)) }
  public static func + (a: Double, b: Tensor) throws -> Tensor { try b + a }
  /// The difference, element by element.
  public static func - (a: Tensor, b: Tensor) throws -> Tensor { try Operators.subTensor(.tensor(a), .tensor(b)) }
  public static func - (a: Tensor, b: Double) throws -> Tensor { try Operators.subScalar(.tensor(a), .double(b)) }
  public static func - (a: Double, b: Tensor) throws -> Tensor { try Operators.rsubScalar(.tensor(b), .double(a)) }
  /// The product, element by element; for matrices see ``matmul(_:)``.
  public static func * (a: Tensor, b: Tensor) throws -> Tensor { try Operators.mulTensor(.tensor(a), .tensor(b)) }
  public static func * (a: Tensor, b: Double) throws -> Tensor { try Operators.mulScalar(.tensor(a), .double(b)) }
  public static func * (a: Double, b: Tensor) throws -> Tensor { try b * a }
  /// The quotient, element by element.
  public static func / (a: Tensor, b: Tensor) throws -> Tensor { try Operators.divTensor(.tensor(a), .tensor(b)) }
  public static func / (a: Tensor, b: Double) throws -> Tensor { try Operators.divScalar(.tensor(a), .double(b)) }
  public static prefix func - (a: Tensor) throws -> Tensor { try Operators.neg(.tensor(a)) }

  /// `[..., N, K] x [..., K, M]` gives `[..., N, M]`.
  public func matmul(_ other: Tensor) throws -> Tensor { try Operators.matmul(.tensor(self), .tensor(other)) }

  /// e to the power of each element.
  public func exp() throws -> Tensor { try Operators.exp(.tensor(self)) }
  /// The natural logarithm of each element.
  public func log() throws -> Tensor { try Operators.log(.tensor(self)) }
  /// The square root of each element.
  public func sqrt() throws -> Tensor { try Operators.sqrt(.tensor(self)) }
  /// One over the square root of each element.
  public func rsqrt() throws -> Tensor { try Operators.rsqrt(.tensor(self)) }
  /// The magnitude of each element.
  public func abs() throws -> Tensor { try Operators.abs(.tensor(self)) }
  /// The hyperbolic tangent of each element.
  public func tanh() throws -> Tensor { try Operators.tanh(.tensor(self)) }
  /// 1 / (1 + exp(-x)) of each element.
  public func sigmoid() throws -> Tensor { try Operators.sigmoid(.tensor(self)) }
  /// Each element to a power.
  public func power(_ exponent: Double) throws -> Tensor { try Operators.powScalar(.tensor(self), .double(exponent)) }

  // MARK: In place

  /// Fills the memory with one value.
  public func fill(_ value: Double) throws {
    try LibTorch.withoutGradient { try Operators.fillScalar.run(.tensor(self), .double(value)) }
  }

  /// Copies `other`'s elements (any dtype, device and layout; shapes broadcast) into this tensor's memory.
  public func copy(from other: Tensor) throws {
    try LibTorch.withoutGradient { try Operators.copy.run(.tensor(self), .tensor(other)) }
  }

  /// self += scale * other, unrecorded.
  public func add(_ other: Tensor, scale: Double = 1) throws {
    try LibTorch.withoutGradient {
      // Integer tensors refuse a factor that is a real number, even 1.
      try Operators.addTensorInPlace.run(.tensor(self), .tensor(other), scale == 1 ? .int(1) : .double(scale))
    }
  }

  /// self *= scale, unrecorded.
  public func multiply(by scale: Double) throws {
    try LibTorch.withoutGradient { try Operators.mulScalarInPlace.run(.tensor(self), .double(scale)) }
  }

  /// self += weight * (other - self), unrecorded.
  ///
  /// float32 on the CPU in the same layout is one pass over the memory without LibTorch's dispatch, which for a small model
  /// would be most of the cost of a sample of an average.
  public func lerp(to other: Tensor, weight: Double) throws {
    if let own = denseFloats, let theirs = other.denseFloats, own.layout == theirs.layout, own.count == theirs.count {
      nonisolated(unsafe) let (target, source) = (own.memory, theirs.memory)
      func part(_ range: Range<Int>) {
        basinLerp(Int64(range.lowerBound), Int64(range.upperBound), Float(weight), source, target)
      }
      if own.count < 1 << 16 { part(0..<own.count) } else { try LibTorch.parallelFor(0..<own.count, grain: 1 << 15, part) }
      return withExtendedLifetime((self, other)) {}
    }
    try LibTorch.withoutGradient {
      try Operators.lerpScalarInPlace.run(.tensor(self), .tensor(other), .double(weight))
    }
  }

  /// self += scale * a * b, unrecorded.
  public func addProduct(_ a: Tensor, _ b: Tensor, scale: Double) throws {
    try LibTorch.withoutGradient {
      try Operators.addcmulInPlace.run(.tensor(self), .tensor(a), .tensor(b), .double(scale))
    }
  }

  /// self += scale * a / b, unrecorded.
  public func addQuotient(_ a: Tensor, _ b: Tensor, scale: Double) throws {
    try LibTorch.withoutGradient {
      try Operators.addcdivInPlace.run(.tensor(self), .tensor(a), .tensor(b), .double(scale))
    }
  }

  // MARK: Copies and conversions

  /// A copy with memory of its own, same layout.
  public func clone() throws -> Tensor { try Operators.clone(.tensor(self)) }

  /// The same numbers in another type; itself where it has that type.
  public func to(_ dtype: DType) throws -> Tensor { try Operators.to(.tensor(self), .dtype(dtype)) }

  /// The same numbers on a device; itself where it is there.
  public func to(_ device: Device) throws -> Tensor {
    if device == self.device { return self }
    return try Operators.toDevice(.tensor(self), .device(device), .dtype(dtype))
  }

  /// The same elements, dense and in row-major order.
  public func contiguous() throws -> Tensor { isContiguous ? self : try Operators.contiguous(.tensor(self)) }

  // MARK: Comparisons (element-wise, dtype bool)

  /// Where elements are equal.
  public func equals(_ other: Tensor) throws -> Tensor { try Operators.equalTensor(.tensor(self), .tensor(other)) }
  /// Where elements equal a number.
  public func equals(_ value: Double) throws -> Tensor { try Operators.equalScalar(.tensor(self), .double(value)) }
  /// Where elements are less than their counterparts.
  public func isLess(than other: Tensor) throws -> Tensor { try Operators.lessTensor(.tensor(self), .tensor(other)) }
  /// Where elements are greater than a number.
  public func isGreater(than value: Double) throws -> Tensor { try Operators.greaterScalar(.tensor(self), .double(value)) }
  /// Where elements are false or 0.
  public func not() throws -> Tensor { try Operators.logicalNot(.tensor(self)) }
}
