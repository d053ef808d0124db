import PluginAPI

/// `ag-news`: news by its section; see ``AGNewsReader``.
public struct AGNewsDataset: TextDataset {
  public struct DatasetOptions: TextDatasetOptions {
    public var encoding = TextEncodingOptions.published

    public init() {}

    public static var fields: [Field<Self>] { encodingFields }
  }

  public let format = "ag-news"
  public var corpus: TextCorpus

  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    corpus = TextCorpus(try AGNewsReader.read(dataRoot: source.requireRoot()), options.encoding)
  }
}

/// `ag-news-subset`: the published test rows of AG News as a data set of their own, divided by seed.
public struct AGNewsSubsetDataset: TextDataset {
  public typealias DatasetOptions = AGNewsDataset.DatasetOptions

  public let format = "ag-news-subset"
  public var corpus: TextCorpus

  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    corpus = TextCorpus(try AGNewsReader.readSubset(dataRoot: source.requireRoot()), options.encoding)
  }
}
