import PluginAPI

/// Convolutions of several widths over packed sequences, and of each filter the greatest value over time (Kim 2014).
///
/// A window of width w stands at every place where it covers at least one row of the sequence; what lies outside of the
/// sequence counts as zeros. So sequences shorter than a filter have windows too.
///
/// The products of all rows and all parts of all filters are one matrix product; the values of windows are sums of its
/// elements and are never kept, and the backward pass touches only the rows of the windows that won.
public struct MaximumOverTime: Sendable {
  /// Filters of each width.
  public let filters: Int
  public let widths: [Int]

  public init(filters: Int, widths: [Int]) { (self.filters, self.widths) = (filters, widths) }

  /// - Parameters:
  ///   - rows: `[T, size]`.
  ///   - weights: one a width, `[filters, size, width]` as `nn.Conv1d` has it.
  ///   - offsets: sequence i is rows `offsets[i] ..< offsets[i + 1]`, at least one.
  /// - Returns: `[N, widths * filters]`.
  public func callAsFunction(_ rows: Tensor, _ weights: [Tensor], offsets: [Int]) throws -> Tensor {
    try check(rows, weights, offsets)
    let isPlain = [rows] + weights
    guard !LibTorch.wantsSecondDerivatives, isPlain.allSatisfy({ $0.dtype == .float32 && $0.device == .cpu }) else {
      return try plainly(rows, weights, offsets: offsets)
    }
    let size = rows.shape[1]
    // `[parts, size]`: part j of filter f of a width stands in row j * filters + f of that width's rows.
    let parts = try Tensor.concatenate(zip(weights, widths).map { try $0.permuted([2, 0, 1]).reshaped([$1 * filters, size]) })
    return try customFunction("maximumOverTime", [rows, parts]) {
      let (rows, parts) = (try rows.contiguous(), try parts.contiguous())
      let (greatest, starts) = try forward(linear(rows, parts), offsets)
      return ([greatest], { gradients in
        guard let gradient = gradients[0] else { return [nil, nil] }
        return try backward(gradient.contiguous(), rows, parts, starts, offsets)
      })
    }[0]
  }

  private func check(_ rows: Tensor, _ weights: [Tensor], _ offsets: [Int]) throws {
    guard rows.dimensions == 2, weights.count == widths.count, offsets.first == 0, offsets.last == rows.shape[0],
      zip(weights, widths).allSatisfy({ $0.shape == [filters, rows.shape[1], $1] }),
      zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw TensorError(
        operation: "maximumOverTime", shapes: [rows.shape] + weights.map(\.shape),
        message: "needs rows of sequences that have some, and weights [\(filters), size, width] of widths \(widths)")
    }
  }

  /// The sum of `widths` before each, and behind the last.
  private var firstParts: [Int] { widths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1 * filters) } }
  private var columns: Int { widths.count * filters }

  /// The greatest values `[N, columns]`, and where their windows start in the sequence (from 1 - width).
  private func forward(_ products: Tensor, _ offsets: [Int]) throws -> (Tensor, [Int32]) {
    let (count, stride, columns, filters) = (offsets.count - 1, products.shape[1], columns, filters)
    let result = try Tensor.empty([count, columns])
    var starts = [Int32](repeating: 0, count: count * columns)
    let (widths, first) = (widths, firstParts)
    try products.withMemory(of: Float.self) { products in
      try result.withMemory(of: Float.self) { greatest in
        try starts.withUnsafeMutableBufferPointer { starts in
          nonisolated(unsafe) let (products, greatest, starts) = (products, greatest, starts)
          try LibTorch.parallelFor(0..<count, grain: 1) { part in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: filters) { window in
              for sequence in part {
                let (begin, length) = (offsets[sequence], offsets[sequence + 1] - offsets[sequence])
                for (index, width) in widths.enumerated() {
                  let column = sequence * columns + index * filters
                  for filter in 0..<filters { greatest[column + filter] = -.infinity }
                  for start in (1 - width)..<length {
                    for filter in 0..<filters { window[filter] = 0 }
                    for j in max(0, -start)..<min(width, length - start) {
                      let source = products + ((begin + start + j) * stride + first[index] + j * filters)
                      for filter in 0..<filters { window[filter] += source[filter] }
                    }
                    for filter in 0..<filters where window[filter] > greatest[column + filter] {
                      greatest[column + filter] = window[filter]
                      starts[column + filter] = Int32(start)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return (result, starts)
  }

  /// The gradients of rows and parts. Each output element is added up by one thread, in a fixed order.
  private func backward(
    _ gradient: Tensor, _ rows: Tensor, _ parts: Tensor, _ starts: [Int32], _ offsets: [Int]
  ) throws -> [Tensor?] {
    let (count, size, columns, filters) = (offsets.count - 1, rows.shape[1], columns, filters)
    let (widths, first) = (widths, firstParts)
    let rowGradient = try Tensor.zeros(rows.shape), partGradient = try Tensor.zeros(parts.shape)

    /// Calls `body` with the row and the part of each product that window `column` of a sequence is a sum of.
    @inline(__always)
    func forEachProduct(_ sequence: Int, _ column: Int, _ body: (_ row: Int, _ part: Int) -> Void) {
      let (begin, length) = (offsets[sequence], offsets[sequence + 1] - offsets[sequence])
      let (index, filter) = (column / filters, column % filters)
      let start = Int(starts[sequence * columns + column])
      for j in max(0, -start)..<min(widths[index], length - start) {
        body(begin + start + j, first[index] + j * filters + filter)
      }
    }
    try gradient.withMemory(of: Float.self) { gradient in
      try rows.withMemory(of: Float.self) { rows in
        try parts.withMemory(of: Float.self) { parts in
          try rowGradient.withMemory(of: Float.self) { rowGradient in
            try partGradient.withMemory(of: Float.self) { partGradient in
              nonisolated(unsafe) let (gradient, rows, parts) = (gradient, rows, parts)
              nonisolated(unsafe) let (rowGradient, partGradient) = (rowGradient, partGradient)
              try LibTorch.parallelFor(0..<count, grain: 1) { range in
                for sequence in range {
                  for column in 0..<columns {
                    let g = gradient[sequence * columns + column]
                    if g == 0 { continue }
                    forEachProduct(sequence, column) { row, part in
                      Self.add(g, parts + part * size, to: rowGradient + row * size, size)
                    }
                  }
                }
              }
              try LibTorch.parallelFor(0..<columns, grain: 8) { range in
                for column in range {
                  for sequence in 0..<count {
                    let g = gradient[sequence * columns + column]
                    if g == 0 { continue }
                    forEachProduct(sequence, column) { row, part in
                      Self.add(g, rows + row * size, to: partGradient + part * size, size)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
    return [rowGradient, partGradient]
  }

  @inline(__always)
  private static func add(
    _ factor: Float, _ source: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int
  ) {
    for i in 0..<count { target[i] += factor * source[i] }
  }

  /// ``callAsFunction(_:_:offsets:)`` by LibTorch's operators: any dtype, device and order of derivatives.
  public func plainly(_ rows: Tensor, _ weights: [Tensor], offsets: [Int]) throws -> Tensor {
    try check(rows, weights, offsets)
    let size = rows.shape[1], outside = Int64(rows.shape[0])
    let padded = try Tensor.concatenate([rows, Tensor.zeros([1, size], rows.dtype, device: rows.device)])
    return try Tensor.concatenate(
      zip(weights, widths).map { weight, width in
        var places: [Int64] = [], windows = [0]
        for (begin, end) in zip(offsets, offsets.dropFirst()) {
          for start in (begin - width + 1)..<end {
            places += (start..<start + width).map { (begin..<end).contains($0) ? Int64($0) : outside }
          }
          windows.append(places.count / width)
        }
        let unfolded = try padded.rows(Tensor(places).to(rows.device)).reshaped([-1, width * size])
        let values = try linear(unfolded, weight.permuted([0, 2, 1]).reshaped([filters, width * size]))
        return try greatestOfSequences(values, offsets: windows)
      }, axis: 1)
  }
}
