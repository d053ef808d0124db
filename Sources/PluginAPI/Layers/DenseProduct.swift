import TensorKernels

/// Products of rows with a layer's weights by the kernels of `DenseProductKernels.h`, for layers of up to a million weights: there the packing
/// around MKL's kernel takes a tenth of its time. Anything else, recorded products among it, is LibTorch's.
enum DenseProduct {
  /// Below so many multiply-adds a product is over before a function of its own has begun.
  private static let fewest = 1 << 20
  private static let mostWeights = 1 << 20
  /// Panels are not read for fewer rows.
  static let fewestRows = 12
  private static let pays = basinDenseProductPays() != 0

  /// Whether x `[T, in]`, weight `[out, in]` and the gradients of their product are for the kernels.
  static func suits(_ x: Tensor, _ weight: Tensor) -> Bool {
    let (rows, sizes) = (x.shape, weight.shape)
    guard rows.count == 2, sizes.count == 2, rows[1] == sizes[1] else { return false }
    return suits(rows[0], sizes[0], sizes[1], x, weight)
  }

  private static func suits(_ rows: Int, _ outputs: Int, _ inputs: Int, _ tensors: Tensor...) -> Bool {
    // Whole panels both ways, for the gradients too.
    let panel = Int(BASIN_DENSE_WIDTH), weights = outputs * inputs
    guard pays, outputs % panel == 0, inputs % panel == 0, weights > 0, weights <= mostWeights, rows * weights >= fewest else {
      return false
    }
    return tensors.allSatisfy { KernelUse.fits($0) }
  }

  /// x W^T + b: `[T, in]` with weight `[out, in]` and bias `[out]` to `[T, out]`.
  static func times(_ x: Tensor, transposed weight: Tensor, bias: Tensor? = nil) throws -> Tensor {
    guard suits(x, weight), !LibTorch.isRecording else {
      return try Operators.linear(.tensor(x), .tensor(weight), .tensor(bias))
    }
    let bias = try bias?.contiguous()
    nonisolated(unsafe) let added = try bias.map(KernelUse.memory)
    return try withExtendedLifetime(bias) {
      try product(x, weight, transposes: true, outputs: weight.shape[0]) { left, depth, panels, columns, begin, end, out in
        basinDenseProduct(left, depth, panels, columns, added, begin, end, out)
      }
    }
  }

  /// gelu(h + b) W^T without a tensor for what the activation gives: h `[T, in]`, b `[in]` and weight `[out, in]` to `[T, out]`; of what
  /// ``suits(_:_:)`` alone.
  ///
  /// - Parameter form: `BASIN_GELU_EXACT` or `BASIN_GELU_TANH`.
  static func times(gelu form: Int32, of h: Tensor, bias: Tensor?, transposed weight: Tensor) throws -> Tensor {
    let bias = try bias?.contiguous()
    nonisolated(unsafe) let shift = try bias.map(KernelUse.memory)
    return try withExtendedLifetime(bias) {
      try product(h, weight, transposes: true, outputs: weight.shape[0]) { left, depth, panels, columns, begin, end, out in
        basinDenseProductOfGELU(form, left, shift, depth, panels, columns, begin, end, out)
      }
    }
  }

  /// g W: `[T, out]` with weight `[out, in]` to `[T, in]`.
  ///
  /// - Parameters:
  ///   - block: rows that stay together; what `finishing` gets are whole blocks but for the last.
  ///   - finishing: is given the product's memory and rows of it while these are in a core's cache.
  static func times(
    _ gradient: Tensor, _ weight: Tensor, inBlocksOf block: Int = fewestRows,
    finishing: ((UnsafeMutablePointer<Float>, _ rows: Range<Int>) -> Void)? = nil
  ) throws -> Tensor {
    let columns = weight.shape[1]
    guard suits(gradient.shape[0], weight.shape[0], columns, gradient, weight), !LibTorch.isRecording else {
      let product = try gradient.matmul(weight)
      if let finishing {
        let rows = product.shape[0]
        nonisolated(unsafe) let (results, finishing) = (try KernelUse.memory(product), finishing)
        try KernelUse.overBlocks((rows + block - 1) / block, of: block * columns) {
          finishing(results, Int($0) * block..<min(rows, Int($1) * block))
        }
      }
      return product
    }
    let together = max(1, Int(BASIN_DENSE_ROWS) / block) * block
    return try product(
      gradient, weight, transposes: false, outputs: columns, grain: block
    ) { left, depth, panels, columns, begin, end, out in
      for begin in stride(from: Int(begin), to: Int(end), by: together) {
        let rows = begin..<min(Int(end), begin + together)
        basinDenseProduct(left, depth, panels, columns, nil, Int64(rows.lowerBound), Int64(rows.upperBound), out)
        finishing?(out, rows)
      }
    }
  }

  private typealias Rows = (
    _ left: UnsafePointer<Float>, _ depth: Int64, _ panels: UnsafePointer<Float>, _ columns: Int64, _ begin: Int64, _ end: Int64,
    _ out: UnsafeMutablePointer<Float>
  ) -> Void

  private static func product(
    _ left: Tensor, _ weight: Tensor, transposes: Bool, outputs: Int, grain: Int = fewestRows, _ body: Rows
  ) throws -> Tensor {
    let left = try left.contiguous(), weight = try weight.contiguous()
    let (rows, depth) = (left.shape[0], left.shape[1])
    let panels = try Tensor.empty([weight.count]), output = try Tensor.empty([rows, outputs])
    nonisolated(unsafe) let (values, weights) = (try KernelUse.memory(left), try KernelUse.memory(weight))
    nonisolated(unsafe) let (sides, results, body) = (try KernelUse.memory(panels), try KernelUse.memory(output), body)
    let (inner, columns) = (Int64(depth), Int64(outputs))
    try withExtendedLifetime((left, weight, panels)) {
      let count = Int(basinDensePanelCount(columns))
      try KernelUse.overBlocks(count, of: weight.count / count) {
        basinDensePanels(weights, transposes ? 1 : 0, inner, columns, $0, $1, sides)
      }
      // Or as many times that as are worth a part.
      try LibTorch.parallelFor(guided: 0..<rows, grain: max(1, fewest / weight.count / grain) * grain) {
        body(values, inner, sides, columns, Int64($0.lowerBound), Int64($0.upperBound), results)
      }
    }
    return output
  }

  /// g^T x, the gradient of weights: `[T, out]` and `[T, in]` to `[out, in]`.
  static func outer(_ gradient: Tensor, _ x: Tensor) throws -> Tensor {
    guard suits(x.shape[0], gradient.shape[1], x.shape[1], gradient, x), !LibTorch.isRecording else {
      return try gradient.transposed().matmul(x)
    }
    let left = try gradient.contiguous(), right = try x.contiguous()
    let (rows, outputs, inputs) = (left.shape[0], left.shape[1], right.shape[1])
    let output = try Tensor.empty([outputs, inputs]), splitsLeft = outputs >= inputs
    let (shared, divided) = splitsLeft ? (right, left) : (left, right), narrow = min(outputs, inputs), wide = max(outputs, inputs)
    let side = try Tensor.empty([rows, narrow])
    nonisolated(unsafe) let (values, others) = (try KernelUse.memory(shared), try KernelUse.memory(divided))
    nonisolated(unsafe) let (arranged, results) = (try KernelUse.memory(side), try KernelUse.memory(output))
    let panel = Int(BASIN_DENSE_WIDTH), depth = Int(BASIN_DENSE_DEPTH), count = Int64(rows)
    try withExtendedLifetime((left, right, side)) {
      try KernelUse.overBlocks((rows + depth - 1) / depth, of: depth * narrow) {
        basinDenseOuterSide(values, Int64(narrow), count, splitsLeft ? 0 : 1, $0, $1, arranged)
      }
      try LibTorch.parallelFor(guided: 0..<wide / panel, grain: max(1, fewest / (rows * narrow * panel))) { part in
        let (begin, end) = (Int64(part.lowerBound * panel), Int64(part.upperBound * panel))
        if splitsLeft {
          basinDenseOuterProductOfLeft(others, Int64(outputs), arranged, Int64(inputs), count, begin, end, results)
        } else {
          basinDenseOuterProductOfRight(arranged, Int64(outputs), others, Int64(inputs), count, begin, end, results)
        }
      }
    }
    return output
  }
}
