import PluginAPI

/// Running text whose next token is to be predicted: `ptb`, `wikitext-2` and `corpus:PATH`.
///
/// A split is one stream of tokens, cut into contiguous examples of `length`; the targets are the same tokens one further on.
/// Tokens are words with `<eos>` after each line, or the subwords of a tokenizer, which has the text as it stands in its file.
/// The last example takes what is left. So that no token is predicted twice and none is left out, an example's last target is
/// the first token of the next one.
public struct LanguageDataset: MeasuredDataset {
  public struct DatasetOptions: Options {
    public var length = 64
    public var minimumCount = 1
    public var maximumVocabulary = 1_000_000
    public var tokenizer = "words"
    public var vocabularySize = 8000
    public var trainOn = Part.train

    public enum Part: String, CaseIterable, Sendable { case train, validation }

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("length", \.length, in: 1...100_000, "tokens of an example"),
        Field(
          "minimumCount", \.minimumCount, in: 1...1_000_000, "words the training text has less often become <unk> (words alone)"),
        Field(
          "maximumVocabulary", \.maximumVocabulary, in: 3...10_000_000,
          "most words known, the frequent ones first; <eos> and <unk> count (words alone)"),
        Field(
          "tokenizer", file: \.tokenizer,
          "words; bpe or wordpiece, trained on the training text; or the folder or file of a subword tokenizer"),
        Field(
          "vocabularySize", \.vocabularySize, in: 8...10_000_000, "tokens of a bpe or wordpiece vocabulary that is trained"),
        Field(
          "trainOn", \.trainOn, choices: Part.self,
          "validation: train on the published validation text, where the training text is not there"),
      ]
    }
  }

  public let format: String
  public let files: [String]
  let encoder: any RunningTextEncoder
  private let length: Int
  /// Each split's tokens.
  private let streams: [Split: [Int32]]

  /// The vocabulary of the training text; nil where subwords are used.
  public var words: RunningText.Words? { encoder as? RunningText.Words }

  /// - Throws: `BasinError`: `.missingInput` naming the training file that is not there; `.badData` for a text of fewer than
  ///   two tokens, or none that is frequent enough; as ``SubwordTokenizer`` where one is read.
  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    let corpus = source.path == nil ? LanguageFiles.Corpus(rawValue: source.name) : nil
    let found = try corpus.map { try LanguageFiles.find($0, dataRoot: source.requireRoot()) }
      ?? LanguageFiles.read(path: source.requirePath())
    let trainsOnValidation = options.trainOn == .validation
    guard let train = trainsOnValidation ? found.validation : found.train else {
      let names = corpus?.names.map { $0[trainsOnValidation ? 1 : 0] } ?? [trainsOnValidation ? "valid.txt" : "train.txt"]
      let kind = trainsOnValidation ? "validation" : "training"
      throw BasinError.missing(
        "the \(kind) text (\(names.joined(separator: " or "))) is not there beside \(found.files.joined(separator: ", "))",
        file: source.root ?? source.path,
        advice: trainsOnValidation || found.validation == nil
          ? "Put it there"
          : "Put it there, or train on the validation text with --set dataset.trainOn=validation")
    }
    format = source.name
    files = found.files
    length = options.length
    encoder = try Self.encoder(options, train)
    var streams: [Split: [Int32]] = [:]
    for (split, text) in [(Split.train, train), (.validation, trainsOnValidation ? nil : found.validation), (.test, found.test)] {
      guard let text else { continue }
      let stream = try encoder.encode(text)
      guard stream.count >= 2 else {
        throw BasinError.badData("the text has fewer than two tokens", file: text.file, advice: "Give more text")
      }
      streams[split] = stream
    }
    self.streams = streams
  }

  private static func encoder(_ options: DatasetOptions, _ train: SourceText) throws -> any RunningTextEncoder {
    var encoding = TextEncodingOptions()
    (encoding.tokenizer, encoding.vocabularySize) = (options.tokenizer, options.vocabularySize)
    // As one text, which is how it is encoded: blanks at a line's end belong to the tokens around it.
    let whole = { [train.string(train.start..<train.bytes.count)] }
    if let tokenizer = try encoding.subwordTokenizer(trainedOn: whole(), special: ["<|endoftext|>"]) {
      return SubwordStream(tokenizer: tokenizer, path: encoding.tokenizerPath)
    }
    let words = RunningText.Words(train, minimumCount: options.minimumCount, maximumSize: options.maximumVocabulary)
    guard words.count > 2 else {
      throw BasinError.badData(
        options.minimumCount == 1
          ? "the training text has no words" : "the training text has no word that occurs \(options.minimumCount) times",
        file: train.file, advice: options.minimumCount == 1 ? "Give a file with text in it" : "Use a smaller minimumCount, or more text")
    }
    return words
  }

  /// No token fills up: padding is -1.
  public var facts: DatasetFacts<TokenBatch.Shape> {
    DatasetFacts(
      shape: TokenBatch.Shape(vocabulary: encoder.vocabularyCount, length: length, padding: -1),
      task: .nextToken(vocabulary: encoder.vocabularyCount))
  }

  public var metrics: [Metric] { [.perplexity] }

  /// Every token but a split's first is predicted once.
  public func count(_ split: Split) -> Int { streams[split].map { ($0.count - 2) / length + 1 } ?? 0 }

  /// Examples as sequences of tokens, and the tokens that follow each of theirs, int64 `[T]`.
  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: TokenBatch, target: Tensor) {
    let total = count(split)
    guard let stream = streams[split], ids.allSatisfy({ (0..<total).contains($0) }) else {
      throw BasinError.internalError("examples \(ids.prefix(3)) of a \(split.rawValue) text of \(total)")
    }
    var tokens: [Int64] = [], next: [Int64] = []
    var offsets = [0]
    for id in ids {
      let begin = id * length, end = min(begin + length, stream.count - 1)
      for place in begin..<end {
        tokens.append(Int64(stream[place]))
        next.append(Int64(stream[place + 1]))
      }
      offsets.append(tokens.count)
    }
    return (try TokenBatch(tokens: Tensor(tokens), offsets: offsets), try Tensor(next))
  }

  public func inspection() throws -> DataInspection {
    var result = DataInspection(format: format)
    result.shape = "\(facts.shape)"
    result.examples = Dictionary(uniqueKeysWithValues: streams.keys.map { ($0.rawValue, count($0)) })
    for split in Split.allCases {
      guard let stream = streams[split] else { continue }
      let known = encoder.unknown.map { unknown in ", \(stream.count { $0 == unknown.number }) of them \(unknown.token)" } ?? ""
      result.warnings.append(.init(message: "\(split.rawValue) has \(stream.count) tokens\(known)"))
    }
    return result
  }
}
