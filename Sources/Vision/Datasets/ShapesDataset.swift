import PluginAPI

/// The embedded set: colour drawings of ten kinds of figures with clutter and noise, drawn from a seed.
public enum Shapes: PictureSource {
  public struct SourceOptions: PictureOptions {
    public var common = PictureChoices()
    public var train = 4000
    public var test = 1000
    public var size = 32
    /// Not the run's seed: runs of different seeds are compared on the same pictures.
    public var seed = 1
    public init() {}
    public static var fields: [Field<Self>] {
      commonFields + [
        Field("train", \.train, in: 10...1_000_000, "training pictures"),
        Field("test", \.test, in: 0...1_000_000, "test pictures"),
        Field("size", \.size, in: 16...64, "side of the pictures in pixels"),
        Field("seed", \.seed, in: 0...Int.max, "which pictures; independent of the run's seed"),
      ]
    }
  }

  public static func load(_ options: SourceOptions, _ source: DataSource) throws -> LoadedPictures {
    LoadedPictures(
      try ShapesGenerator.generate(
        train: options.train, test: options.test, size: options.size, seed: UInt64(options.seed)),
      format: "generated shapes", files: [])
  }
}
