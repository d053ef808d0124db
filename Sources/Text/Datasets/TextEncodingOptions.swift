import PluginAPI

/// How sentences become token numbers: the options every text data set has.
public struct TextEncodingOptions: Sendable, Equatable {
  /// The most tokens of a sentence, `[CLS]` included; the rest is cut off.
  public var maximumLength = 64
  /// Words that the training examples have less often are unknown.
  public var minimumCount = 1
  /// The most tokens of the vocabulary, the three special ones included.
  public var maximumVocabulary = 30_000
  /// Whether upper and lower case are the same.
  public var lowercase = true
  /// `words`; `bpe` or `wordpiece`, trained on the training examples; or the path of a subword tokenizer.
  public var tokenizer = "words"
  /// Tokens of a subword vocabulary that is trained.
  public var vocabularySize = 8000

  public init() {}

  /// For the published sets: words seen once are unknown, so that `[UNK]` is trained on something. TREC's
  /// vocabulary shrinks from 7,997 to 3,268.
  public static let published: Self = {
    var options = Self()
    options.minimumCount = 2
    return options
  }()
}

/// Options of a text data set: ``TextEncodingOptions`` and the set's own.
public protocol TextDatasetOptions: Options {
  var encoding: TextEncodingOptions { get set }
}

extension TextDatasetOptions {
  /// The fields of ``TextEncodingOptions``.
  static var encodingFields: [Field<Self>] {
    [
      Field(
        "maximumLength", \.encoding.maximumLength, in: 1...4096,
        "most tokens of a sentence, [CLS] included; the rest is cut off"),
      Field(
        "minimumCount", \.encoding.minimumCount, in: 1...1_000_000,
        "words the training examples have less often are unknown (words alone)"),
      Field(
        "maximumVocabulary", \.encoding.maximumVocabulary, in: 4...10_000_000,
        "most words known, the frequent ones first; special tokens count (words alone)"),
      Field("lowercase", \.encoding.lowercase, "whether upper and lower case are the same (words and wordpiece)"),
      Field(
        "tokenizer", file: \.encoding.tokenizer,
        "words; bpe or wordpiece, trained on the training examples; or the folder or file of a subword tokenizer"),
      Field(
        "vocabularySize", \.encoding.vocabularySize, in: 8...10_000_000, "tokens of a bpe or wordpiece vocabulary that is trained"),
    ]
  }
}
