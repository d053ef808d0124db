import PluginAPI

/// MNIST and sets in its format: 60,000 and 10,000 grey pictures of 28x28 in ten classes. Not augmented unless asked for.
public protocol IDXSet: PictureSource where SourceOptions == IDXOptions {
  /// The folder under the data root.
  static var folder: String { get }
  static var normalization: PictureNormalization { get }
}

public struct IDXOptions: PictureOptions {
  public var common = PictureChoices(augment: false, padding: 2, flip: false)
  /// Side of what the model sees; 0: that of the pictures.
  public var size = 0
  public init() {}
  public static var fields: [Field<Self>] {
    commonFields + [
      Field("size", \.size, in: 0...256, "side of the window around the picture, black where it is larger; 0: as stored")
    ]
  }
}

/// Handwritten digits (LeCun et al. 1998).
public enum MNIST: IDXSet {
  public static let folder = "mnist"
  public static let normalization = PictureNormalization.mnist
}

/// Articles of clothing (Xiao et al. 2017).
public enum FashionMNIST: IDXSet {
  public static let folder = "fashion-mnist"
  public static let normalization = PictureNormalization.fashionMNIST
}

extension IDXSet {
  public static func load(_ options: IDXOptions, _ source: DataSource) throws -> LoadedPictures {
    let root = try source.requireRoot()
    return LoadedPictures(
      try IDXReader.load(folder, root: root), format: "IDX",
      files: IDXReader.files(folders: IDXReader.usualFolders(folder), root: root),
      normalization: normalization,
      crop: options.size > 0 ? PictureSize(height: options.size, width: options.size) : nil)
  }
}

/// EMNIST (Cohen et al. 2017): handwritten letters and digits, 28x28 grey, in the six splits as published.
public enum EMNIST: PictureSource {
  /// How letters and digits are divided into classes.
  public enum Part: String, CaseIterable, Sendable { case balanced, byclass, bymerge, digits, letters, mnist }

  public struct SourceOptions: PictureOptions {
    public var common = PictureChoices(augment: false, padding: 2, flip: false)
    public var part = Part.balanced
    /// Side of what the model sees; 0: that of the pictures.
    public var size = 0
    public init() {}
    public static var fields: [Field<Self>] {
      commonFields + [
        Field("part", \.part, choices: Part.self, "which of the published splits"),
        Field("size", \.size, in: 0...256, "side of the window around the picture, black where it is larger; 0: as stored"),
      ]
    }
  }

  private static let folders = ["emnist", "emnist/gzip", "emnist/raw", "EMNIST/raw", "EMNIST/raw/gzip"]
    .flatMap { ["image/\($0)", $0] }

  public static func load(_ options: SourceOptions, _ source: DataSource) throws -> LoadedPictures {
    let root = try source.requireRoot()
    let prefix = "emnist-\(options.part.rawValue)-"
    return LoadedPictures(
      try IDXReader.load(
        "emnist", root: root, prefix: prefix, folders: folders, areTransposed: true,
        firstLabel: options.part == .letters ? 1 : 0, classNames: classNames(options.part)),
      format: "IDX", files: IDXReader.files(prefix: prefix, folders: folders, root: root),
      crop: options.size > 0 ? PictureSize(height: options.size, width: options.size) : nil)
  }

  /// Classes as the published mapping files have them. Where letters are merged, those whose capital looks the same are it.
  private static func classNames(_ part: Part) -> [String] {
    let digits = (0...9).map { "\($0)" }
    let capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map { "\($0)" }
    switch part {
    case .digits, .mnist: return digits
    case .letters: return capitals
    case .byclass: return digits + capitals + capitals.map { $0.lowercased() }
    case .balanced, .bymerge: return digits + capitals + "abdefghnqrt".map { "\($0)" }
    }
  }
}
