import Foundation
import PluginAPI

extension SubwordTokenizer {
  /// The tokenizer as the text of a `tokenizer.json`, which the package `tokenizers` reads too.
  public func json() -> [UInt8] { TokenizerFileWriter.document(definition).written() }

  /// Writes the tokenizer as `tokenizer.json`: to the file, or into the folder if there is one of that name.
  ///
  /// - Throws: `BasinError` (`.cannotCreate`) where it cannot be written; nothing is left half-written.
  public func save(to path: String) throws {
    var isFolder: ObjCBool = false
    let inFolder = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    let target = inFolder ? path + "/tokenizer.json" : path
    do {
      try Data(json()).write(to: URL(fileURLWithPath: target), options: .atomic)
    } catch {
      throw BasinError(
        .cannotCreate, "the tokenizer cannot be written: \(error.localizedDescription)", file: target,
        advice: "Check the folder, its permissions and the free space")
    }
  }
}

/// Builds a `tokenizer.json` in the order of names that the package `tokenizers` writes.
enum TokenizerFileWriter {
  static func document(_ definition: TokenizerDefinition) -> JSONNode {
    .object([
      ("version", .text("1.0")),
      ("truncation", definition.truncation.map(truncation) ?? .null),
      ("padding", definition.padding.map(padding) ?? .null),
      ("added_tokens", .array(definition.added.sorted { $0.id < $1.id }.map(added))),
      ("normalizer", definition.normalizer.map(normalizer) ?? .null),
      ("pre_tokenizer", preTokenizer(definition.preTokenizer)),
      ("post_processor", definition.postProcessor.map(postProcessor) ?? .null),
      ("decoder", definition.decoder.map(decoder) ?? .null),
      ("model", model(definition)),
    ])
  }

  private static func direction(_ isLeft: Bool) -> JSONNode { .text(isLeft ? "Left" : "Right") }

  private static func truncation(_ truncation: TokenizerTruncation) -> JSONNode {
    .object([
      ("direction", direction(truncation.cutsLeft)), ("max_length", .number(truncation.maximumLength)),
      ("strategy", .text(truncation.strategy.rawValue)), ("stride", .number(truncation.stride)),
    ])
  }

  private static func padding(_ padding: TokenizerPadding) -> JSONNode {
    .object([
      ("strategy", padding.fixedLength.map { .object([("Fixed", .number($0))]) } ?? .text("BatchLongest")),
      ("direction", direction(padding.padsLeft)),
      ("pad_to_multiple_of", padding.multiple.map { .number($0) } ?? .null), ("pad_id", .number(Int(padding.id))),
      ("pad_type_id", .number(Int(padding.segment))), ("pad_token", .text(padding.token)),
    ])
  }

  private static func added(_ token: AddedToken) -> JSONNode {
    .object([
      ("id", .number(Int(token.id))), ("content", .text(token.content)), ("single_word", .boolean(token.isSingleWord)),
      ("lstrip", .boolean(token.stripsLeft)), ("rstrip", .boolean(token.stripsRight)),
      ("normalized", .boolean(token.isNormalized)), ("special", .boolean(token.isSpecial)),
    ])
  }

  private static func typed(_ type: String, _ rest: [(String, JSONNode)] = []) -> JSONNode {
    .object([("type", .text(type))] + rest)
  }

  private static func byteLevel(_ addsPrefixSpace: Bool, _ trimsOffsets: Bool, _ usesPattern: Bool) -> JSONNode {
    typed(
      "ByteLevel",
      [
        ("add_prefix_space", .boolean(addsPrefixSpace)), ("trim_offsets", .boolean(trimsOffsets)),
        ("use_regex", .boolean(usesPattern)),
      ])
  }

  private static func normalizer(_ normalizer: TextNormalizer) -> JSONNode {
    switch normalizer {
    case .bert(let cleans, let separatesIdeographs, let stripsAccents, let lowercases):
      typed(
        "BertNormalizer",
        [
          ("clean_text", .boolean(cleans)), ("handle_chinese_chars", .boolean(separatesIdeographs)),
          ("strip_accents", stripsAccents.map { .boolean($0) } ?? .null), ("lowercase", .boolean(lowercases)),
        ])
    case .nfc: typed("NFC")
    case .nfd: typed("NFD")
    case .nfkc: typed("NFKC")
    case .nfkd: typed("NFKD")
    case .lowercase: typed("Lowercase")
    case .stripAccents: typed("StripAccents")
    case .strip(let left, let right): typed("Strip", [("strip_left", .boolean(left)), ("strip_right", .boolean(right))])
    case .sequence(let steps): typed("Sequence", [("normalizers", .array(steps.map(Self.normalizer)))])
    }
  }

  private static func preTokenizer(_ preTokenizer: PreTokenizer) -> JSONNode {
    switch preTokenizer {
    case .byteLevel(let addsPrefixSpace, let trimsOffsets, let usesPattern):
      byteLevel(addsPrefixSpace, trimsOffsets, usesPattern)
    case .bert: typed("BertPreTokenizer")
    }
  }

  private static func special(_ special: PostProcessor.Special) -> JSONNode {
    .array([.text(special.token), .number(Int(special.id))])
  }

  private static func postProcessor(_ processor: PostProcessor) -> JSONNode {
    func piece(_ piece: PostProcessor.Piece) -> JSONNode {
      switch piece {
      case .sequence(let source, let segment):
        .object([
          ("Sequence", .object([("id", .text(source == 0 ? "A" : "B")), ("type_id", .number(Int(segment)))]))
        ])
      case .special(let name, let segment):
        .object([("SpecialToken", .object([("id", .text(name)), ("type_id", .number(Int(segment)))]))])
      }
    }
    switch processor {
    case .byteLevel(let addsPrefixSpace, let trimsOffsets, let usesPattern):
      return byteLevel(addsPrefixSpace, trimsOffsets, usesPattern)
    case .roberta(let separator, let classifier, let trimsOffsets, let addsPrefixSpace):
      return typed(
        "RobertaProcessing",
        [
          ("sep", special(separator)), ("cls", special(classifier)), ("trim_offsets", .boolean(trimsOffsets)),
          ("add_prefix_space", .boolean(addsPrefixSpace)),
        ])
    case .bert(let separator, let classifier):
      return typed("BertProcessing", [("sep", special(separator)), ("cls", special(classifier))])
    case .template(let single, let pair, let tokens):
      return typed(
        "TemplateProcessing",
        [
          ("single", .array(single.map(piece))), ("pair", .array(pair.map(piece))),
          (
            "special_tokens",
            .object(
              tokens.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }.map { token in
                (
                  token.id,
                  .object([
                    ("id", .text(token.id)), ("ids", .array(token.ids.map { .number(Int($0)) })),
                    ("tokens", .array(token.tokens.map { .text($0) })),
                  ])
                )
              })
          ),
        ])
    case .sequence(let inner): return typed("Sequence", [("processors", .array(inner.map(postProcessor)))])
    }
  }

  private static func decoder(_ decoder: TokenizerDefinition.Decoder) -> JSONNode {
    switch decoder {
    case .byteLevel(let addsPrefixSpace, let trimsOffsets, let usesPattern):
      byteLevel(addsPrefixSpace, trimsOffsets, usesPattern)
    case .wordPiece(let prefix, let cleansUp):
      typed("WordPiece", [("prefix", .text(prefix)), ("cleanup", .boolean(cleansUp))])
    }
  }

  private static func model(_ definition: TokenizerDefinition) -> JSONNode {
    let vocabulary = JSONNode(
      value: .object(
        (0..<definition.vocabulary.count).map {
          JSONNode.Member(name: Array(definition.vocabulary.bytes($0)), node: .number($0))
        }))
    func token(_ id: Int32) -> JSONNode { JSONNode(value: .string(Array(definition.vocabulary.bytes(Int(id))))) }
    switch definition.model {
    case .bytePair(let options):
      return typed(
        "BPE",
        [
          ("dropout", .null), ("unk_token", options.unknown.map { .text($0) } ?? .null),
          ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null),
          ("fuse_unk", .boolean(options.fusesUnknown)), ("byte_fallback", .boolean(false)),
          ("ignore_merges", .boolean(options.ignoresMerges)), ("vocab", vocabulary),
          ("merges", .array(options.merges.map { .array([token($0.left), token($0.right)]) })),
        ])
    case .wordPiece(let options):
      return typed(
        "WordPiece",
        [
          ("unk_token", .text(options.unknown)), ("continuing_subword_prefix", .text(options.prefix)),
          ("max_input_chars_per_word", .number(options.longestWord)), ("vocab", vocabulary),
        ])
    }
  }
}
