import TensorKernels

/// The Gaussian error linear unit (Hendrycks and Gimpel 2016), exactly or as GPT-2 and ALBERT compute it.
public enum GELU: String, CaseIterable, Sendable {
  /// x Phi(x) with the normal distribution's Phi.
  case exact
  /// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
  case tanh

  fileprivate var form: Int32 { self == .exact ? Int32(BASIN_GELU_EXACT) : Int32(BASIN_GELU_TANH) }

  /// gelu(h + bias) by LibTorch's operators: any dtype, device and order of derivatives.
  func plainly(_ h: Tensor, bias: Tensor?) throws -> Tensor {
    try Operators.gelu(.tensor(bias.map { try h + $0 } ?? h), .string(self == .exact ? "none" : "tanh"))
  }

  /// gelu(h + bias): h `[..., F]` and bias `[F]`, same shape as h out. For float32 on the CPU in one pass over memory, and one for the
  /// gradients.
  public func callAsFunction(_ h: Tensor, bias: Tensor? = nil) throws -> Tensor {
    try Self.check(h, bias)
    guard KernelUse.fits(h, bias), h.count > 0 else { return try plainly(h, bias: bias) }
    return try customFunction("biasGELU", [h] + (bias.map { [$0] } ?? [])) {
      let h = try h.contiguous(), output = try Tensor.empty(h.shape)
      try apply(h, bias: bias, to: output)
      return (
        [output],
        { gradients in
          guard let gradient = try gradients[0]?.clone().contiguous() else { return [nil] + (bias == nil ? [] : [nil]) }
          let sums = try pass(h, bias: bias) { turn in
            nonisolated(unsafe) let (turn, values) = (turn, try KernelUse.memory(gradient))
            let width = h.shape.last ?? 1, rows = h.count / max(width, 1), size = Int(BASIN_ACTIVATION_ROWS)
            try KernelUse.overBlocks((rows + size - 1) / size, of: size * width) {
              turn(values, Int($0) * size..<min(rows, Int($1) * size))
            }
          }.bias
          return [gradient] + (bias == nil ? [] : [sums])
        }
      )
    }[0]
  }

  private static func check(_ h: Tensor, _ bias: Tensor?) throws {
    guard let bias else { return }
    guard bias.dimensions == 1, h.shape.last == bias.count else {
      throw TensorError(
        operation: "gelu", shapes: [h.shape, bias.shape], message: "needs a bias as wide as the rows")
    }
  }

  /// Writes gelu(h + bias) to `output`, which may be h.
  fileprivate func apply(_ h: Tensor, bias: Tensor?, to output: Tensor) throws {
    let width = h.shape.last ?? 1, rows = h.count / max(width, 1)
    nonisolated(unsafe) let (values, results) = (try KernelUse.memory(h), try KernelUse.memory(output))
    nonisolated(unsafe) let shift = try bias.map(KernelUse.memory)
    let form = form
    try withExtendedLifetime((h, bias, output)) {
      try KernelUse.overBlocks(rows, of: width) { basinBiasGELU(form, values, shift, Int64(width), $0, $1, results) }
    }
  }

  /// Lets `body` turn the gradient of gelu(h + bias) into that of h, rows of it at a time: whole blocks of `BASIN_ACTIVATION_ROWS` but for
  /// the last. `output` gets gelu(h + bias) again.
  ///
  /// - Returns: what `body` returns, and the gradient of the bias, nil without one.
  fileprivate func pass<R>(
    _ h: Tensor, bias: Tensor?, output: Tensor? = nil,
    _ body: (_ turn: @escaping (_ gradient: UnsafeMutablePointer<Float>, _ rows: Range<Int>) -> Void) throws -> R
  ) throws -> (result: R, bias: Tensor?) {
    let width = h.shape.last ?? 1, rows = h.count / max(width, 1), size = Int(BASIN_ACTIVATION_ROWS)
    let blocks = (rows + size - 1) / size
    let partials = bias == nil ? nil : try Tensor.empty([blocks, width])
    nonisolated(unsafe) let (values, shift) = (try KernelUse.memory(h), try bias.map(KernelUse.memory))
    nonisolated(unsafe) let (results, parts) = (try output.map(KernelUse.memory), try partials.map(KernelUse.memory))
    let form = form
    let result = try withExtendedLifetime((h, bias, output, partials)) {
      try body { gradient, part in
        basinBiasGELUGradient(
          form, values, shift, Int64(rows), Int64(width), Int64(part.lowerBound / size), Int64((part.upperBound + size - 1) / size),
          gradient, results, parts)
      }
    }
    return (result, try partials.map { try KernelUse.sumOfRows($0, count: blocks, width: width) })
  }
}

/// gelu(x W1^T + b1) W2^T: two linear layers with the activation between them, without the second one's bias, which the caller adds
/// (``LayerNorm/callAsFunction(_:plus:bias:_:_:)`` does so on the way). Rows `[T, in]` to `[T, out]`.
///
/// For float32 on the CPU bias and activation are part of the second product, or one pass over memory before it; what the activation
/// gives is not kept but computed again with its gradient.
public func feedForward(_ x: Tensor, _ first: Linear, _ second: Linear, _ activation: GELU = .exact) throws -> Tensor {
  guard KernelUse.fits(x, first.weight, first.bias, second.weight), !Operator.isObserved, x.dimensions == 2, x.count > 0 else {
    let hidden = try first.located { try activation.plainly(linear(x, first.weight), bias: first.bias) }
    return try second.located { try linear(hidden, second.weight) }
  }
  let isRecording = LibTorch.isRecording
  let parameters = [first.weight, second.weight] + (first.bias.map { [$0] } ?? [])
  return try customFunction("feedForward", [x] + parameters) {
    let h = try first.located { try linear(x, first.weight) }
    let output = try second.located {
      if DenseProduct.suits(h, second.weight) {
        return try DenseProduct.times(gelu: activation.form, of: h, bias: first.bias, transposed: second.weight)
      }
      let hidden = isRecording ? try Tensor.empty(h.shape) : h
      try activation.apply(h, bias: first.bias, to: hidden)
      return try linear(hidden, second.weight)
    }
    return (
      [output],
      { gradients in
        guard let gradient = try gradients[0]?.contiguous() else { return Array(repeating: nil, count: parameters.count + 1) }
        let hidden = second.weight.requiresGradient ? try Tensor.empty(h.shape) : nil
        let (inner, bias) = try activation.pass(h, bias: first.bias, output: hidden) {
          try DenseProduct.times(gradient, second.weight, inBlocksOf: Int(BASIN_ACTIVATION_ROWS), finishing: $0)
        }
        return [
          x.requiresGradient ? try DenseProduct.times(inner, first.weight) : nil,
          first.weight.requiresGradient ? try DenseProduct.outer(inner, x) : nil,
          try hidden.map { try DenseProduct.outer(gradient, $0) },
        ] + (first.bias == nil ? [] : [bias])
      }
    )
  }[0]
}
