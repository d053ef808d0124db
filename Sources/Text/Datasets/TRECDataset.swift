import PluginAPI

/// `trec`: questions by what they ask for; see ``TRECReader``.
public struct TRECDataset: TextDataset {
  public struct DatasetOptions: TextDatasetOptions {
    public var encoding = TextEncodingOptions.published
    public var labels = TRECReader.Labels.coarse

    public init() {}

    public static var fields: [Field<Self>] {
      encodingFields + [
        Field("labels", \.labels, choices: TRECReader.Labels.self, "the 6 coarse classes or the up to 50 fine ones")
      ]
    }
  }

  public let format = "trec"
  public var corpus: TextCorpus

  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    let splits = try TRECReader.read(dataRoot: source.requireRoot(), labels: options.labels)
    corpus = TextCorpus(splits, options.encoding)
  }
}
