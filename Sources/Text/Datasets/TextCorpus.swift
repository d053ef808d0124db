import PluginAPI

/// Sentences, or pairs, with labels on their way to a model: splits, the vocabulary learned from the training examples, and
/// every example as token numbers.
public struct TextCorpus: Sendable {
  public let splits: TextSplits
  public let encoding: TextEncodingOptions
  /// Learned by ``fit(training:)``; nil before.
  private(set) var encoder: (any SentenceEncoder)?
  private var encoded: [Split: EncodedSplit] = [:]

  /// The words with their numbers; nil before ``fit(training:)``, and where another tokenizer is used.
  public var vocabulary: Vocabulary? { (encoder as? WordEncoder)?.vocabulary }

  /// Whether each example is a pair of sentences.
  public var isPair: Bool { splits.train.pairs != nil }

  /// A split as token numbers and targets; that of test with the further tests behind it.
  private struct EncodedSplit {
    var sequences = TokenSequences()
    var labels: [Int32] = []
    var values: [Float] = []
  }

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

  /// The numbers of further test examples, behind those of the test split.
  public var furtherTests: [(name: String, ids: Range<Int>)] {
    var begin = splits.test?.count ?? 0
    return splits.furtherTests.map { test in
      defer { begin += test.sentences.count }
      return (test.name, begin..<begin + test.sentences.count)
    }
  }

  /// Learns the vocabulary from these training examples alone and encodes every split with it.
  ///
  /// - Throws: `BasinError` (`.internalError`) for an index that is not there, `.badData` where they hold no word; as the
  ///   tokenizer where one is read.
  public mutating func fit(training: [Int]) throws {
    let train = splits.train
    if let wrong = training.first(where: { !train.texts.indices.contains($0) }) {
      throw BasinError.internalError("training example \(wrong) of \(train.count)")
    }
    let encoder = try makeEncoder(training)
    self.encoder = encoder
    encoded = [:]
    for split in Split.allCases {
      guard let sentences = sentences(split) else { continue }
      var part = EncodedSplit()
      for sentences in [sentences] + (split == .test ? splits.furtherTests.map(\.sentences) : []) {
        part.sequences.append(
          contentsOf: try encoder.encode(sentences.texts, pairs: sentences.pairs, maximumLength: encoding.maximumLength))
        part.labels += sentences.labels
        part.values += sentences.values ?? []
      }
      encoded[split] = part
    }
  }

  /// The encoder that these training examples give.
  func makeEncoder(_ training: [Int]) throws -> any SentenceEncoder {
    let train = splits.train
    let texts = training.map { train.texts[$0] } + (train.pairs.map { pairs in training.map { pairs[$0] } } ?? [])
    if let tokenizer = try encoding.subwordTokenizer(trainedOn: texts) { return SubwordEncoder(tokenizer: tokenizer) }
    let words = try learnVocabulary(from: texts)
    guard words.count > words.specialCount else {
      throw BasinError.badData(
        "the \(training.count) training sentences have no word that occurs \(encoding.minimumCount) times",
        file: splits.files.first, advice: "Use a smaller minimumCount, or more data")
    }
    return WordEncoder(vocabulary: words)
  }

  private func learnVocabulary(from texts: some Sequence<String>) throws -> Vocabulary {
    try Vocabulary(
      texts: texts, tokenizer: Tokenizer(lowercases: encoding.lowercase), minimumCount: encoding.minimumCount,
      maximumSize: encoding.maximumVocabulary, hasSeparator: isPair)
  }

  /// The tokens of each sentence; nil before ``fit(training:)``, and for a split that is not there.
  public func lengths(_ split: Split) -> [Int32]? {
    encoded[split].map { part in (0..<part.sequences.count).map { Int32(part.sequences[$0].count) } }
  }

  /// Examples `ids` in that order and their targets: classes, int64 `[N]`, or numbers, float32 `[N, 1]`.
  ///
  /// - Throws: `BasinError` (`.internalError`) before ``fit(training:)``, or for an index or split that is not there.
  public func batch(_ ids: [Int], of split: Split) throws -> (input: TokenBatch, target: Tensor) {
    guard let part = encoded[split] else {
      throw BasinError.internalError(
        encoder == nil
          ? "a text data set was asked for a batch before fit(training:)"
          : "a text data set has no \(split.rawValue) split")
    }
    if let wrong = ids.first(where: { !(0..<part.sequences.count).contains($0) }) {
      throw BasinError.internalError("example \(wrong) of a \(split.rawValue) split of \(part.sequences.count)")
    }
    let input = try part.sequences.batch(ids)
    guard splits.train.values == nil else { return (input, try Tensor(ids.map { part.values[$0] }, shape: [ids.count, 1])) }
    return (input, try Tensor(ids.map { Int64(part.labels[$0]) }))
  }

  /// Sentences without labels as batches.
  public func unlabelled(_ sentences: UnlabelledSentences) throws -> UnlabelledExamples<TokenBatch> {
    guard let encoder else { throw BasinError.internalError("a text data set was asked to predict before fit(training:)") }
    let sequences = try encoder.encode(sentences.texts, pairs: sentences.pairs, maximumLength: encoding.maximumLength)
    return UnlabelledExamples(count: sentences.count, names: sentences.names) { try sequences.batch($0) }
  }
}

extension TokenSequences {
  /// The sequences with these numbers, in that order.
  func batch(_ ids: [Int]) throws -> TokenBatch {
    let total = ids.reduce(0) { $0 + offsets[$1 + 1] - offsets[$1] }
    var numbers: [Int64] = [], parts: [Int64] = []
    numbers.reserveCapacity(total)
    var ends = [0]
    for id in ids {
      for token in self[id] { numbers.append(Int64(token)) }
      if !segments.isEmpty { for part in segments[offsets[id]..<offsets[id + 1]] { parts.append(Int64(part)) } }
      ends.append(numbers.count)
    }
    return try TokenBatch(tokens: Tensor(numbers), offsets: ends, segments: segments.isEmpty ? nil : Tensor(parts))
  }
}
