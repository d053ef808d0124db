import PluginAPI

/// Running text whose next word is to be predicted: `ptb`, `wikitext-2` and `corpus:PATH`.
///
/// A split is one stream of words, `<eos>` after each line, cut into contiguous examples of `length` words; the targets are
/// the same words one further on. The last example takes what is left. So that no word is predicted twice and none is left
/// out, an example's last target is the first word of the next one.
public struct LanguageDataset: MeasuredDataset {
  public struct DatasetOptions: Options {
    public var length = 64
    public var minimumCount = 1
    public var maximumVocabulary = 1_000_000
    public var trainOn = Part.train

    public enum Part: String, CaseIterable, Sendable { case train, validation }

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("length", \.length, in: 1...100_000, "words of an example"),
        Field("minimumCount", \.minimumCount, in: 1...1_000_000, "words the training text has less often become <unk>"),
        Field(
          "maximumVocabulary", \.maximumVocabulary, in: 3...10_000_000,
          "most words known, the frequent ones first; <eos> and <unk> count"),
        Field(
          "trainOn", \.trainOn, choices: Part.self,
          "validation: train on the published validation text, where the training text is not there"),
      ]
    }
  }

  public let format: String
  public let files: [String]
  /// The vocabulary of the training text.
  public let words: RunningText.Words
  private let length: Int
  /// Each split's words.
  private let streams: [Split: [Int32]]

  /// - Throws: `BasinError`: `.missingInput` naming the training file that is not there; `.badData` for a text of fewer than
  ///   two words, or none that is frequent enough.
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
    words = RunningText.Words(train, minimumCount: options.minimumCount, maximumSize: options.maximumVocabulary)
    guard words.count > 2 else {
      throw BasinError.badData(
        "the training text has no word that occurs \(options.minimumCount) times", file: train.file,
        advice: "Use a smaller minimumCount, or more text")
    }
    var streams: [Split: [Int32]] = [:]
    for (split, text) in [(Split.train, train), (.validation, trainsOnValidation ? nil : found.validation), (.test, found.test)] {
      guard let text else { continue }
      let stream = words.encode(text)
      guard stream.count >= 2 else {
        throw BasinError.badData("the text has fewer than two words", file: text.file, advice: "Give more text")
      }
      streams[split] = stream
    }
    self.streams = streams
  }

  /// No token fills up: padding is -1.
  public var facts: DatasetFacts<TokenBatch.Shape> {
    DatasetFacts(
      shape: TokenBatch.Shape(vocabulary: words.count, length: length, padding: -1), task: .nextToken(vocabulary: words.count))
  }

  public var metrics: [Metric] { [.perplexity] }

  /// Every word but a split's first is predicted once.
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
      let unknown = stream.count { $0 == 1 }
      result.warnings.append(
        .init(message: "\(split.rawValue) has \(stream.count) tokens, \(unknown) of them \(RunningText.unknown)"))
    }
    return result
  }
}
