import TensorKernels

/// Batch normalization and ReLU in one pass over memory, with the sum that residual networks have before or behind it.
///
/// For float32 on the CPU in `[N, C]`, or `[N, C, H, W]` in channels last: a forward pass reads the values twice and writes
/// them once, a backward pass reads values and gradients twice and writes once, and neither needs the result of ReLU. Other
/// inputs, estimates of statistics and second derivatives take LibTorch's operators, which are the plain twins.
extension BatchNorm {
  /// relu(norm(x)).
  public func rectified(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    try located {
      guard let rows = try NormRows(x, self, mode) else { return try reluInPlace(self(x, mode)) }
      return try customFunction("rectifiedBatchNorm", [x, weight, bias]) {
        let x = try rows.arranged(x)
        let applied = try rows.prepare(x, of: self, mode)
        let output = try rows.empty()
        try rows.apply(x, plus: nil, applied, to: output)
        return (
          [output],
          { gradients in
            guard let gradient = gradients[0] else { return [nil, nil, nil] }
            return try rows.gradients(x, applied, rows.arranged(gradient))
          }
        )
      }[0]
    }
  }

  /// relu(norm(x) + shortcut).
  public func rectified(_ x: Tensor, plus shortcut: Tensor, _ mode: Mode) throws -> Tensor {
    try located {
      guard let rows = try NormRows(x, self, mode), rows.fits(shortcut) else {
        return try reluInPlace(self(x, mode) + shortcut)
      }
      return try customFunction("rectifiedBatchNormPlus", [x, weight, bias, shortcut]) {
        let x = try rows.arranged(x)
        let applied = try rows.prepare(x, of: self, mode)
        let output = try rows.empty()
        try rows.apply(x, plus: rows.arranged(shortcut), applied, to: output)
        // The output itself would hold on to this function.
        let result = try output.detached()
        return (
          [output],
          { gradients in
            guard let gradient = gradients[0] else { return [nil, nil, nil, nil] }
            let passed = try rows.empty()
            return try rows.gradients(x, applied, rows.arranged(gradient), by: result, passed: passed) + [passed]
          }
        )
      }[0]
    }
  }

  /// s = x + other, and relu(norm(s)): what stands between two blocks of a network with its normalization first.
  public func rectifiedSum(_ x: Tensor, _ other: Tensor, _ mode: Mode) throws -> (sum: Tensor, output: Tensor) {
    try located {
      guard let rows = try NormRows(x, self, mode), rows.fits(other) else {
        let sum = try x + other
        return (sum, try reluInPlace(self(sum, mode)))
      }
      let results = try customFunction("rectifiedBatchNormSum", [x, other, weight, bias]) {
        let sum = try rows.empty()
        let applied = try rows.prepare(rows.arranged(x), plus: rows.arranged(other), sum: sum, of: self, mode)
        let output = try rows.empty()
        try rows.apply(sum, plus: nil, applied, to: output)
        let kept = try sum.detached()
        return (
          [sum, output],
          { gradients in
            guard let gradient = gradients[1] else { return [gradients[0], gradients[0], nil, nil] }
            let beside = try gradients[0].map(rows.arranged)
            let found = try rows.gradients(kept, applied, rows.arranged(gradient), plus: beside)
            return [found[0], found[0], found[1], found[2]]
          }
        )
      }
      return (results[0], results[1])
    }
  }
}
