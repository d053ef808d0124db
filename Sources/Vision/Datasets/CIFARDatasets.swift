import PluginAPI

/// CIFAR-10: 50,000 and 10,000 colour pictures of 32x32 in ten classes (Krizhevsky 2009), the binary or the python version.
public enum CIFAR10: PictureSource {
  public struct SourceOptions: PictureOptions {
    public var common = PictureChoices()
    public init() {}
    public static var fields: [Field<Self>] { commonFields }
  }

  public static func load(_ options: SourceOptions, _ source: DataSource) throws -> LoadedPictures {
    let (splits, files) = try CIFARReader.loadCIFAR10(root: source.requireRoot())
    return LoadedPictures(splits, format: "CIFAR-10", files: files, normalization: .cifar10)
  }
}

/// CIFAR-100: as CIFAR-10 with 100 classes in 20 groups.
public enum CIFAR100: PictureSource {
  public enum Labels: String, CaseIterable, Sendable { case fine, coarse }

  public struct SourceOptions: PictureOptions {
    public var common = PictureChoices()
    public var labels = Labels.fine
    public init() {}
    public static var fields: [Field<Self>] {
      commonFields + [Field("labels", \.labels, choices: Labels.self, "100 fine classes or 20 coarse ones")]
    }
  }

  public static func load(_ options: SourceOptions, _ source: DataSource) throws -> LoadedPictures {
    let (splits, files) = try CIFARReader.loadCIFAR100(
      root: source.requireRoot(), labels: options.labels == .fine ? .fine : .coarse)
    return LoadedPictures(splits, format: "CIFAR-100", files: files, normalization: .cifar100)
  }
}
