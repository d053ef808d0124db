import PluginAPI

/// Sentences with one class each: the plain values every text reader and generator gives.
public struct LabelledSentences: Sendable, Equatable {
  /// The sentences as the file has them, trimmed of white space at both ends; `[N]`.
  public let texts: [String]
  /// The class of each sentence, an index into ``classNames``; `[N]`.
  public let labels: [Int32]
  /// The names of the classes, in the order of their indices.
  public let classNames: [String]

  public var count: Int { texts.count }

  /// - Throws: `BasinError` (`.internalError`) if the counts differ or a label is outside `0 ..< classNames.count`.
  public init(texts: [String], labels: [Int32], classNames: [String]) throws {
    guard texts.count == labels.count else {
      throw BasinError.internalError("\(texts.count) texts but \(labels.count) labels")
    }
    if let index = labels.firstIndex(where: { $0 < 0 || Int($0) >= classNames.count }) {
      throw BasinError.internalError("label \(labels[index]) of sentence \(index) is outside 0..<\(classNames.count)")
    }
    self.texts = texts
    self.labels = labels
    self.classNames = classNames
  }
}

/// The published splits of a text data set. What is nil was not published with labels; the host carves it out of
/// ``train``.
public struct TextSplits: Sendable, Equatable {
  public var train: LabelledSentences
  public var validation: LabelledSentences?
  public var test: LabelledSentences?
  /// The files that were read, in the order train, validation, test; empty for generated sentences.
  public var files: [String]

  public init(
    train: LabelledSentences, validation: LabelledSentences? = nil, test: LabelledSentences? = nil, files: [String] = []
  ) {
    self.train = train
    self.validation = validation
    self.test = test
    self.files = files
  }

  public var classNames: [String] { train.classNames }
}
