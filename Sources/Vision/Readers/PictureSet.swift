import PluginAPI

/// Labelled pictures, 8 bits a channel, channels last: all of one size in memory, or one by one as they were found.
///
/// It knows no tensors. ``PictureAugmentation`` turns a choice of its pictures into floats.
public struct PictureSet: Sendable {
  public enum Content: Sendable {
    /// [count, height, width, channels], row by row, channels last.
    case decoded([UInt8])
    /// Each of its own size, decoded or not; RGB.
    case stored([StoredPicture])
  }

  public let content: Content
  /// [count], each in `0 ..< classNames.count`.
  public let labels: [Int32]
  public let classNames: [String]
  /// Height of a picture in pixels; where each has its own, of what is made of it.
  public let height: Int
  /// Width of a picture in pixels; where each has its own, of what is made of it.
  public let width: Int
  /// 1 (grey) or 3 (red, green, blue); readers make no others.
  public let channels: Int

  public var count: Int { labels.count }
  /// [count, height, width, channels], row by row, channels last; empty where pictures are stored one by one.
  public var pixels: [UInt8] {
    if case .decoded(let pixels) = content { pixels } else { [] }
  }
  /// Bytes of one picture of height x width.
  public var stride: Int { height * width * channels }

  /// Checks that all parts fit.
  ///
  /// - Throws: ``PluginAPI/BasinError`` of kind `badData` for a side below 1, pixels that do not fill `labels.count`
  ///   pictures exactly, or a label outside the classes.
  public init(
    pixels: [UInt8], labels: [Int32], classNames: [String], height: Int, width: Int, channels: Int, file: String? = nil
  ) throws {
    let (area, overflow1) = height.multipliedReportingOverflow(by: width)
    let (stride, overflow2) = area.multipliedReportingOverflow(by: channels)
    let (total, overflow3) = stride.multipliedReportingOverflow(by: labels.count)
    guard height > 0, width > 0, channels > 0, !overflow1, !overflow2, !overflow3, total == pixels.count else {
      throw BasinError.badData(
        "\(pixels.count) bytes do not make \(labels.count) pictures of \(height)x\(width) with \(channels) channels",
        file: file)
    }
    try Self.check(labels, classNames, file: file)
    content = .decoded(pixels)
    self.labels = labels
    self.classNames = classNames
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// Pictures that are kept one by one, and become RGB of `size`.
  ///
  /// - Throws: as above.
  public init(
    stored: [StoredPicture], labels: [Int32], classNames: [String], size: PictureSize, file: String? = nil
  ) throws {
    guard stored.count == labels.count, size.height > 0, size.width > 0 else {
      throw BasinError.badData("\(stored.count) pictures of \(size) with \(labels.count) labels", file: file)
    }
    try Self.check(labels, classNames, file: file)
    content = .stored(stored)
    self.labels = labels
    self.classNames = classNames
    height = size.height
    width = size.width
    channels = 3
  }

  private static func check(_ labels: [Int32], _ classNames: [String], file: String?) throws {
    if let index = labels.firstIndex(where: { $0 < 0 || Int($0) >= classNames.count }) {
      throw BasinError.badData(
        "label \(labels[index]) is not in 0...\(classNames.count - 1)", file: file, place: "picture \(index)",
        advice: "There are \(classNames.count) classes")
    }
  }

  /// Size of picture `index` as it is kept.
  func size(_ index: Int) -> PictureSize {
    if case .stored(let pictures) = content { pictures[index].size } else { PictureSize(height: height, width: width) }
  }

  /// Pictures of each class, [classes].
  public func classCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: classNames.count)
    for label in labels { counts[Int(label)] += 1 }
    return counts
  }
}

/// A data set of pictures as published: what it has of train, validation and test, all of one shape and with one list
/// of classes.
public struct PictureSplits: Sendable {
  public let train: PictureSet
  public let validation: PictureSet?
  public let test: PictureSet?

  public init(train: PictureSet, validation: PictureSet? = nil, test: PictureSet? = nil) {
    self.train = train
    self.validation = validation
    self.test = test
  }
}
