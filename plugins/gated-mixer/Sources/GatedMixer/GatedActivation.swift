import GatedKernels
import PluginAPI

/// The gated activation of SwiGLU (Shazeer 2020, arXiv 2002.05202): of rows `[..., 2 F]` the first half a opens the second b,
/// y = a sigmoid(a) b, `[..., F]`.
public enum GatedActivation: String, CaseIterable, Sendable {
  /// One pass over memory forward and one backward, in C++, for float32 on the CPU; else as ``plain``.
  case fused
  /// By LibTorch's operators: any type, device and order of derivatives.
  case plain

  /// - Throws: `TensorError` for rows of odd width.
  public func callAsFunction(_ h: Tensor) throws -> Tensor {
    guard let columns = h.shape.last, columns % 2 == 0 else {
      throw TensorError(operation: "gatedActivation", shapes: [h.shape], message: "needs rows of two halves")
    }
    let fits = h.dtype == .float32 && h.device == .cpu && h.count > 0
    // The kernel's gradient has no derivative of its own, and automatic casts do not reach into it.
    guard self == .fused, fits, !LibTorch.wantsSecondDerivatives, !LibTorch.isAutocasting else { return try plainly(h) }
    return try byKernel(h, width: columns / 2)
  }

  private func plainly(_ h: Tensor) throws -> Tensor {
    let halves = try h.split(max((h.shape.last ?? 0) / 2, 1), axis: -1)
    guard halves.count == 2 else { return h }
    return try halves[0] * halves[0].sigmoid() * halves[1]
  }

  private func byKernel(_ h: Tensor, width: Int) throws -> Tensor {
    try customFunction("gatedActivation", [h]) {
      let h = try h.contiguous(), rows = h.count / (2 * width)
      let output = try Tensor.empty(h.shape.dropLast() + [width])
      try h.withMemory(of: Float.self) { source in
        try output.withMemory(of: Float.self) { target in
          nonisolated(unsafe) let (source, target) = (source, target)
          try overRows(rows, width) { gatedForward(source, Int64(width), $0, $1, target) }
        }
      }
      return (
        [output],
        { gradients in
          guard let gradient = try gradients[0]?.contiguous() else { return [nil] }
          let result = try Tensor.empty(h.shape)
          try h.withMemory(of: Float.self) { source in
            try gradient.withMemory(of: Float.self) { incoming in
              try result.withMemory(of: Float.self) { target in
                nonisolated(unsafe) let (source, incoming, target) = (source, incoming, target)
                try overRows(rows, width) { gatedBackward(source, incoming, Int64(width), $0, $1, target) }
              }
            }
          }
          return [result]
        }
      )
    }[0]
  }

  /// Runs `body` for parts of the rows in LibTorch's threads; fewer than 32 Ki numbers are not worth one.
  private func overRows(_ rows: Int, _ width: Int, _ body: (Int64, Int64) -> Void) throws {
    try LibTorch.parallelFor(0..<rows, grain: max(1, (1 << 15) / (2 * width))) {
      body(Int64($0.lowerBound), Int64($0.upperBound))
    }
  }
}
