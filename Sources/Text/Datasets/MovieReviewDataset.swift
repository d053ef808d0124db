import PluginAPI

/// `mr`: sentences of film reviews, negative or positive; see ``MovieReviewReader``.
///
/// No split was published; the field reports ten-fold cross-validation. One of ten fixed, stratified folds is the test
/// split, whatever the seed of the run.
public struct MovieReviewDataset: TextDataset {
  public struct DatasetOptions: TextDatasetOptions {
    public var encoding = TextEncodingOptions.published
    public var testFold = 0

    public init() {}

    public static var fields: [Field<Self>] {
      encodingFields + [Field("testFold", \.testFold, in: 0...9, "which of ten fixed folds is the test split")]
    }
  }

  public let format = "mr"
  public var corpus: TextCorpus

  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    let whole = try MovieReviewReader.read(dataRoot: source.requireRoot())
    corpus = TextCorpus(try Self.split(whole, testFold: options.testFold), options.encoding)
  }

  /// Takes fold `testFold` of ten out for testing; each class is dealt out to the folds in a fixed random order.
  static func split(_ whole: TextSplits, testFold: Int) throws -> TextSplits {
    let all = whole.train
    var isTest = [Bool](repeating: false, count: all.count)
    for label in all.classNames.indices {
      let members = all.labels.indices.filter { Int(all.labels[$0]) == label }
      let order = Random(seed: 0)["mr folds"][label].permutation(members.count)
      for (turn, member) in order.enumerated() where turn % 10 == testFold { isTest[members[member]] = true }
    }
    func part(_ test: Bool) throws -> LabelledSentences {
      let ids = isTest.indices.filter { isTest[$0] == test }
      return try LabelledSentences(
        texts: ids.map { all.texts[$0] }, labels: ids.map { all.labels[$0] }, classNames: all.classNames)
    }
    return TextSplits(train: try part(false), test: try part(true), files: whole.files)
  }
}
