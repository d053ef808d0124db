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
