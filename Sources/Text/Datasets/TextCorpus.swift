import PluginAPI

/// Sentences with labels on their way to a model: splits, the vocabulary learned from the training examples, and every
/// sentence as token numbers.
public struct TextCorpus: Sendable {
  public let splits: TextSplits
  public let encoding: TextEncodingOptions
  /// Learned by ``fit(training:)``; nil before.
  public private(set) var vocabulary: Vocabulary?
  private var sequences: [Split: TokenSequences] = [:]

  public init(_ splits: TextSplits, _ encoding: TextEncodingOptions) {
    self.splits = splits
    self.encoding = encoding
  }

  public func sentences(_ split: Split) -> LabelledSentences? {
    switch split {
    case .train: splits.train
    case .validation: splits.validation
    case .test: splits.test
    }
  }

  /// Learns the vocabulary from these training examples alone and encodes every split with it.
  ///
  /// - Throws: `BasinError` (`.internalError`) for an index that is not there, `.badData` where they hold no word.
  public mutating func fit(training: [Int]) throws {
    let texts = splits.train.texts
    if let wrong = training.first(where: { !texts.indices.contains($0) }) {
      throw BasinError.internalError("training example \(wrong) of \(texts.count)")
    }
    let learned = try learnVocabulary(from: training.lazy.map { texts[$0] })
    guard learned.count > Vocabulary.specialTokens.count else {
      throw BasinError.badData(
        "the \(training.count) training sentences have no word that occurs \(encoding.minimumCount) times",
        file: splits.files.first, advice: "Use a smaller minimumCount, or more data")
    }
    vocabulary = learned
    sequences = [:]
    for split in Split.allCases {
      guard let sentences = sentences(split) else { continue }
      sequences[split] = learned.encode(sentences.texts, maximumLength: encoding.maximumLength)
    }
  }

  func learnVocabulary(from texts: some Sequence<String>) throws -> Vocabulary {
    try Vocabulary(
      texts: texts, tokenizer: Tokenizer(lowercases: encoding.lowercase), minimumCount: encoding.minimumCount,
      maximumSize: encoding.maximumVocabulary)
  }

  /// The tokens of each sentence; nil before ``fit(training:)``, and for a split that is not there.
  public func lengths(_ split: Split) -> [Int32]? {
    sequences[split].map { encoded in (0..<encoded.count).map { Int32(encoded[$0].count) } }
  }

  /// Sentences `ids` in that order, one behind the other, and their classes, int64 `[N]`.
  ///
  /// - Throws: `BasinError` (`.internalError`) before ``fit(training:)``, or for an index or split that is not there.
  public func batch(_ ids: [Int], of split: Split) throws -> (input: TokenBatch, target: Tensor) {
    guard let sentences = sentences(split), let encoded = sequences[split] else {
      throw BasinError.internalError(
        vocabulary == nil
          ? "a text data set was asked for a batch before fit(training:)"
          : "a text data set has no \(split.rawValue) split")
    }
    if let wrong = ids.first(where: { !(0..<encoded.count).contains($0) }) {
      throw BasinError.internalError("example \(wrong) of a \(split.rawValue) split of \(encoded.count)")
    }
    var tokens: [Int64] = []
    var offsets = [0]
    for id in ids {
      for token in encoded[id] { tokens.append(Int64(token)) }
      offsets.append(tokens.count)
    }
    let input = try TokenBatch(tokens: Tensor(tokens), offsets: offsets)
    return (input, try Tensor(ids.map { Int64(sentences.labels[$0]) }))
  }
}
