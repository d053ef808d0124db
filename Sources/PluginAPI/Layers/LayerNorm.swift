/// Layer normalization (Ba, Kiros and Hinton 2016) over the last dimension.
public final class LayerNorm: Module {
  /// `[size]`, 1 at first: what normalized values are multiplied by.
  @Parameter public var weight: Tensor
  /// `[size]`, 0 at first: what is added to them.
  @Parameter public var bias: Tensor
  /// The width of a row.
  public let size: Int
  /// What is added to the variance.
  public let epsilon: Double

  /// - Parameter size: the width of a row.
  public init(_ size: Int, epsilon: Double = 1e-5) throws {
    _weight = try Parameter(shape: [size], .constant(1))
    _bias = try Parameter(shape: [size], .constant(0))
    self.size = size
    self.epsilon = epsilon
  }

  /// `[..., size]`, same shape out.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try located {
      guard x.shape.last == size, x.isContiguous, KernelUse.fits(x, weight, bias) else { return try normalizedPlainly(x) }
      return try normalizedByKernel(x)
    }
  }

  func normalizedPlainly(_ x: Tensor) throws -> Tensor {
    try Operators.layerNorm(.tensor(x), .ints([size]), .tensor(weight), .tensor(bias), .double(epsilon))
  }
}
