import Foundation
import PluginAPI

extension SubwordTokenizer {
  /// Reads a tokenizer from a file or a folder.
  ///
  /// | in the folder | what it is |
  /// |---|---|
  /// | `tokenizer.json` | Hugging Face's own; all is as it says |
  /// | `vocab.json`, `merges.txt` | byte-level BPE of GPT-2 or, where the vocabulary has `<s>`, `<pad>` and `</s>`, RoBERTa |
  /// | `encoder.json`, `vocab.bpe` | the same as OpenAI published it; with fairseq's `dict.txt` beside it RoBERTa's numbers |
  /// | `vocab.txt` | BERT's WordPiece |
  ///
  /// The first that is there counts. `tokenizer_config.json` and `special_tokens_map.json` add the names of special
  /// tokens and, without a `tokenizer.json`, how text is normalized. A file is a `tokenizer.json` or a `vocab.txt`.
  ///
  /// - Parameter lowercases: For `vocab.txt`: whether text is lower-cased; nil does as `tokenizer_config.json` says,
  ///   else as the vocabulary is: upper-case letters in it mean a cased one.
  /// - Throws: `BasinError`: `.missingInput` where there is nothing to read, `.badData` with file and place for what is
  ///   damaged, contradicts itself or is not supported.
  public convenience init(contentsOf path: String, lowercases: Bool? = nil) throws {
    try self.init(TokenizerFolder(path).definition(lowercases: lowercases))
  }
}

/// The files of a tokenizer.
struct TokenizerFolder {
  let path: String
  /// The file that was named instead of a folder.
  private let file: String?

  init(_ path: String) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
      file = (path as NSString).lastPathComponent
      let folder = (path as NSString).deletingLastPathComponent
      self.path = folder.isEmpty ? "." : folder
    } else {
      (self.path, file) = (path, nil)
    }
  }

  private func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

  private func read(_ name: String) throws -> SourceText {
    try SourceText(contentsOf: path + "/" + name, encoding: .utf8)
  }

  func definition(lowercases: Bool?) throws -> TokenizerDefinition {
    var definition: TokenizerDefinition
    if let file {
      if file.hasSuffix(".json") {
        definition = try TokenizerFile.read(read(file))
      } else {
        definition = try wordPiece(file, lowercases)
      }
    } else if has("tokenizer.json") {
      definition = try TokenizerFile.read(read("tokenizer.json"))
    } else if has("vocab.json") {
      definition = try bytePair("vocab.json", "merges.txt")
    } else if has("encoder.json") {
      definition = try bytePair("encoder.json", "vocab.bpe")
    } else if has("vocab.txt") {
      definition = try wordPiece("vocab.txt", lowercases)
    } else {
      throw BasinError.missing(
        "no tokenizer is here", file: path,
        advice: "Name a folder with tokenizer.json, vocab.json and merges.txt, encoder.json and vocab.bpe, or vocab.txt")
    }
    for (key, name) in try names() where definition.names[key] == nil { definition.names[key] = name }
    return definition
  }

  private func optional(_ name: String) throws -> JSONPlace? {
    guard file == nil, has(name) else { return nil }
    return try JSONPlace(read(name))
  }

  /// The special tokens that `special_tokens_map.json` and `tokenizer_config.json` name.
  private func names() throws -> [String: String] {
    var names: [String: String] = [:]
    for name in ["special_tokens_map.json", "tokenizer_config.json"] {
      guard let root = try optional(name) else { continue }
      for key in ["pad_token", "unk_token", "bos_token", "eos_token", "cls_token", "sep_token", "mask_token"] {
        guard names[key] == nil, let place = try root.optional(key) else { continue }
        if case .object = place.node.value {
          names[key] = try place.required("content").text()
        } else {
          names[key] = try place.text()
        }
      }
    }
    return names
  }

  // MARK: - WordPiece

  private func wordPiece(_ name: String, _ lowercases: Bool?) throws -> TokenizerDefinition {
    let text = try read(name)
    let lines = text.lines()
    let entries = lines.enumerated().map { (token: Array(text.bytes[$1]), id: $0) }
    if let empty = entries.firstIndex(where: \.token.isEmpty) {
      throw text.badData(
        "an empty line in a vocabulary: its number \(empty) has no token", at: lines[empty].lowerBound,
        advice: "Use a vocabulary with one token a line")
    }
    let vocabulary = try SubwordVocabulary(entries, file: text.file) { index, message in
      text.badData(message, at: lines[index].lowerBound, advice: "Use a vocabulary as it was published")
    }
    let config = try optional("tokenizer_config.json")
    let isCased = entries.contains { entry in
      entry.token.first != UInt8(ascii: "[") && entry.token.contains { 0x41...0x5A ~= $0 }
    }
    let normalizer = TextNormalizer.bert(
      cleans: true, separatesIdeographs: try config?.flag("tokenize_chinese_chars", default: true) ?? true,
      stripsAccents: try config?.optional("strip_accents")?.flag(),
      lowercases: try lowercases ?? config?.optional("do_lower_case")?.flag() ?? !isCased)
    return .bert(vocabulary, TokenizerDefinition.WordPiece(), normalizer, file: text.file)
  }

  // MARK: - Byte-level BPE

  private func bytePair(_ vocabularyName: String, _ mergesName: String) throws -> TokenizerDefinition {
    guard has(mergesName) else {
      throw BasinError.missing(
        "\(vocabularyName) has no \(mergesName) beside it", file: path + "/" + mergesName,
        advice: "Byte-pair encoding needs both")
    }
    let root = try JSONPlace(read(vocabularyName))
    var vocabulary = try TokenizerFile.vocabulary(root, file: root.source.file)
    if has("dict.txt") { vocabulary = try FairseqDictionary.read(read("dict.txt"), vocabulary) }
    var options = TokenizerDefinition.BytePair()
    options.merges = try merges(read(mergesName), vocabulary)

    let config = try optional("tokenizer_config.json")
    let addsPrefixSpace = try config?.flag("add_prefix_space", default: false) ?? false
    return .byteLevel(vocabulary, options, addsPrefixSpace: addsPrefixSpace, file: root.source.file)
  }

  /// A file of merges: two tokens a line, by rank; lines that begin with `#version` are left out.
  private func merges(_ text: SourceText, _ vocabulary: SubwordVocabulary) throws -> [(left: Int32, right: Int32)] {
    var merges: [(left: Int32, right: Int32)] = []
    var lines = text.lines()[...]
    // OpenAI's file ends with an empty line more.
    while let last = lines.last, last.isEmpty { lines.removeLast() }
    for line in lines where !text.bytes[line].starts(with: "#version".utf8) {
      let parts = text.bytes[line].split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw text.badData(
          "a merge is two tokens with a space between, found \(SubwordVocabulary.quoted(text.bytes[line]))",
          at: line.lowerBound, advice: "The file is damaged or of another kind: get it again")
      }
      let ids = try parts.map { part in
        guard let id = vocabulary.id(Array(part)) else {
          throw text.badData(
            "the merge names the token \(SubwordVocabulary.quoted(part)), which is not in the vocabulary",
            at: part.startIndex, advice: "Use a vocabulary and merges that belong together")
        }
        return id
      }
      guard vocabulary.id(Array(parts[0] + parts[1])) != nil else {
        throw text.badData(
          "the merge gives \(SubwordVocabulary.quoted(parts[0] + parts[1])), which is not in the vocabulary",
          at: line.lowerBound, advice: "Use a vocabulary and merges that belong together")
      }
      merges.append((ids[0], ids[1]))
    }
    return merges
  }
}

/// fairseq's `dict.txt`: which of RoBERTa's numbers each of GPT-2's has.
enum FairseqDictionary {
  /// Each line names a number of the BPE vocabulary, or a word of its own (`madeupword0000`), and a count. Line `i` (from 0)
  /// has number 4 + `i`, behind `<s>`, `<pad>`, `</s>` and `<unk>`; `<mask>` follows the last line.
  ///
  /// - Throws: `BasinError` (`.badData`) with the line for one that is malformed, comes twice or names a number that the
  ///   BPE vocabulary lacks, and where a number of the vocabulary is in no line.
  static func read(_ text: SourceText, _ vocabulary: SubwordVocabulary) throws -> SubwordVocabulary {
    var entries = ["<s>", "<pad>", "</s>", "<unk>"].enumerated().map { (token: Array($1.utf8), id: $0) }
    let lines = text.lines()
    var isNamed = [Bool](repeating: false, count: vocabulary.count)
    for line in lines {
      let parts = text.bytes[line].split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, Int(String(decoding: parts[1], as: UTF8.self)) != nil else {
        throw text.badData(
          "expected a number of the BPE vocabulary and a count, found \(SubwordVocabulary.quoted(text.bytes[line]))",
          at: line.lowerBound, advice: "Use the dict.txt that fairseq published with the model")
      }
      var token = Array(parts[0])
      if let number = Int(String(decoding: token, as: UTF8.self)) {
        guard isNamed.indices ~= number else {
          throw text.badData(
            "the BPE vocabulary has no number \(number), only 0 to \(isNamed.count - 1)", at: line.lowerBound,
            advice: "Use encoder.json and dict.txt of the same model")
        }
        isNamed[number] = true
        token = Array(vocabulary.bytes(number))
      }
      entries.append((token, entries.count))
    }
    if let missing = isNamed.firstIndex(of: false) {
      throw BasinError.badData(
        "no line names number \(missing), the token \(SubwordVocabulary.quoted(vocabulary.bytes(missing)))",
        file: text.file, place: "line \(lines.count)", advice: "The file is cut off or of another vocabulary: get it again")
    }
    entries.append((Array("<mask>".utf8), entries.count))
    return try SubwordVocabulary(entries, file: text.file) { index, message in
      let line = min(max(index - 4, 0), lines.count - 1)
      return text.badData(message, at: lines.isEmpty ? 0 : lines[line].lowerBound)
    }
  }
}
