import PluginAPI

/// STL-10 (Coates et al. 2011): 5,000 and 8,000 colour pictures of 96x96 in ten classes, the binary version.
public enum STL10: PictureSource {
  public struct SourceOptions: PictureOptions {
    public var common = PictureChoices(padding: 12)
    public init() {}
    public static var fields: [Field<Self>] { commonFields }
  }

  public static func load(_ options: SourceOptions, _ source: DataSource) throws -> LoadedPictures {
    let (splits, files) = try STL10Reader.load(root: source.requireRoot())
    return LoadedPictures(splits, format: "STL-10 binary", files: files)
  }
}
