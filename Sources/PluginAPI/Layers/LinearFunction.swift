/// x W^T + b: `[..., in]` with weight `[out, in]` and bias `[out]` gives `[..., out]`.
///
/// Rows `[T, in]` of float32 on the CPU take ``DenseProduct``'s kernels where these are faster than LibTorch's.
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
