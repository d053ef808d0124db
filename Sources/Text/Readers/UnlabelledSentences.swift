/// Sentences, or pairs of them, whose class or number is to be predicted.
public struct UnlabelledSentences: Sendable, Equatable {
  public let texts: [String]
  /// The second sentence of each pair; nil where there is one sentence an example.
  public let pairs: [String]?
  /// What the file calls each; nil: their number from 0.
  public let names: [String]?

  public var count: Int { texts.count }

  public init(texts: [String], pairs: [String]? = nil, names: [String]? = nil) {
    self.texts = texts
    self.pairs = pairs
    self.names = names
  }
}
