import PluginAPI

/// The greatest of each column over each sequence's rows: `[T, D]` to `[N, D]`; of equal ones the first.
///
/// - Throws: `TensorError` where a sequence has no row.
public func greatestOfSequences(_ rows: Tensor, offsets: [Int]) throws -> Tensor {
  let count = offsets.count - 1
  guard rows.dimensions == 2, offsets.first == 0, offsets.last == rows.shape[0],
    zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 })
  else {
    throw TensorError(
      operation: "greatestOfSequences", shapes: [rows.shape], message: "needs rows [T, D] of \(count) sequences that have some")
  }
  let width = rows.shape[1]
  let plain = try LibTorch.withoutGradient { try rows.detached().to(.float32).to(.cpu).contiguous() }
  var places = [Int64](repeating: 0, count: count * width)
  try plain.withMemory(of: Float.self) { memory in
    try places.withUnsafeMutableBufferPointer { places in
      nonisolated(unsafe) let (memory, places) = (memory, places)
      try LibTorch.parallelFor(0..<count, grain: 8) { part in
        for sequence in part {
          for column in 0..<width {
            var best = offsets[sequence]
            for row in offsets[sequence]..<offsets[sequence + 1] where memory[row * width + column] > memory[best * width + column] {
              best = row
            }
            places[sequence * width + column] = Int64(best)
          }
        }
      }
    }
  }
  return try rows.gather(Tensor(places, shape: [count, width]).to(rows.device), axis: 0)
}
