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

/// x W^T + b: `[..., in]` with weight `[out, in]` and bias `[out]` gives `[..., out]`.
///
/// Rows `[T, in]` of float32 on the CPU take kernels of this module where these are faster than LibTorch's.
public func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) throws -> Tensor {
  guard DenseProduct.suits(x, weight), bias.map({ $0.shape == [weight.shape[0]] && KernelUse.fits($0) }) ?? true, !Operator.isObserved
  else { return try Operators.linear(.tensor(x), .tensor(weight), .tensor(bias)) }
  return try customFunction("linear", [x, weight] + (bias.map { [$0] } ?? []), differentiableBackward: true) {
    let output = try DenseProduct.times(x, transposed: weight, bias: bias)
    return (
      [output],
      { gradients in
        guard let gradient = gradients[0] else { return [nil, nil] + (bias == nil ? [] : [nil]) }
        return [
          x.requiresGradient ? try DenseProduct.times(gradient, weight) : nil,
          weight.requiresGradient ? try DenseProduct.outer(gradient, x) : nil,
        ] + (bias == nil ? [] : [try gradient.sum([0])])
      }
    )
  }[0]
}
