import PluginAPI

/// The entries of an aggregation as tensors: what the plain twins of the kernels, and other devices, work on.
struct EdgeList {
  /// The row of each entry, int64 `[E]`.
  let rows: Tensor
  /// Its place among the inputs, int64 `[E]`.
  let columns: Tensor
  /// Its weight, `[E, 1]`, of the type of the numbers it is for.
  let values: Tensor
}

extension Aggregation {
  /// - Parameter like: gives type and device.
  func edges(like: Tensor) throws -> EdgeList {
    var rows: [Int64] = [], columns: [Int64] = []
    rows.reserveCapacity(forward.entries)
    columns.reserveCapacity(forward.entries)
    withExtendedLifetime(self) {
      let raw = raw.pointee
      for row in 0..<outputCount {
        for entry in Int(raw.pointers[row])..<Int(raw.pointers[row + 1]) {
          rows.append(Int64(row))
          columns.append(Int64(raw.columns[entry]))
        }
      }
    }
    let values = forward.withValues { Array(UnsafeBufferPointer(start: $0, count: forward.entries)) }
    return EdgeList(
      rows: try Tensor(rows).to(like.device), columns: try Tensor(columns).to(like.device),
      values: try Tensor(values, shape: [values.count, 1]).to(like.dtype).to(like.device))
  }

  /// The place of each output among the inputs, int64 `[R]`.
  func selfIndices(on device: Device) throws -> Tensor {
    try withExtendedLifetime(self) { try Tensor(selves.map { Int64($0) }).to(device) }
  }

  /// The outputs' own rows of `x`: `[C, width]` to `[R, width]`.
  func own(_ x: Tensor) throws -> Tensor { isSquare ? x : try x.rows(selfIndices(on: x.device)) }
}

extension Tensor {
  /// Whether it is of the type and on the device that the kernels of this module are for.
  var isOfKernels: Bool { device == .cpu && dtype == .float32 }

  /// Whether kernels that have no second derivative may work on it; else LibTorch's operators do.
  var fitsKernels: Bool { isOfKernels && !LibTorch.wantsSecondDerivatives }
}
