import TensorKernels

/// Layer normalization with the residual sum and the dropout before it, in one pass over memory.
///
/// For float32 on the CPU a forward pass reads what is added and the residual and writes their sum and the result; a backward pass
/// reads gradient and sum and writes the gradients, drawing the mask of dropout again instead of reading it. Other inputs and second
/// derivatives take LibTorch's operators, which are the plain twin, with the same mask.
extension LayerNorm {
  /// sum = x + dropout(addend + bias) and output = norm(sum), all `[..., size]`: post-norm networks go on with the output, pre-norm
  /// ones with both.
  ///
  /// - Parameter bias: `[size]`, that of the linear layer which made `addend` without it; nil: none.
  public func callAsFunction(
    _ x: Tensor, plus addend: Tensor, bias: Tensor? = nil, _ dropout: Dropout, _ mode: Mode
  ) throws -> (sum: Tensor, output: Tensor) {
    let results = try summed(x, addend, bias, dropout, mode, branches: 1)
    return (results[0], results[1])
  }

  /// The output of ``callAsFunction(_:plus:bias:_:_:)`` twice, for the next sublayer of a post-norm network and for the residual around it:
  /// their gradients are added on the way through this one's backward pass, instead of by one of their own.
  public func branches(
    _ x: Tensor, plus addend: Tensor, bias: Tensor? = nil, _ dropout: Dropout, _ mode: Mode
  ) throws -> (output: Tensor, residual: Tensor) {
    let results = try summed(x, addend, bias, dropout, mode, branches: 2)
    return (results[1], results[2])
  }

  /// - Returns: the sum, and the output so many times.
  private func summed(
    _ x: Tensor, _ addend: Tensor, _ bias: Tensor?, _ dropout: Dropout, _ mode: Mode, branches: Int
  ) throws -> [Tensor] {
    try located {
      let shape = x.shape
      guard shape.last == size, addend.shape == shape, bias.map({ $0.shape == [size] }) ?? true else {
        throw TensorError(
          operation: "layer_norm", shapes: [shape, addend.shape] + (bias.map { [$0.shape] } ?? []),
          message: "needs two inputs [..., \(size)] of the same shape and a bias [\(size)]")
      }
      let drawn = dropout.draw(mode)
      guard KernelUse.fits(x, addend, bias, weight, self.bias) else {
        let (sum, output) = try plainly(x, addend, bias, drawn)
        return [sum] + Array(repeating: output, count: branches)
      }
      let rows = ResidualRows(self, rows: x.count / max(size, 1), bias: bias, drawn)
      return try customFunction("residualNorm", [x, addend, weight, self.bias] + (bias.map { [$0] } ?? [])) {
        let sum = try Tensor.empty(shape), output = try Tensor.empty(shape)
        let moments = try rows.forward(x.contiguous(), addend.contiguous(), sum: sum, output: output)
        return (
          try [sum, output] + (1..<branches).map { _ in try output.detached() },
          { gradients in
            let found = try rows.backward(sum, moments, gradients.dropFirst().compactMap(\.self), sumGradient: gradients[0])
            return [found.x, found.addend, found.weight, found.shift] + (bias == nil ? [] : [found.bias])
          }
        )
      }
    }
  }

  private func plainly(
    _ x: Tensor, _ addend: Tensor, _ bias: Tensor?, _ drawn: (rate: Double, random: Random)?
  ) throws -> (sum: Tensor, output: Tensor) {
    var added = try bias.map { try addend + $0 } ?? addend
    if let drawn {
      let mask = KernelUse.rowMask(drawn.rate, rows: x.count / max(size, 1), width: size, drawn.random)
      added = try added * Tensor(mask, shape: x.shape).to(added.dtype).to(added.device)
    }
    let sum = try x + added
    return (sum, try normalizedPlainly(sum))
  }

  /// norm(x) by the same kernels.
  func normalizedByKernel(_ x: Tensor) throws -> Tensor {
    let rows = ResidualRows(self, rows: x.count / max(size, 1), bias: nil, nil)
    return try customFunction("layerNorm", [x, weight, bias]) {
      let output = try Tensor.empty(x.shape)
      let moments = try rows.forward(x, nil, sum: nil, output: output)
      return (
        [output],
        { gradients in
          let found = try rows.backward(x, moments, gradients.compactMap(\.self), sumGradient: nil)
          return [found.x, found.weight, found.shift]
        }
      )
    }[0]
  }
}

/// What the kernels of one normalization work on.
private struct ResidualRows {
  private let norm: LayerNorm
  private let rows: Int
  private let bias: Tensor?
  private let drawn: (rate: Double, random: Random)?

  private var width: Int { norm.size }
  private var blocks: Int { (rows + Int(BASIN_RESIDUAL_NORM_ROWS) - 1) / Int(BASIN_RESIDUAL_NORM_ROWS) }

  init(_ norm: LayerNorm, rows: Int, bias: Tensor?, _ drawn: (rate: Double, random: Random)?) {
    self.norm = norm
    self.rows = rows
    self.bias = bias
    self.drawn = drawn
  }

  private func arguments() throws -> BasinResidualNorm {
    let (threshold, keep) = drawn.map { Tensor.dropoutThreshold($0.rate) } ?? (0, 1)
    return BasinResidualNorm(
      rows: Int64(rows), width: Int64(width), bias: try bias.map { UnsafePointer(try KernelUse.memory($0)) },
      weight: try KernelUse.memory(norm.weight), shift: try KernelUse.memory(norm.bias), epsilon: norm.epsilon,
      key: drawn?.random.key ?? 0, threshold: threshold, keep: keep)
  }

  private func parallel(_ body: (_ begin: Int64, _ end: Int64) -> Void) throws {
    try KernelUse.overBlocks(blocks, of: Int(BASIN_RESIDUAL_NORM_ROWS) * width, body)
  }

  /// - Returns: the moments of each row, `[rows, 2]`.
  func forward(_ x: Tensor, _ addend: Tensor?, sum: Tensor?, output: Tensor) throws -> Tensor {
    let moments = try Tensor.empty([rows, 2])
    nonisolated(unsafe) let (own, added) = (try KernelUse.memory(x), try addend.map(KernelUse.memory))
    nonisolated(unsafe) let (sums, results) = (try sum.map(KernelUse.memory), try KernelUse.memory(output))
    nonisolated(unsafe) let found = try KernelUse.memory(moments)
    nonisolated(unsafe) var norm = try arguments()
    try withExtendedLifetime((self, x, addend)) {
      try parallel { basinResidualNorm(&norm, own, added, $0, $1, sums, results, found) }
    }
    return moments
  }

  /// - Parameter gradients: of the output, two at most, which are added.
  func backward(
    _ sum: Tensor, _ moments: Tensor, _ gradients: [Tensor], sumGradient: Tensor?
  ) throws -> (x: Tensor?, addend: Tensor?, weight: Tensor?, shift: Tensor?, bias: Tensor?) {
    guard !gradients.isEmpty || sumGradient != nil else { return (nil, nil, nil, nil, nil) }
    let gradient = try gradients.first?.contiguous() ?? Tensor.zeros([rows, width])
    let second = try gradients.dropFirst().first?.contiguous(), beside = try sumGradient?.contiguous()
    let x = try Tensor.empty(sum.shape), drops = drawn.map { Tensor.dropoutThreshold($0.rate).threshold > 0 } ?? false
    let addend = drops ? try Tensor.empty(sum.shape) : nil
    let partials = try Tensor.empty([blocks, 3 * width])
    nonisolated(unsafe) let (sums, found) = (try KernelUse.memory(sum), try KernelUse.memory(moments))
    nonisolated(unsafe) let (incoming, more) = (try KernelUse.memory(gradient), try beside.map(KernelUse.memory))
    nonisolated(unsafe) let other = try second.map(KernelUse.memory)
    nonisolated(unsafe) let (own, added) = (try KernelUse.memory(x), try addend.map(KernelUse.memory))
    nonisolated(unsafe) let parts = try KernelUse.memory(partials)
    nonisolated(unsafe) var norm = try arguments()
    try withExtendedLifetime((self, sum, moments, gradient, second, beside)) {
      try parallel { basinResidualNormGradient(&norm, sums, found, incoming, other, more, $0, $1, own, added, parts) }
    }
    // Each of its own memory: gradients are kept, and are changed in place.
    let totals = try (0..<3).map {
      try KernelUse.sumOfRows(partials, count: blocks, width: 3 * width, columns: $0 * width..<($0 + 1) * width)
    }
    return (x, addend ?? x, totals[0], totals[1], totals[2])
  }
}
