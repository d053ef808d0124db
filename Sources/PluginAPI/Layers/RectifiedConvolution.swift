/// Batch normalization, ReLU and a convolution as one function: the activations between them are computed twice, as they are
/// read, instead of being written and kept for the backward pass.
///
/// For what ``MinimalFiltering`` takes, 1x1 convolutions of stride 1 among it; the plain twin is one function after the other.
extension Conv2d {
  /// conv(relu(norm(x))).
  public func callAsFunction(rectified x: Tensor, by norm: BatchNorm, _ mode: Mode) throws -> Tensor {
    guard let filtering = MinimalFiltering(self, x, isRectified: true), let rows = try NormRows(x, norm, mode) else {
      return try self(norm.rectified(x, mode))
    }
    return try located {
      try customFunction("rectifiedConvolution", [x, norm.weight, norm.bias] + filtering.parameters) {
        let applied = try rows.prepare(x, of: norm, mode)
        let output = try filtering.output(x, applied: applied)
        return (
          [output],
          { gradients in
            guard let gradient = try gradients[0]?.channelsLast() else {
              return [nil, nil, nil] + filtering.parameters.map { _ in nil }
            }
            return try rows.gradients(x, applied, filtering.inputGradient(gradient))
              + filtering.parameterGradients(x, applied: applied, gradient)
          }
        )
      }[0]
    }
  }

  /// s = x + other, and conv(relu(norm(s))): where a block of a network with its normalization first begins.
  public func callAsFunction(
    rectified x: Tensor, plus other: Tensor, by norm: BatchNorm, _ mode: Mode
  ) throws -> (sum: Tensor, output: Tensor) {
    guard let filtering = MinimalFiltering(self, x, isRectified: true), let rows = try NormRows(x, norm, mode),
      rows.fits(other)
    else {
      let (sum, activated) = try norm.rectifiedSum(x, other, mode)
      return (sum, try self(activated))
    }
    return try located {
      let results = try customFunction("rectifiedConvolutionSum", [x, other, norm.weight, norm.bias] + filtering.parameters) {
        let sum = try rows.empty()
        let applied = try rows.prepare(rows.arranged(x), plus: rows.arranged(other), sum: sum, of: norm, mode)
        let output = try filtering.output(sum, applied: applied)
        // The output itself would hold on to this function.
        let kept = try sum.detached()
        return (
          [sum, output],
          { gradients in
            let beside = try gradients[0].map(rows.arranged)
            guard let gradient = try gradients[1]?.channelsLast() else {
              return [beside, beside, nil, nil] + filtering.parameters.map { _ in nil }
            }
            let found = try rows.gradients(kept, applied, filtering.inputGradient(gradient), plus: beside)
            return [found[0], found[0], found[1], found[2]]
              + (try filtering.parameterGradients(kept, applied: applied, gradient))
          }
        )
      }
      return (results[0], results[1])
    }
  }
}
