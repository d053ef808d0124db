import Foundation
import PluginAPI

/// A tokenizer as the files that Hugging Face's programs read beside a model.
enum TokenizerExport {
  /// The names they have there.
  static let names = [
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "vocab.txt",
  ]

  /// The files of a folder that says all of itself (`tokenizer.json` and `tokenizer_config.json`) as they are; else both
  /// written anew, so that nothing is left for a program to guess from the kind of model.
  ///
  /// - Parameter path: where the tokenizer was read; nil: it was trained.
  static func files(_ tokenizer: SubwordTokenizer, from path: String?) throws -> [(name: String, data: Data)] {
    func has(_ name: String, _ folder: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }
    if let path, has(names[0], path), has(names[1], path) {
      return try names.filter { has($0, path) }.map { name in
        guard let data = FileManager.default.contents(atPath: "\(path)/\(name)") else {
          throw BasinError.missing("cannot be read", file: "\(path)/\(name)", advice: "Check its permissions")
        }
        return (name, data)
      }
    }
    let special = tokenizer.specialTokens
    let named: [(String, Int32?)] = [
      ("bos_token", special.beginning), ("eos_token", special.end), ("unk_token", special.unknown), ("sep_token", special.separator),
      ("pad_token", special.padding), ("cls_token", special.classification), ("mask_token", special.mask),
    ]
    let texts = named.compactMap { key, id in id.flatMap(tokenizer.token).map { (key, $0) } }
    return [(names[0], Data(tokenizer.json())), configuration(texts, givesTypes: tokenizer.givesTypes)]
  }

  /// Words between white space, each line's end the token ``RunningText/endOfLine``.
  static func files(_ words: RunningText.Words) -> [(name: String, data: Data)] {
    let special = words.tokens.prefix(2).enumerated().map { number, token in
      JSONNode.object([
        ("id", .number(number)), ("content", .text(token)), ("single_word", .boolean(false)), ("lstrip", .boolean(false)),
        ("rstrip", .boolean(false)), ("normalized", .boolean(false)), ("special", .boolean(true)),
      ])
    }
    let lineEnds = JSONNode.object([
      ("type", .text("Replace")), ("pattern", .object([("String", .text("\n"))])), ("content", .text(" \(RunningText.endOfLine) ")),
    ])
    let blanks = JSONNode.object([
      ("type", .text("Split")), ("pattern", .object([("Regex", .text("[ \\t\\r\\x0B\\x0C]+"))])), ("behavior", .text("Removed")),
      ("invert", .boolean(false)),
    ])
    let document = JSONNode.object([
      ("version", .text("1.0")), ("truncation", .null), ("padding", .null), ("added_tokens", .array(special)), ("normalizer", lineEnds),
      ("pre_tokenizer", blanks), ("post_processor", .null), ("decoder", .null),
      (
        "model",
        .object([
          ("type", .text("WordLevel")), ("vocab", .object(words.tokens.enumerated().map { ($0.element, .number($0.offset)) })),
          ("unk_token", .text(RunningText.unknown)),
        ])
      ),
    ])
    return [
      (names[0], Data(document.written())),
      configuration([("eos_token", RunningText.endOfLine), ("unk_token", RunningText.unknown)]),
    ]
  }

  /// `tokenizer_config.json`, with the class that does as `tokenizer.json` says whatever the model is.
  private static func configuration(_ special: [(String, String)], givesTypes: Bool = false) -> (name: String, data: Data) {
    var members = [("tokenizer_class", JSONNode.text("PreTrainedTokenizerFast"))] + special.map { ($0, JSONNode.text($1)) }
    members.append(("clean_up_tokenization_spaces", .boolean(false)))
    // That class leaves types out unless it is told; BERT would take the second sentence for the first one's.
    if givesTypes { members.append((inputs, .array(["input_ids", types, "attention_mask"].map { .text($0) }))) }
    return (names[1], Data(JSONNode.object(members).written()))
  }

  private static let inputs = "model_input_names", types = "token_type_ids"

  /// The files for a model that takes no types and would refuse them by their name.
  static func withoutTypes(_ files: [(name: String, data: Data)]) throws -> [(name: String, data: Data)] {
    try files.map { name, data in
      guard name == names[1] else { return (name, data) }
      var document = try JSONDocument(data, file: name)
      guard let given = document.object[inputs] as? [String], given.contains(types) else { return (name, data) }
      document.set(inputs, given.filter { $0 != types })
      return (name, try document.data())
    }
  }
}
