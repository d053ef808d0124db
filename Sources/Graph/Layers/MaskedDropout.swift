import GraphKernels
import PluginAPI

extension DropoutMask {
  /// Each element of `x` where its bit is set, times the scale, else 0. The backward pass is the same with the same bits,
  /// so that numbers are drawn once, and at rate 1/2 a bit for each.
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    guard x.fitsKernels else { return try x * plainly(shape: x.shape, like: x) }
    return try customFunction("dropout", [x]) {
      ([try applied(to: x)], { gradients in [try gradients[0].map(applied)] })
    }[0]
  }

  private func applied(to x: Tensor) throws -> Tensor {
    let x = try x.contiguous()
    let count = x.count
    let output = try Tensor.empty(x.shape)
    try x.withMemory(of: Float.self) { source in
      try output.withMemory(of: Float.self) { target in
        try bits.withUnsafeBufferPointer { bits in
          nonisolated(unsafe) let (bits, source, target) = (bits.baseAddress, source, target)
          try LibTorch.parallelFor(0..<self.bits.count, grain: 4096) { [scale] part in
            basinDropValues(
              bits, scale, Int64(count), Int64(part.lowerBound), Int64(part.upperBound), source, target)
          }
        }
      }
    }
    return output
  }
}

extension Tensor {
  /// Dropout by a ``DropoutMask``; without randomness or rate nothing.
  func dropped(_ rate: Double, _ random: RandomStream?) throws -> Tensor {
    guard rate > 0, let random else { return self }
    return try DropoutMask(count: count, rate: rate, random.next())(self)
  }
}
