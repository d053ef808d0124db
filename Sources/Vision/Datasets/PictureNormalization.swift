import PluginAPI

/// Which mean and deviation pictures are normalized by: option `normalize`.
public enum NormalizationChoice: String, CaseIterable, Sendable {
  /// The set's published ones; where it has none, those of the pictures trained on.
  case auto
  /// Those of the pictures trained on.
  case measured
  /// ImageNet's.
  case imagenet
}

/// Mean and standard deviation of each channel, in 0...1.
public struct PictureNormalization: Hashable, Sendable {
  public let mean, standardDeviation: [Float]

  public init(mean: [Float], standardDeviation: [Float]) {
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  /// What the SWA papers' code and most others subtract from and divide CIFAR-10 by. (The deviations are averages of those
  /// within pictures; those of all pixels are 0.247, 0.243 and 0.262.)
  static let cifar10 = Self(mean: [0.4914, 0.4822, 0.4465], standardDeviation: [0.2023, 0.1994, 0.2010])
  static let cifar100 = Self(mean: [0.5071, 0.4865, 0.4409], standardDeviation: [0.2673, 0.2564, 0.2762])
  static let mnist = Self(mean: [0.1307], standardDeviation: [0.3081])
  /// Of torchvision's and others' networks trained on ImageNet: published weights want these.
  static let imageNet = Self(mean: [0.485, 0.456, 0.406], standardDeviation: [0.229, 0.224, 0.225])
  static let fashionMNIST = Self(mean: [0.2860], standardDeviation: [0.3530])

  /// Of the pictures `indices` of `set`, which are all of one size; exact sums of integers. A channel that never changes gets
  /// deviation 1.
  ///
  /// - Throws: `BasinError` of kind `internalError` for an index outside the set.
  public init(measuring set: PictureSet, at indices: [Int]) throws {
    if let index = indices.first(where: { !(0..<set.count).contains($0) }) {
      throw BasinError.internalError("picture \(index) of a set of \(set.count)")
    }
    var histogram = PictureHistogram(channels: set.channels)
    set.pixels.withUnsafeBufferPointer { pixels in
      for index in indices { histogram.add(UnsafeBufferPointer(rebasing: pixels[(index * set.stride)..<((index + 1) * set.stride)])) }
    }
    self.init(histogram)
  }

  init(_ histogram: PictureHistogram) {
    var mean: [Float] = [], deviation: [Float] = []
    for c in 0..<histogram.channels {
      let counts = histogram.counts[(c << 8)..<((c + 1) << 8)].enumerated()
      let n = Double(max(1, counts.reduce(0) { $0 + $1.element }))
      let sum = counts.reduce(0) { $0 + $1.offset * $1.element }
      let square = counts.reduce(0) { $0 + $1.offset * $1.offset * $1.element }
      let first = Double(sum) / n / 255
      let spread = max(0, Double(square) / n / 65025 - first * first).squareRoot()
      mean.append(Float(first))
      deviation.append(spread > 0 ? Float(spread) : 1)
    }
    self.init(mean: mean, standardDeviation: deviation)
  }
}

/// How often each of the 256 values occurs in each channel.
struct PictureHistogram: Sendable {
  let channels: Int
  /// [channels, 256]
  private(set) var counts: [Int]

  init(channels: Int) {
    self.channels = channels
    counts = [Int](repeating: 0, count: channels * 256)
  }

  /// - Parameter values: whole pixels, channels last.
  mutating func add(_ values: UnsafeBufferPointer<UInt8>) {
    counts.withUnsafeMutableBufferPointer { counts in
      for c in 0..<channels {
        for i in stride(from: c, to: values.count, by: channels) { counts[c << 8 | Int(values[i])] += 1 }
      }
    }
  }

  mutating func add(_ other: PictureHistogram) {
    for i in counts.indices { counts[i] += other.counts[i] }
  }
}
