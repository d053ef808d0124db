import Foundation
import PluginAPI

/// Subwords with a number each, special tokens put around sentences and pairs as the tokenizer's own file says.
struct SubwordEncoder: SentenceEncoder {
  let tokenizer: SubwordTokenizer

  var vocabularyCount: Int { tokenizer.vocabularySize }
  var padding: Int { tokenizer.specialTokens.padding.map(Int.init) ?? -1 }
  var unknown: Int32? { tokenizer.specialTokens.unknown }

  func encode(_ texts: [String], pairs: [String]?, maximumLength: Int) throws -> TokenSequences {
    let packed = try tokenizer.encode(texts, pairs: pairs, maximumLength: maximumLength, truncation: .longestFirst)
    var sequences = TokenSequences()
    sequences.tokens = packed.ids
    sequences.offsets = packed.offsets
    // Types are kept where there are two sentences, though a tokenizer such as RoBERTa's gives 0 for both.
    if let segments = packed.segments { sequences.segments = segments.map { UInt8(truncatingIfNeeded: $0) } }
    return sequences
  }
}

extension TextEncodingOptions {
  /// The file or folder of the tokenizer; nil: words, or one that is trained.
  var tokenizerPath: String? { Self.kinds.contains(tokenizer) ? nil : tokenizer }
  private static let kinds = ["words", "bpe", "wordpiece"]

  /// The tokenizer that is asked for, trained on these texts if it is to be; nil for words.
  ///
  /// - Parameter special: The first tokens of a BPE vocabulary that is trained; nil: RoBERTa's.
  /// - Throws: `BasinError`: `.usage` for what is neither a kind nor a path; as ``SubwordTokenizer``.
  func subwordTokenizer(trainedOn texts: @autoclosure () -> [String], special: [String]? = nil) throws -> SubwordTokenizer? {
    var trainer = SubwordTrainer()
    trainer.vocabularySize = vocabularySize
    switch tokenizer {
    case "words": return nil
    case "bpe":
      trainer.specialTokens = special
      return try trainer.bytePair(from: texts())
    case "wordpiece": return try trainer.wordPiece(from: texts(), lowercases: lowercase)
    default:
      guard FileManager.default.fileExists(atPath: tokenizer) else {
        let near = nearestName(to: tokenizer, among: Self.kinds).map { "Did you mean '\($0)'? " } ?? ""
        throw BasinError.usage(
          "tokenizer \(tokenizer) is neither words, bpe or wordpiece nor a file or folder that is there",
          advice: near + "Give the folder of a tokenizer (tokenizer.json, vocab.json with merges.txt, or vocab.txt)")
      }
      return try SubwordTokenizer(contentsOf: tokenizer)
    }
  }
}
