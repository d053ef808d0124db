import PluginAPI

/// One walk over the memory of all parameters of a model and of what belongs to each (gradient, buffers, average), in
/// LibTorch's threads.
struct FusedPass {
  /// Elements a thread takes at least.
  private static let grain = 1 << 15

  /// A stretch of one tensor.
  struct Stretch {
    /// The tensor's place in the lists.
    let tensor: Int
    /// The number of the first unit, counted over all tensors.
    let unit: Int
    /// Elements.
    let count: Int
    /// The address of the first element in each list.
    let memory: UnsafePointer<UnsafeMutablePointer<Float>?>
  }

  /// Kept for as long as their memory is used.
  private let lists: [[Tensor]]
  /// Entry `tensor * lists.count + list`.
  private let memory: [UnsafeMutablePointer<Float>]
  private let counts: [Int]
  /// Where each tensor's units end when those of all tensors are counted one after another.
  private let ends: [Int]
  /// Elements that are never divided; the last unit of a tensor may have fewer.
  private let unitSize: Int

  /// - Parameters:
  ///   - lists: the parameters, then what belongs to them, as many tensors in each list.
  ///   - unitSize: elements, counted from the beginning of each tensor, that stay together.
  /// - Returns: nil unless all is dense float32 memory on the CPU and in each place of the lists laid out alike.
  init?(_ lists: [[Tensor]], unitSize: Int = 1) {
    guard let parameters = lists.first, lists.allSatisfy({ $0.count == parameters.count }) else { return nil }
    var memory: [UnsafeMutablePointer<Float>] = []
    memory.reserveCapacity(parameters.count * lists.count)
    var counts: [Int] = []
    var ends: [Int] = []
    counts.reserveCapacity(parameters.count)
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
      counts.append(count)
      ends.append((ends.last ?? 0) + (count + unitSize - 1) / unitSize)
    }
    self.lists = lists
    self.memory = memory
    self.counts = counts
    self.ends = ends
    self.unitSize = unitSize
  }

  /// The places of the lists.
  var tensors: Range<Int> { counts.indices }

  /// Units in all.
  var units: Int { ends.last ?? 0 }

  /// The units of the tensor at a place of the lists.
  func units(of tensor: Int) -> Range<Int> { (tensor == 0 ? 0 : ends[tensor - 1])..<ends[tensor] }

  /// Calls `body` with stretches that together are all tensors.
  ///
  /// `body` runs on several threads at once and must not call tensor operations.
  func run(_ body: (Stretch) -> Void) throws {
    let grain = max(1, Self.grain / unitSize)
    try withExtendedLifetime(lists) {
      if units < 2 * grain {
        walk(0..<units, body)
      } else {
        try LibTorch.parallelFor(0..<units, grain: grain) { walk($0, body) }
      }
    }
  }

  private func walk(_ part: Range<Int>, _ body: (Stretch) -> Void) {
    withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: lists.count) { places in
      guard let start = places.baseAddress else { return }
      places.initialize(repeating: nil)
      var tensor = firstTensor(endingAfter: part.lowerBound)
      var next = part.lowerBound
      while next < part.upperBound {
        let end = min(ends[tensor], part.upperBound)
        if next < end {
          let offset = (next - units(of: tensor).lowerBound) * unitSize
          for list in lists.indices { places[list] = memory[tensor * lists.count + list] + offset }
          let count = min((end - next) * unitSize, counts[tensor] - offset)
          body(Stretch(tensor: tensor, unit: next, count: count, memory: UnsafePointer(start)))
        }
        next = end
        tensor += 1
      }
    }
  }

  private func firstTensor(endingAfter unit: Int) -> Int {
    var low = 0, high = ends.count
    while low < high {
      let middle = (low + high) / 2
      if ends[middle] > unit { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension FusedPass {
  /// A kernel of `OptimKernels`: a step's settings, the number of elements, the addresses of the first of them in each
  /// list, those in the averages (nil: no sample) and the weight of the sample.
  typealias Kernel<Step> = (
    UnsafePointer<Step>?, Int64, UnsafePointer<UnsafeMutablePointer<Float>?>?, UnsafeMutablePointer<Float>?, Float
  ) -> Void

  /// Makes a step of every tensor.
  ///
  /// - Parameter sampleWeight: of the sample that goes with it, whose averages are the last list; nil: there is none.
  func run<Step>(_ kernel: Kernel<Step>, _ step: Step, sampleWeight: Double?) throws {
    try run { stretch in
      withUnsafePointer(to: step) {
        kernel($0, Int64(stretch.count), stretch.memory, averages(stretch, sampleWeight), Float(sampleWeight ?? 0))
      }
    }
  }

  func averages(_ stretch: Stretch, _ sampleWeight: Double?) -> UnsafeMutablePointer<Float>? {
    sampleWeight == nil ? nil : stretch.memory[lists.count - 1]
  }
}
