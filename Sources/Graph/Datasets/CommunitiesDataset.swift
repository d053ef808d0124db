import PluginAPI

/// The data set shipped with the module: 1,200 nodes of a stochastic block model with five communities, each node with
/// a few words that hint at its community. Made by `Resources/generate_communities.py`.
public struct CommunitiesDataset: GraphDataset {
  public struct Settings: Options {
    public var normalize = true

    public init() {}

    public static var fields: [Field<Self>] {
      [Field("normalize", \.normalize, "divide each node's features by their sum")]
    }
  }

  let content: GraphExamples

  public init(_ options: Settings, source: DataSource, random: Random) throws {
    try self.init(options, path: Self.location())
  }

  static func location() throws -> String {
    try ImageLocation.resource("communities.graphml", bundle: "basin_Graph", handle: #dsohandle)
  }

  /// - Parameter path: where `communities.graphml` lies.
  public init(_ options: Settings, path: String) throws {
    var settings = GraphFileDataset.Settings()
    settings.normalize = options.normalize
    content = try GraphFileDataset(settings, path: path, format: .graphml).content
  }
}
