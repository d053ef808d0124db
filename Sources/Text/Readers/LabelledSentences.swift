import PluginAPI

/// Sentences, or pairs of them, with one class or one number each: the plain values every text reader and generator gives.
public struct LabelledSentences: Sendable, Equatable {
  /// The sentences as the file has them; `[N]`.
  public let texts: [String]
  /// The second sentence of each pair, `[N]`; nil where there is one sentence an example.
  public let pairs: [String]?
  /// The class of each example, an index into ``classNames``; `[N]`, empty where numbers are to be predicted.
  public let labels: [Int32]
  /// The number to predict for each example, `[N]`; nil where classes are.
  public let values: [Float]?
  /// The names of the classes, in the order of their indices; empty where numbers are to be predicted.
  public let classNames: [String]

  public var count: Int { texts.count }

  /// - Throws: `BasinError` (`.internalError`) if the counts differ or a label is outside `0 ..< classNames.count`.
  public init(texts: [String], pairs: [String]? = nil, labels: [Int32], classNames: [String]) throws {
    guard texts.count == labels.count, pairs.map({ $0.count == texts.count }) ?? true else {
      throw BasinError.internalError("\(texts.count) texts and \(pairs?.count ?? 0) pairs but \(labels.count) labels")
    }
    if let index = labels.firstIndex(where: { $0 < 0 || Int($0) >= classNames.count }) {
      throw BasinError.internalError("label \(labels[index]) of sentence \(index) is outside 0..<\(classNames.count)")
    }
    self.texts = texts
    self.pairs = pairs
    self.labels = labels
    self.classNames = classNames
    values = nil
  }

  /// - Throws: `BasinError` (`.internalError`) if the counts differ or a value is not finite.
  public init(texts: [String], pairs: [String]? = nil, values: [Float]) throws {
    guard texts.count == values.count, pairs.map({ $0.count == texts.count }) ?? true else {
      throw BasinError.internalError("\(texts.count) texts and \(pairs?.count ?? 0) pairs but \(values.count) values")
    }
    if let index = values.firstIndex(where: { !$0.isFinite }) {
      throw BasinError.internalError("the value of sentence \(index) is \(values[index])")
    }
    self.texts = texts
    self.pairs = pairs
    self.values = values
    labels = []
    classNames = []
  }
}

/// The published splits of a text data set. What is nil was not published with labels; the host carves it out of
/// ``train``.
public struct TextSplits: Sendable, Equatable {
  /// Test sentences that are told apart from the test split: MNLI's mismatched ones.
  public struct Further: Sendable, Equatable {
    public let name: String
    public let sentences: LabelledSentences

    public init(name: String, _ sentences: LabelledSentences) {
      self.name = name
      self.sentences = sentences
    }
  }

  public var train: LabelledSentences
  public var validation: LabelledSentences?
  public var test: LabelledSentences?
  public var furtherTests: [Further]
  /// The files that were read, in the order train, validation, test; empty for generated sentences.
  public var files: [String]
  /// What is odd in them and was passed over, for `basin data inspect`.
  public var notes: [String] = []

  public init(
    train: LabelledSentences, validation: LabelledSentences? = nil, test: LabelledSentences? = nil,
    furtherTests: [Further] = [], files: [String] = []
  ) {
    self.train = train
    self.validation = validation
    self.test = test
    self.furtherTests = furtherTests
    self.files = files
  }

  public var classNames: [String] { train.classNames }
}
