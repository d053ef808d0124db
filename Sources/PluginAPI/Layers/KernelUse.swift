import TensorKernels

/// When kernels over raw memory stand in for LibTorch's operators, and how they get at it.
enum KernelUse {
  /// Whether a function's own kernels may work on these tensors: float32 on the CPU, its first derivative alone wanted, no
  /// automatic casts.
  static func fits(_ tensors: Tensor?...) -> Bool {
    !LibTorch.wantsSecondDerivatives && !LibTorch.isAutocasting
      && tensors.allSatisfy { $0.map { $0.dtype == .float32 && $0.device == .cpu } ?? true }
  }

  /// The memory of a contiguous float32 tensor on the CPU, valid as long as the tensor is.
  static func memory(_ tensor: Tensor) throws -> UnsafeMutablePointer<Float> { try tensor.withMemory(of: Float.self) { $0 } }

  /// Runs `body` over parts of `blocks` blocks, each of `numbers` numbers; a part of fewer than 32 Ki is not worth a thread.
  static func overBlocks(_ blocks: Int, of numbers: Int, _ body: (_ begin: Int64, _ end: Int64) -> Void) throws {
    let grain = max(1, (1 << 15) / max(numbers, 1))
    guard blocks > grain else { return body(0, Int64(blocks)) }
    try LibTorch.parallelFor(guided: 0..<blocks, grain: grain) { body(Int64($0.lowerBound), Int64($0.upperBound)) }
  }

  /// The sum over the first axis of `[count, width]`, in its order: `[width]`, or those of some columns.
  static func sumOfRows(_ tensor: Tensor, count: Int, width: Int, columns: Range<Int>? = nil) throws -> Tensor {
    let columns = columns ?? 0..<width, result = try Tensor.empty([columns.count])
    basinSumOfRows(try memory(tensor) + columns.lowerBound, Int64(count), Int64(width), Int64(columns.count), try memory(result))
    return withExtendedLifetime(tensor) { result }
  }

  /// 0 for what dropout takes away and 1 / (1 - rate) for what it keeps of `rows` rows of `width` numbers, each row on whole
  /// groups of random words: `[rows * width]`, as the kernels draw it.
  static func rowMask(_ rate: Double, rows: Int, width: Int, _ random: Random) -> [Float] {
    let (threshold, scale) = Tensor.dropoutThreshold(rate)
    let group = Int(BASIN_RANDOM_GROUP), padded = (width + group - 1) / group * group
    let words = random.words(0..<rows * padded)
    return (0..<rows).flatMap { row in words[row * padded..<row * padded + width].map { $0 >= threshold ? scale : 0 } }
  }
}
