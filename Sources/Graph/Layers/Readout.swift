import GraphKernels
import PluginAPI

/// How the nodes of a graph become one vector.
public enum Readout: String, CaseIterable, Sendable {
  case sum, mean, max

  fileprivate var kind: Int32 {
    switch self {
    case .sum: Int32(BASIN_SUM)
    case .mean: Int32(BASIN_MEAN)
    case .max: Int32(BASIN_MAX)
    }
  }
}

extension Segments {
  private func grain(_ width: Int) -> Int {
    let parts = Swift.max(1, rows * Swift.max(width, 1) / 1_000_000)
    return Swift.max(1, (count + parts - 1) / parts)
  }

  private func checked(_ x: Tensor, _ operation: String) throws -> Int {
    let shape = x.shape
    guard shape.count == 2, shape[0] == rows else {
      throw TensorError(operation: operation, shapes: [shape], message: "needs [\(rows), width]")
    }
    return shape[1]
  }

  /// The sum, mean or maximum over the rows of each segment, 0 where there is none: `[rows, width]` to `[count, width]`.
  public func reduce(_ x: Tensor, _ readout: Readout) throws -> Tensor {
    let width = try checked(x, "readout")
    guard x.fitsKernels else { return try reducePlainly(x, readout) }
    return try customFunction("readout", [x]) {
      let output = try Tensor.empty([count, width])
      let places = try Tensor.empty(readout == .max ? [count, width] : [0], .int32)
      let kind = readout.kind
      try x.contiguous().withMemory(of: Float.self) { source in
        try output.withMemory(of: Float.self) { target in
          try places.withMemory(of: Int32.self) { places in
            nonisolated(unsafe) let (pointers, source, target, places) = (pointers, source, target, places)
            try LibTorch.parallelFor(0..<count, grain: grain(width)) { part in
              basinSegmentReduce(
                pointers, Int64(width), kind, source, Int64(part.lowerBound), Int64(part.upperBound), target, places)
            }
          }
        }
      }
      return ([output], { [self] in [try $0[0].map { try spread($0, places, kind, width) }] })
    }[0]
  }

  private func spread(_ gradient: Tensor, _ places: Tensor, _ kind: Int32, _ width: Int) throws -> Tensor {
    let output = try Tensor.empty([rows, width])
    try gradient.contiguous().withMemory(of: Float.self) { source in
      try places.withMemory(of: Int32.self) { places in
        try output.withMemory(of: Float.self) { target in
          nonisolated(unsafe) let (pointers, source, target, places) = (pointers, source, target, places)
          try LibTorch.parallelFor(0..<count, grain: grain(width)) { part in
            basinSegmentSpread(
              pointers, Int64(width), kind, source, places, Int64(part.lowerBound), Int64(part.upperBound), target)
          }
        }
      }
    }
    return output
  }

  /// The segment of each row, int64 `[rows]`.
  func numbers(on device: Device) throws -> Tensor {
    try Tensor((0..<count).flatMap { Array(repeating: Int64($0), count: length($0)) }).to(device)
  }

  /// ``reduce(_:_:)`` by LibTorch's operators: any type and device. (The gradient of equal maxima is shared.)
  public func reducePlainly(_ x: Tensor, _ readout: Readout) throws -> Tensor {
    let width = try checked(x, "readout")
    let numbers = try numbers(on: x.device)
    let none = try Tensor.zeros([count, width], x.dtype, device: x.device)
    switch readout {
    case .sum: return try none.addingRows(numbers, x)
    case .mean:
      let lengths = try Tensor((0..<count).map { Float(Swift.max(length($0), 1)) }, shape: [count, 1])
      return try none.addingRows(numbers, x) / lengths.to(x.dtype).to(x.device)
    case .max:
      return try Self.scatterReduce(
        .tensor(none), .int(0), .tensor(numbers.unsqueezed(1).expanded([rows, width])), .tensor(x), .string("amax"),
        .bool(false))
    }
  }

  private static let scatterReduce = Operator("aten::scatter_reduce", "two")

  /// The rows of each segment with the greatest scores: `ratio` of them, rounded up, in rising order.
  ///
  /// - Parameter scores: `[rows, 1]`.
  public func topRows(_ scores: Tensor, ratio: Double) throws -> (rows: [Int32], segments: Segments) {
    guard try checked(scores, "topRows") == 1 else {
      throw TensorError(operation: "topRows", shapes: [scores.shape], message: "needs [\(rows), 1]")
    }
    let values: [Float] = try scores.detached().to(.float32).to(.cpu).values()
    var kept = [Int32](repeating: 0, count: Swift.max(rows, 1))
    var lengths = [Int64](repeating: 0, count: count)
    let total = basinTopRows(pointers, Int64(count), values, ratio, &kept, &lengths)
    return (Array(kept.prefix(Int(total))), try Segments(lengths: lengths.map { Int($0) }))
  }

  // MARK: Products within each segment

  /// a^T b of each segment: `[rows, K]` and `[rows, D]` to `[count, K, D]`.
  public func products(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let (k, d) = (try checked(a, "segmentProducts"), try checked(b, "segmentProducts"))
    guard a.fitsKernels, b.fitsKernels else { return try productsPlainly(a, b) }
    return try customFunction("segmentProducts", [a, b]) {
      let (a, b) = (try a.contiguous(), try b.contiguous())
      let output = try Tensor.empty([count, k, d])
      try a.withMemory(of: Float.self) { left in
        try b.withMemory(of: Float.self) { right in
          try output.withMemory(of: Float.self) { target in
            nonisolated(unsafe) let (pointers, left, right, target) = (pointers, left, right, target)
            try LibTorch.parallelFor(0..<count, grain: grain(k * d)) { part in
              basinSegmentProduct(
                pointers, left, Int64(k), right, Int64(d), Int64(part.lowerBound), Int64(part.upperBound), target)
            }
          }
        }
      }
      return (
        [output],
        { [self] gradients in
          guard let gradient = gradients[0] else { return [nil, nil] }
          return [
            try applied(gradient.contiguous(), k, d, to: b),
            try applied(gradient.transposed(1, 2).contiguous(), d, k, to: a),
          ]
        }
      )
    }[0]
  }

  /// m[g] x[i] for the rows i of segment g: `[count, p, q]` and `[rows, q]` to `[rows, p]`, unrecorded.
  private func applied(_ m: Tensor, _ p: Int, _ q: Int, to x: Tensor) throws -> Tensor {
    let output = try Tensor.empty([rows, p])
    try m.withMemory(of: Float.self) { matrix in
      try x.withMemory(of: Float.self) { source in
        try output.withMemory(of: Float.self) { target in
          nonisolated(unsafe) let (pointers, matrix, source, target) = (pointers, matrix, source, target)
          try LibTorch.parallelFor(0..<count, grain: grain(p * q)) { part in
            basinSegmentApply(
              pointers, matrix, Int64(p), Int64(q), source, Int64(part.lowerBound), Int64(part.upperBound), target)
          }
        }
      }
    }
    return output
  }

  /// ``products(_:_:)`` by LibTorch's operators.
  public func productsPlainly(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    try Tensor.stack(
      (0..<count).map { index in
        let range = Int(pointers[index])..<Int(pointers[index + 1])
        return try a.slice(range).transposed().matmul(b.slice(range))
      })
  }
}
