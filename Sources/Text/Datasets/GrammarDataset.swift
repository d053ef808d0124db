import PluginAPI

/// `grammar`: generated sentences whose class is in their word order alone; see ``GrammarGenerator``.
///
/// The sentences depend on the options alone, not on the seed of the run, so that runs of different seeds are about the
/// same data.
public struct GrammarDataset: TextDataset {
  public struct DatasetOptions: TextDatasetOptions {
    public var encoding: TextEncodingOptions
    public var trainCount = 4000
    public var testCount = 1000
    public var labelNoise = 0.05
    public var dataSeed = 0

    public init() {
      encoding = TextEncodingOptions()
      // The longest sentence has 16 words.
      encoding.maximumLength = 17
    }

    public static var fields: [Field<Self>] {
      encodingFields + [
        Field("trainCount", \.trainCount, in: 4...10_000_000, "sentences to train on"),
        Field("testCount", \.testCount, in: 4...10_000_000, "sentences to test on"),
        Field("labelNoise", \.labelNoise, in: 0...1, "share of labels replaced by another class, in every split"),
        Field("dataSeed", \.dataSeed, in: 0...Int.max, "seed of the sentences; the run's seed does not touch them"),
      ]
    }
  }

  public let format = "grammar"
  public var corpus: TextCorpus

  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    let generator = GrammarGenerator(
      trainCount: options.trainCount, testCount: options.testCount, labelNoise: options.labelNoise,
      seed: UInt64(max(options.dataSeed, 0)))
    corpus = TextCorpus(try generator.splits(), options.encoding)
  }
}
