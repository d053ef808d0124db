import PluginAPI

/// `sst2`: phrases of film reviews, negative or positive; GLUE's dev set is the test split. See ``SST2Reader``.
public struct SST2Dataset: TextDataset {
  public struct DatasetOptions: TextDatasetOptions {
    public var encoding = TextEncodingOptions.published

    public init() {}

    public static var fields: [Field<Self>] { encodingFields }
  }

  public let format = "sst2"
  public var corpus: TextCorpus

  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    corpus = TextCorpus(try SST2Reader.read(dataRoot: source.requireRoot()), options.encoding)
  }
}
