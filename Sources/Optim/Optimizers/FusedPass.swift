import PluginAPI

/// One walk over the memory of all parameters of a model and of what belongs to each (gradient, buffers, average), in
/// LibTorch's threads.
struct FusedPass {
  /// Parameters a thread takes at least.
  private static let grain = 1 << 15

  /// Kept for as long as their memory is used.
  private let lists: [[Tensor]]
  /// Entry `tensor * lists.count + list`.
  private let memory: [UnsafeMutablePointer<Float>]
  /// Where each tensor ends when all lie one after another.
  private let ends: [Int]

  /// - Parameter lists: the parameters, then what belongs to them, as many tensors in each list.
  /// - Returns: nil unless all is dense float32 memory on the CPU and in each place of the lists laid out alike.
  init?(_ lists: [[Tensor]]) {
    guard let parameters = lists.first, lists.allSatisfy({ $0.count == parameters.count }) else { return nil }
    var memory: [UnsafeMutablePointer<Float>] = []
    memory.reserveCapacity(parameters.count * lists.count)
    var ends: [Int] = []
    ends.reserveCapacity(parameters.count)
    for (position, parameter) in parameters.enumerated() {
      let count = parameter.count
      let layout: Tensor.Layout = parameter.isContiguous ? .rowMajor : .channelsLast
      for list in lists {
        // The address outlives the closure because the lists do.
        guard list[position].device == .cpu, list[position].count == count,
          let address = try? list[position].withMemory(of: Float.self, layout: layout, { $0 })
        else { return nil }
        memory.append(address)
      }
      ends.append((ends.last ?? 0) + count)
    }
    self.lists = lists
    self.memory = memory
    self.ends = ends
  }

  /// Calls `body` with stretches of tensors: how many elements, and the addresses of the first of them in each list.
  ///
  /// `body` runs on several threads at once and must not call tensor operations.
  func run(_ body: (Int, [UnsafeMutablePointer<Float>]) -> Void) throws {
    let total = ends.last ?? 0
    try withExtendedLifetime(lists) {
      if total < 2 * Self.grain {
        walk(0..<total, body)
      } else {
        try LibTorch.parallelFor(0..<total, grain: Self.grain) { walk($0, body) }
      }
    }
  }

  private func walk(_ part: Range<Int>, _ body: (Int, [UnsafeMutablePointer<Float>]) -> Void) {
    var position = firstTensor(endingAfter: part.lowerBound)
    var next = part.lowerBound
    while next < part.upperBound {
      let begin = position == 0 ? 0 : ends[position - 1]
      let end = min(ends[position], part.upperBound)
      if next < end {
        let places = memory[(position * lists.count)..<((position + 1) * lists.count)]
        body(end - next, places.map { $0 + (next - begin) })
      }
      next = end
      position += 1
    }
  }

  private func firstTensor(endingAfter element: Int) -> Int {
    var low = 0, high = ends.count
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] > element { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
