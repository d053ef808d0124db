/// x W^T + b. Weight `[outputs, inputs]`, bias `[outputs]`.
public final class Linear: Module {
  /// `[outputs, inputs]`.
  @Parameter public var weight: Tensor
  /// `[outputs]`, where there is one.
  @OptionalParameter public var bias: Tensor?

  /// Filled as PyTorch's unless initializers say otherwise.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, weight initializer: Initializer? = nil, biasValue: Initializer? = nil) throws {
    _weight = try Parameter(shape: [outputs, inputs], initializer ?? .torchDefault(inputs: inputs))
    _bias = try OptionalParameter(shape: bias ? [outputs] : nil, biasValue ?? .torchDefault(inputs: inputs))
  }

  /// `[..., inputs]` to `[..., outputs]`.
  public func callAsFunction(_ x: Tensor) throws -> Tensor { try located { try linear(x, weight, bias) } }
}
