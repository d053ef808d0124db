import TensorKernels

/// A stream of random numbers that is a pure function of its key and a counter.
///
/// Philox4x32-10 (Salmon et al., SC 2011). Streams are derived, never advanced: `random["dropout"][step]` is the same stream
/// wherever and whenever it is asked for, so that order, threads and resuming change nothing.
public struct Random: Hashable, Sendable {
  /// Philox's 64-bit key.
  public let key: UInt64

  /// The stream of a seed.
  public init(seed: UInt64) { key = Self.mix(seed &+ 0x9E37_79B9_7F4A_7C15) }
  private init(key: UInt64) { self.key = key }

  /// The finalizer of SplitMix64: a bijection whose outputs look independent.
  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// The stream of that name under this one.
  public subscript(name: String) -> Random {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Random(key: Self.mix(key &+ 0x9E37_79B9_7F4A_7C15 &* (Self.mix(hash) | 1)))
  }

  /// The stream of that number under this one.
  public subscript(index: Int) -> Random {
    Random(key: Self.mix(key ^ Self.mix(UInt64(bitPattern: Int64(index)) &+ 0xD1B5_4A32_D192_ED03)))
  }

  /// Words `range` of the stream.
  public func words(_ range: Range<Int>) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: range.count) { buffer, initialized in
      if let start = buffer.baseAddress {
        basinRandomWords(key, Int64(range.lowerBound), Int64(range.upperBound), start)
      }
      initialized = range.count
    }
  }

  /// `count` numbers in [0, 1) with 24 random bits each.
  public func uniform(_ count: Int) -> [Float] { words(0..<count).map { Float($0 >> 8) * 0x1p-24 } }

  /// `count` integers in 0..<bound, without bias that matters (bound < 2^31: error below bound / 2^32).
  public func integers(_ count: Int, below bound: Int) -> [Int] {
    words(0..<count).map { Int((UInt64($0) &* UInt64(bound)) >> 32) }
  }

  /// A uniformly random order of 0..<count (Fisher and Yates, from the back).
  public func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    let words = words(0..<2 * count)
    for i in stride(from: count - 1, to: 0, by: -1) {
      let word = UInt64(words[2 * i]) << 32 | UInt64(words[2 * i + 1])
      order.swapAt(i, Int(word.multipliedFullWidth(by: UInt64(i + 1)).high))
    }
    return order
  }
}

/// Hands out a fresh ``Random`` for each use within one forward pass, in the order of the calls.
public final class RandomStream: @unchecked Sendable {
  private let random: Random
  // A forward pass runs on one thread.
  private var uses = 0

  /// Hands out the streams under this one.
  public init(_ random: Random) { self.random = random }

  /// The stream of the next use.
  public func next() -> Random {
    defer { uses += 1 }
    return random[uses]
  }
}

extension Tensor {
  // Groups of random words a thread takes at least: 32 Ki elements.
  private static let groupGrain = 1024

  /// Fills a float32 tensor with numbers from [low, high).
  public func fillUniform(_ low: Double, _ high: Double, _ random: Random) throws {
    let count = count
    let source = isContiguous && dtype == .float32 ? self : try Tensor.empty(shape)
    try source.withMemory(of: Float.self) { memory in
      nonisolated(unsafe) let memory = memory
      let groups = (count + Int(BASIN_RANDOM_GROUP) - 1) / Int(BASIN_RANDOM_GROUP)
      try LibTorch.parallelFor(0..<groups, grain: Self.groupGrain) { part in
        basinRandomUniform(random.key, Int64(part.lowerBound), Int64(part.upperBound), Int64(count), memory)
      }
    }
    try source.multiply(by: high - low)
    try source.copy(from: source + low)
    if !source.isIdentical(to: self) { try copy(from: source) }
  }

  /// Fills the tensor with normally distributed numbers (Box and Muller's transform of the stream's words).
  public func fillNormal(mean: Double = 0, deviation: Double, _ random: Random) throws {
    let count = count
    let words = random.words(0..<(count + 1) / 2 * 2)
    var values = [Float](repeating: 0, count: count)
    for i in stride(from: 0, to: count, by: 2) {
      let (a, b) = GaussianPair.from(words[i], words[i + 1])
      values[i] = Float(mean + deviation * a)
      if i + 1 < count { values[i + 1] = Float(mean + deviation * b) }
    }
    try copy(from: Tensor(values, shape: shape))
  }

  /// Each element kept with probability 1 - `rate` and divided by that, else zero.
  ///
  /// float32 on the CPU runs through one vectorized kernel that draws the mask from the counter again in the backward pass
  /// instead of keeping it; `droppedOutPlainly` is its plain twin.
  public func droppedOut(_ rate: Double, _ random: Random) throws -> Tensor {
    guard rate > 0 else { return self }
    guard dtype == .float32, device == .cpu, isContiguous || isChannelsLast else {
      return try droppedOutPlainly(rate, random)
    }
    let (threshold, scale) = Self.dropoutThreshold(rate)
    func apply(_ input: Tensor, like reference: Tensor) throws -> Tensor {
      let lastly = !reference.isContiguous
      let input = try lastly ? input.channelsLast() : input.contiguous()
      let layout: Layout = lastly ? .channelsLast : .rowMajor
      let output = try lastly ? Tensor.emptyChannelsLast(input.shape) : Tensor.empty(input.shape)
      let count = input.count
      try input.withMemory(of: Float.self, layout: layout) { source in
        try output.withMemory(of: Float.self, layout: layout) { destination in
          nonisolated(unsafe) let source = source
          nonisolated(unsafe) let destination = destination
          let groups = (count + Int(BASIN_RANDOM_GROUP) - 1) / Int(BASIN_RANDOM_GROUP)
          try LibTorch.parallelFor(0..<groups, grain: Self.groupGrain) { part in
            basinDropout(
              random.key, threshold, scale, Int64(part.lowerBound), Int64(part.upperBound), Int64(count), source,
              destination)
          }
        }
      }
      return output
    }
    // Linear: its backward pass is the same function, of a gradient laid out as the output.
    func recorded(_ input: Tensor, like reference: Tensor) throws -> Tensor {
      try customFunction("dropout", [input], differentiableBackward: true) {
        let output = try apply(input, like: reference)
        return ([output], { gradients in [try gradients[0].map { try recorded($0, like: output) }] })
      }[0]
    }
    return try recorded(self, like: self)
  }

  /// ``droppedOut(_:_:)`` spelled out with a mask: any dtype and device.
  public func droppedOutPlainly(_ rate: Double, _ random: Random) throws -> Tensor {
    let (threshold, scale) = Self.dropoutThreshold(rate)
    let shape = shape
    // Words are drawn in the order of the memory.
    let lastly = !isContiguous && isChannelsLast
    let words = random.words(0..<count).map { $0 >= threshold ? scale : Float(0) }
    let mask: Tensor
    if lastly {
      mask = try Tensor(words, shape: [shape[0], shape[2], shape[3], shape[1]]).permuted([0, 3, 1, 2])
    } else {
      mask = try Tensor(words, shape: shape)
    }
    return try self * mask.to(dtype).to(device)
  }

  static func dropoutThreshold(_ rate: Double) -> (threshold: UInt32, scale: Float) {
    // At most 2^32 - 1, so that rate 1 is the caller's to refuse.
    (UInt32(Swift.min(rate, 1) * 4_294_967_295), Float(1 / Swift.max(1 - rate, 1e-9)))
  }
}
