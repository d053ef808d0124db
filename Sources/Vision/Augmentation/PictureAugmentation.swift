import PluginAPI
import VisionKernels

/// Where the window is cut out of each picture of a batch, and whether it is mirrored.
///
/// Sample n shows the picture from row `dy[n]` and column `dx[n]` on (negative: into the padding).
public struct PicturePlacements: Sendable, Equatable {
  public var dy: [Int16]
  public var dx: [Int16]
  /// 1: mirrored left to right.
  public var flip: [UInt8]

  public init(dy: [Int16], dx: [Int16], flip: [UInt8]) {
    self.dy = dy
    self.dx = dx
    self.flip = flip
  }
}

/// Random crop with padding, horizontal flip and normalization of pictures, for a whole batch in one pass over memory.
///
/// output = (value / 255 - mean) / standardDeviation, a mean and a deviation a channel. The padding is black before
/// normalization, as in torchvision's `RandomCrop(size, padding)` on pictures. The result does not depend on the
/// processor: a subtraction and a multiplication in float32, nothing fused.
public struct PictureAugmentation: Sendable {
  /// [channels], in 0...1.
  public let mean: [Float]
  /// [channels], population standard deviation in units of `mean`.
  public let standardDeviation: [Float]
  /// Rows and columns of black added on each side before the crop.
  public let padding: Int
  /// Whether half of the pictures, drawn at random, are mirrored.
  public let flips: Bool
  /// Size of the output; nil: that of the pictures.
  public let crop: PictureSize?

  /// - Throws: `BasinError` of kind `usage` for a deviation that is not above 0, a padding outside 0...1024, or a crop
  ///   below 1x1.
  public init(
    mean: [Float], standardDeviation: [Float], padding: Int = 4, flips: Bool = true, crop: PictureSize? = nil
  ) throws {
    guard !mean.isEmpty, mean.count == standardDeviation.count, mean.allSatisfy(\.isFinite),
      standardDeviation.allSatisfy({ $0 > 0 && $0.isFinite })
    else {
      throw BasinError.usage("mean \(mean) and deviation \(standardDeviation): expected a finite one above 0 a channel")
    }
    guard (0...1024).contains(padding) else { throw BasinError.usage("a padding of \(padding): expected 0...1024") }
    if let crop, !(1...4096).contains(crop.height) || !(1...4096).contains(crop.width) {
      throw BasinError.usage("a crop of \(crop): expected sides in 1...4096")
    }
    self.mean = mean
    self.standardDeviation = standardDeviation
    self.padding = padding
    self.flips = flips
    self.crop = crop
  }

  /// Mean and deviation of the pictures of `set`, a channel each; a channel that never changes gets deviation 1.
  public init(
    measuring set: PictureSet, padding: Int = 4, flips: Bool = true, crop: PictureSize? = nil
  ) throws {
    let (mean, deviation) = set.statistics()
    try self.init(
      mean: mean.map { Float($0) }, standardDeviation: deviation.map { $0 > 0 ? Float($0) : 1 }, padding: padding,
      flips: flips, crop: crop)
  }

  /// Size of the output for pictures of `set`.
  public func outputSize(for set: PictureSet) -> PictureSize {
    crop ?? PictureSize(height: set.height, width: set.width)
  }

  /// Draws a window and a side for each sample: one 64-bit word a sample, so that a counter-based generator can give
  /// each example its own.
  ///
  /// Bits 0-23 choose the row, bits 24-47 the column, bit 63 the side.
  public func placements(for set: PictureSet, words: some Sequence<UInt64>) -> PicturePlacements {
    let output = outputSize(for: set)
    func offset(_ bits: UInt64, _ side: Int, _ window: Int) -> Int16 {
      let room = side + 2 * padding - window
      // A window larger than the padded picture lies in the middle.
      let first = room >= 0 ? Int(((bits & 0xff_ffff) * UInt64(room + 1)) >> 24) : room / 2
      return Int16(clamping: first - padding)
    }
    var result = PicturePlacements(dy: [], dx: [], flip: [])
    for word in words {
      result.dy.append(offset(word, set.height, output.height))
      result.dx.append(offset(word >> 24, set.width, output.width))
      result.flip.append(flips ? UInt8(word >> 63) : 0)
    }
    return result
  }

  /// Places every window in the middle, unmirrored: how pictures are evaluated.
  public func centered(for set: PictureSet, count: Int) -> PicturePlacements {
    let output = outputSize(for: set)
    return PicturePlacements(
      dy: Array(repeating: Int16(clamping: (set.height - output.height) / 2), count: count),
      dx: Array(repeating: Int16(clamping: (set.width - output.width) / 2), count: count),
      flip: Array(repeating: 0, count: count))
  }

  /// Writes samples `range` of a batch.
  ///
  /// Calls with disjoint ranges may run at once.
  /// - Parameters:
  ///   - indices: the picture of each sample, [batch].
  ///   - placements: one each, from ``placements(for:words:)`` or ``centered(for:count:)``.
  ///   - range: samples to write; nil: all.
  ///   - destination: [batch, height, width, channels], the memory of a channels_last [batch, channels, height, width].
  /// - Throws: `BasinError` of kind `internalError` if counts do not fit or an index is outside the set.
  public func write(
    _ set: PictureSet, indices: [Int], placements: PicturePlacements, range: Range<Int>? = nil,
    to destination: UnsafeMutableBufferPointer<Float>
  ) throws {
    let output = outputSize(for: set)
    let range = range ?? 0..<indices.count
    guard mean.count == set.channels else {
      throw BasinError.internalError("statistics of \(mean.count) channels for pictures of \(set.channels)")
    }
    guard placements.dy.count == indices.count, placements.dx.count == indices.count,
      placements.flip.count == indices.count, range.lowerBound >= 0, range.upperBound <= indices.count,
      destination.count >= indices.count * output.height * output.width * set.channels
    else {
      throw BasinError.internalError(
        "\(indices.count) pictures, \(placements.dy.count) placements, room for \(destination.count) numbers")
    }
    guard let start = destination.baseAddress, !range.isEmpty else { return }
    let wide = indices.map(Int64.init)
    let center = mean.map { $0 * 255 }
    let scale = standardDeviation.map { 1 / (255 * $0) }
    let failed = set.pixels.withUnsafeBufferPointer { pixels in
      center.withUnsafeBufferPointer { center in
        scale.withUnsafeBufferPointer { scale in
          var gather = VisionGather(
            pixels: pixels.baseAddress, count: Int64(set.count), height: Int32(set.height), width: Int32(set.width),
            channels: Int32(set.channels), cropHeight: Int32(output.height), cropWidth: Int32(output.width),
            center: center.baseAddress, scale: scale.baseAddress)
          return vision_gather(
            &gather, wide, placements.dy, placements.dx, placements.flip, start, Int64(range.lowerBound),
            Int64(range.upperBound))
        }
      }
    }
    guard failed < 0 else {
      throw BasinError.internalError("picture \(indices[Int(failed)]) of a set of \(set.count)")
    }
  }

  /// The batch as an array, [indices.count, height, width, channels].
  public func batch(of set: PictureSet, indices: [Int], placements: PicturePlacements? = nil) throws -> [Float] {
    let output = outputSize(for: set)
    var result = [Float](repeating: 0, count: indices.count * output.height * output.width * set.channels)
    try result.withUnsafeMutableBufferPointer {
      try write(set, indices: indices, placements: placements ?? centered(for: set, count: indices.count), to: $0)
    }
    return result
  }
}

extension PictureSet {
  /// Mean and population standard deviation of each channel, in units where 255 is 1; exact sums of integers.
  public func statistics() -> (mean: [Double], standardDeviation: [Double]) {
    guard count > 0 else {
      return (Array(repeating: 0, count: channels), Array(repeating: 0, count: channels))
    }
    var sums = [UInt64](repeating: 0, count: channels)
    var squares = sums
    pixels.withUnsafeBufferPointer { pixels in
      for c in 0..<channels {
        var sum: UInt64 = 0
        var square: UInt64 = 0
        for i in Swift.stride(from: c, to: pixels.count, by: channels) {
          let value = UInt64(pixels[i])
          sum &+= value
          square &+= value &* value
        }
        sums[c] = sum
        squares[c] = square
      }
    }
    let n = Double(pixels.count / channels)
    let mean = sums.map { Double($0) / n / 255 }
    let deviation = zip(mean, squares).map { mean, square in
      max(0, Double(square) / n / 65025 - mean * mean).squareRoot()
    }
    return (mean, deviation)
  }
}
