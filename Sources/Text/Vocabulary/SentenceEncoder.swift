import PluginAPI

/// Turns sentences, or pairs of them, into token numbers: the word vocabulary, or a subword tokenizer.
protocol SentenceEncoder: Sendable {
  /// Different tokens.
  var vocabularyCount: Int { get }
  /// The token that fills up short sequences where they are padded.
  var padding: Int { get }
  /// The token for what is not known; nil where everything is.
  var unknown: Int32? { get }
  func encode(_ texts: [String], pairs: [String]?, maximumLength: Int) throws -> TokenSequences
}

/// Words with a number each.
struct WordEncoder: SentenceEncoder {
  let vocabulary: Vocabulary

  var vocabularyCount: Int { vocabulary.count }
  var padding: Int { Int(Vocabulary.padding) }
  var unknown: Int32? { Vocabulary.unknown }

  func encode(_ texts: [String], pairs: [String]?, maximumLength: Int) throws -> TokenSequences {
    if let pairs { return try vocabulary.encode(texts, pairs: pairs, maximumLength: maximumLength) }
    return vocabulary.encode(texts, maximumLength: maximumLength)
  }
}
