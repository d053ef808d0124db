import PluginAPI

/// Where a data set of pictures comes from: what ``PictureDataset`` cannot know by itself.
public protocol PictureSource {
  associatedtype SourceOptions: PictureOptions
  /// Reads or makes everything.
  static func load(_ options: SourceOptions, _ source: DataSource) throws -> LoadedPictures
}

/// What the options of every set of pictures have.
public protocol PictureOptions: Options {
  var common: PictureChoices { get set }
}

/// How training pictures are augmented, and which of them are trained on with which labels.
public struct PictureChoices: Sendable {
  /// Whether training pictures are augmented.
  public var augment: Bool
  /// Rows and columns of black added on each side before the random crop.
  public var padding: Int
  /// Whether half of the training pictures are mirrored.
  public var flip: Bool
  /// How many of train's pictures there are, as many of each class as its share; 0: all.
  public var subset = 0
  /// The part of the examples trained on that get the label of another class.
  public var labelNoise = 0.0
  /// Which pictures these two choose. Not the run's seed: runs of different seeds are compared on the same examples.
  public var choiceSeed = 0

  public init(augment: Bool = true, padding: Int = 4, flip: Bool = true) {
    self.augment = augment
    self.padding = padding
    self.flip = flip
  }
}

extension PictureOptions {
  /// The fields every set has.
  static var commonFields: [Field<Self>] {
    [
      Field("augment", \.common.augment, "random crop (and flip) of training pictures"),
      Field("padding", \.common.padding, in: 0...256, "black rows and columns on each side before the random crop"),
      Field("flip", \.common.flip, "mirror half of the augmented pictures"),
      Field("subset", \.common.subset, in: 0...1_000_000_000, "how many of train's pictures to take, by the classes' shares; 0: all"),
      Field("labelNoise", \.common.labelNoise, in: 0...1, "the part of the examples trained on that get another class's label"),
      Field(
        "choiceSeed", \.common.choiceSeed, in: 0...Int.max,
        "which pictures subset and labelNoise choose; independent of the run's seed"),
    ]
  }
}

/// Pictures in memory and what else a data set tells of them.
public struct LoadedPictures {
  public var splits: PictureSplits
  /// Mean and deviation of each channel, in 0...1; nil: measured on the training pictures.
  public var normalization: PictureNormalization?
  /// Size of what the model sees; nil: that of the pictures. Larger windows show black around the picture.
  public var crop: PictureSize?
  /// What they were read from; empty if they were made.
  public var files: [String]
  /// For inspection: `CIFAR binary`.
  public var format: String

  public init(
    _ splits: PictureSplits, format: String, files: [String], normalization: PictureNormalization? = nil,
    crop: PictureSize? = nil
  ) {
    self.splits = splits
    self.format = format
    self.files = files
    self.normalization = normalization
    self.crop = crop
  }
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
  static let fashionMNIST = Self(mean: [0.2860], standardDeviation: [0.3530])

  /// Of the pictures `indices` of `set`; exact sums of integers. A channel that never changes gets deviation 1.
  ///
  /// - Throws: `BasinError` of kind `internalError` for an index outside the set.
  public init(measuring set: PictureSet, at indices: [Int]) throws {
    if let index = indices.first(where: { !(0..<set.count).contains($0) }) {
      throw BasinError.internalError("picture \(index) of a set of \(set.count)")
    }
    // Per channel: how often each of the 256 values occurs.
    var counts = [Int](repeating: 0, count: set.channels * 256)
    let stride = set.stride, channels = set.channels
    counts.withUnsafeMutableBufferPointer { counts in
      set.pixels.withUnsafeBufferPointer { pixels in
        for index in indices {
          let picture = index * stride
          for c in 0..<channels {
            for i in Swift.stride(from: picture + c, to: picture + stride, by: channels) {
              counts[c << 8 | Int(pixels[i])] += 1
            }
          }
        }
      }
    }
    var mean: [Float] = [], deviation: [Float] = []
    for c in 0..<channels {
      let histogram = counts[(c << 8)..<((c + 1) << 8)].enumerated()
      let n = Double(max(1, indices.count * stride / channels))
      let sum = histogram.reduce(0) { $0 + $1.offset * $1.element }
      let square = histogram.reduce(0) { $0 + $1.offset * $1.offset * $1.element }
      let first = Double(sum) / n / 255
      let spread = max(0, Double(square) / n / 65025 - first * first).squareRoot()
      mean.append(Float(first))
      deviation.append(spread > 0 ? Float(spread) : 1)
    }
    self.init(mean: mean, standardDeviation: deviation)
  }
}
