import GraphKernels
import PluginAPI

extension Aggregation {
  // Numbers a thread reads at least; see CompressedRows.
  private static let workGrain = 1_500_000

  /// Rows a thread takes at least where each entry costs `width` operations.
  func grain(of rows: Int, width: Int) -> Int {
    let work = max(forward.entries + rows, 1) * max(width, 1)
    let parts = max(1, work / Self.workGrain)
    return max(1, (rows + parts - 1) / parts)
  }

  func checked(_ x: Tensor, _ operation: String) throws -> Int {
    let shape = x.shape
    guard shape.count == 2, shape[0] == inputCount else {
      throw TensorError(operation: operation, shapes: [shape], message: "needs [\(inputCount), width]")
    }
    return shape[1]
  }

  /// The weighted sums over each output's neighbours: `[C, width]` to `[R, width]`.
  public func neighborSums(_ x: Tensor) throws -> Tensor {
    _ = try checked(x, "neighborSums")
    guard x.fitsKernels else { return try neighborSumsPlainly(x) }
    return try customFunction("neighborSums", [x]) {
      ([try sums(x, nil, nil)], { [self] in [try $0[0].map { try spread($0.contiguous()) }] })
    }[0]
  }

  /// ``neighborSums(_:)`` by LibTorch's operators: any type and device.
  public func neighborSumsPlainly(_ x: Tensor) throws -> Tensor {
    let width = try checked(x, "neighborSums")
    let edges = try edges(like: x)
    return try Tensor.zeros([outputCount, width], x.dtype, device: x.device)
      .addingRows(edges.rows, x.rows(edges.columns) * edges.values)
  }

  /// The greatest of each column over each output's neighbours, 0 where there is none: `[C, width]` to `[R, width]`.
  /// The gradient goes to the first of equal ones.
  public func neighborMaxima(_ x: Tensor) throws -> Tensor {
    let width = try checked(x, "neighborMaxima")
    guard x.fitsKernels else { return try neighborMaximaPlainly(x) }
    return try customFunction("neighborMaxima", [x]) {
      let output = try Tensor.empty([outputCount, width])
      let places = try Tensor.empty([outputCount, width], .int32)
      try x.contiguous().withMemory(of: Float.self) { source in
        try output.withMemory(of: Float.self) { target in
          try places.withMemory(of: Int32.self) { places in
            nonisolated(unsafe) let (raw, source, target, places) = (raw, source, target, places)
            try LibTorch.parallelFor(0..<outputCount, grain: grain(of: outputCount, width: width)) { part in
              basinNeighborMax(
                raw, source, Int64(width), Int64(part.lowerBound), Int64(part.upperBound), target, places)
            }
          }
        }
      }
      return ([output], { [self] in [try $0[0].map { try neighborMaximaGradient($0, places, width: width) }] })
    }[0]
  }

  private func neighborMaximaGradient(_ gradient: Tensor, _ places: Tensor, width: Int) throws -> Tensor {
    let output = try Tensor.empty([inputCount, width])
    try gradient.contiguous().withMemory(of: Float.self) { source in
      try places.withMemory(of: Int32.self) { places in
        try output.withMemory(of: Float.self) { target in
          nonisolated(unsafe) let (raw, source, target, places) = (raw, source, target, places)
          try LibTorch.parallelFor(0..<inputCount, grain: grain(of: inputCount, width: width)) { part in
            basinNeighborMaxGradient(
              raw, source, places, Int64(width), Int64(part.lowerBound), Int64(part.upperBound), target)
          }
        }
      }
    }
    return output
  }

  private static let scatterReduce = Operator("aten::scatter_reduce", "two")

  /// ``neighborMaxima(_:)`` by LibTorch's operators. (Its gradient is shared by equal greatest ones.)
  public func neighborMaximaPlainly(_ x: Tensor) throws -> Tensor {
    let width = try checked(x, "neighborMaxima")
    let edges = try edges(like: x)
    return try Self.scatterReduce(
      .tensor(Tensor.zeros([outputCount, width], x.dtype, device: x.device)), .int(0),
      .tensor(edges.rows.unsqueezed(1).expanded([forward.entries, width])), .tensor(x.rows(edges.columns)),
      .string("amax"), .bool(false))
  }
}
