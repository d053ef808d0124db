import PluginAPI

/// MNIST and sets in its format: 60,000 and 10,000 grey pictures of 28x28 in ten classes. Not augmented unless asked for.
public protocol IDXSet: PictureSource where SourceOptions == IDXOptions {
  /// The folder under the data root.
  static var folder: String { get }
  static var normalization: PictureNormalization { get }
}

public struct IDXOptions: PictureOptions {
  public var augment = false
  public var padding = 2
  public var flip = false
  /// Side of what the model sees; 0: that of the pictures.
  public var size = 0
  public init() {}
  public static var fields: [Field<Self>] {
    augmentationFields + [
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
      try IDXReader.load(folder, root: root), format: "IDX", files: files(DataRoot(path: root)),
      normalization: normalization,
      crop: options.size > 0 ? PictureSize(height: options.size, width: options.size) : nil)
  }

  /// What the reader found, found again.
  private static func files(_ root: DataRoot) -> [String] {
    let folders = ["image/\(folder)", folder, "image/\(folder)/raw", "\(folder)/raw"]
    func find(_ stem: String, _ dimensions: Int) -> String? {
      root.file(
        folders.flatMap { folder in
          ["-", "."].flatMap { mark in ["", ".gz"].map { "\(folder)/\(stem)\(mark)idx\(dimensions)-ubyte\($0)" } }
        })
    }
    return [
      find("train-images", 3), find("train-labels", 1), find("t10k-images", 3) ?? find("test-images", 3),
      find("t10k-labels", 1) ?? find("test-labels", 1),
    ].compactMap { $0 }
  }
}
