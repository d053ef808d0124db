import PluginAPI

/// Reads Hugging Face's `tokenizer.json`.
///
/// What is not supported is refused by its name and place, never ignored: a tokenizer that gives other numbers than the
/// file's author meant would be worse than none.
enum TokenizerFile {
  static func read(_ text: SourceText) throws -> TokenizerDefinition { try read(JSONPlace(text)) }

  static func read(_ root: JSONPlace) throws -> TokenizerDefinition {
    let model = try root.required("model")
    let type = try modelType(model)
    var file = root.source.file
    if file.isEmpty { file = "tokenizer.json" }
    let vocabulary = try vocabulary(model.required("vocab"), file: file)
    guard let preTokenizer = try root.optional("pre_tokenizer").map(preTokenizer) else {
      throw root.fail(
        "a tokenizer without a pre-tokenizer is not supported", advice: "Supported are ByteLevel and BertPreTokenizer")
    }
    let description: TokenizerDefinition.Model
    switch type {
    case .bytePair: description = .bytePair(try bytePair(model, vocabulary))
    case .wordPiece: description = .wordPiece(try wordPiece(model))
    }
    if case .bytePair = type, preTokenizer == .bert {
      throw try root.required("pre_tokenizer").fail(
        "BPE behind BertPreTokenizer is not supported", advice: "BPE needs the pre-tokenizer ByteLevel")
    }
    if case .wordPiece = type, preTokenizer != .bert {
      throw try root.required("pre_tokenizer").fail(
        "WordPiece behind ByteLevel is not supported", advice: "WordPiece needs the pre-tokenizer BertPreTokenizer")
    }
    var definition = TokenizerDefinition(
      file: file, vocabulary: vocabulary, model: description, preTokenizer: preTokenizer)
    definition.normalizer = try root.optional("normalizer").map { try normalizer($0, depth: 0) }
    definition.postProcessor = try root.optional("post_processor").map { try TokenizerFilePostProcessor.read($0) }
    definition.decoder = try root.optional("decoder").map(decoder)
    definition.added = try addedTokens(root.optional("added_tokens")?.elements() ?? [], vocabulary)
    definition.truncation = try root.optional("truncation").map(truncation)
    definition.padding = try root.optional("padding").map(padding)
    return definition
  }

  /// Which of the supported kinds a model is; files of old versions do not say it.
  private static func modelType(_ model: JSONPlace) throws -> SubwordTokenizer.Kind {
    if let type = try model.optional("type") {
      let name = try type.text()
      guard let kind = SubwordTokenizer.Kind(rawValue: name) else {
        throw type.fail(
          "a tokenizer of the kind \(name) is not supported", advice: "Supported are BPE over bytes and WordPiece")
      }
      return kind
    }
    if try model.optional("merges") != nil { return .bytePair }
    if try model.optional("max_input_chars_per_word") != nil { return .wordPiece }
    throw model.fail("the model has no type", advice: "Supported are BPE over bytes and WordPiece")
  }

  static func vocabulary(_ place: JSONPlace, file: String) throws -> SubwordVocabulary {
    let members = try place.members()
    let at = { (index: Int) in
      JSONPlace(
        source: place.source, node: members[index].node,
        path: "\(place.path)[\(SubwordVocabulary.quoted(members[index].name))]")
    }
    let entries = try members.indices.map { (token: members[$0].name, id: try at($0).number()) }
    return try SubwordVocabulary(entries, file: file) { index, message in
      at(index).fail(message, advice: "Use a vocabulary as it was published")
    }
  }

  private static func bytePair(
    _ model: JSONPlace, _ vocabulary: SubwordVocabulary
  ) throws -> TokenizerDefinition.BytePair {
    if let dropout = try model.optional("dropout"), !dropout.isZero {
      throw dropout.fail("BPE with dropout is not supported", advice: "Set it to null")
    }
    for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let place = try model.optional(name), try !place.string().isEmpty {
        throw place.fail("BPE with a \(name) is not supported", advice: "Supported is BPE over bytes")
      }
    }
    if let place = try model.optional("byte_fallback"), try place.flag() {
      throw place.fail("BPE with byte_fallback is not supported", advice: "Supported is BPE over bytes")
    }
    var options = TokenizerDefinition.BytePair()
    options.unknown = try model.optional("unk_token")?.text()
    options.fusesUnknown = try model.flag("fuse_unk", default: false)
    options.ignoresMerges = try model.flag("ignore_merges", default: false)
    options.merges = try model.required("merges").elements().map { place in
      let parts: [[UInt8]]
      if case .string(let text) = place.node.value {
        parts = text.split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
      } else {
        parts = try place.elements().map { try $0.string() }
      }
      guard parts.count == 2 else { throw place.fail("a merge has two tokens, found \(parts.count)") }
      let ids = try parts.map { part in
        guard let id = vocabulary.id(part) else {
          throw place.fail(
            "the merge names the token \(SubwordVocabulary.quoted(part)), which is not in the vocabulary",
            advice: "Use a vocabulary and merges that belong together")
        }
        return id
      }
      guard vocabulary.id(parts[0] + parts[1]) != nil else {
        throw place.fail(
          "the merge gives \(SubwordVocabulary.quoted(parts[0] + parts[1])), which is not in the vocabulary",
          advice: "Use a vocabulary and merges that belong together")
      }
      return (ids[0], ids[1])
    }
    return options
  }

  private static func wordPiece(_ model: JSONPlace) throws -> TokenizerDefinition.WordPiece {
    var options = TokenizerDefinition.WordPiece()
    if let name = try model.optional("unk_token") { options.unknown = try name.text() }
    if let prefix = try model.optional("continuing_subword_prefix") { options.prefix = try prefix.text() }
    if let longest = try model.optional("max_input_chars_per_word") { options.longestWord = try longest.number() }
    return options
  }

  private static func normalizer(_ place: JSONPlace, depth: Int) throws -> TextNormalizer {
    let type = try place.required("type").text()
    switch type {
    case "BertNormalizer":
      return .bert(
        cleans: try place.flag("clean_text", default: true),
        separatesIdeographs: try place.flag("handle_chinese_chars", default: true),
        stripsAccents: try place.optional("strip_accents")?.flag(),
        lowercases: try place.flag("lowercase", default: true))
    case "NFC": return .nfc
    case "NFD": return .nfd
    case "NFKC": return .nfkc
    case "NFKD": return .nfkd
    case "Lowercase": return .lowercase
    case "StripAccents": return .stripAccents
    case "Strip":
      return .strip(left: try place.flag("strip_left", default: true), right: try place.flag("strip_right", default: true))
    case "Sequence":
      return .sequence(try place.required("normalizers").elements().map { try normalizer($0, depth: depth + 1) })
    default:
      throw place.fail(
        "the normalizer \(type) is not supported",
        advice: "Supported are BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip and Sequence")
    }
  }

  private static func preTokenizer(_ place: JSONPlace) throws -> PreTokenizer {
    let type = try place.required("type").text()
    switch type {
    case "ByteLevel":
      let (addsPrefixSpace, trimsOffsets, usesPattern) = try byteLevel(place)
      return .byteLevel(addsPrefixSpace: addsPrefixSpace, trimsOffsets: trimsOffsets, usesPattern: usesPattern)
    case "BertPreTokenizer": return .bert
    default:
      throw place.fail(
        "the pre-tokenizer \(type) is not supported", advice: "Supported are ByteLevel and BertPreTokenizer")
    }
  }

  static func byteLevel(_ place: JSONPlace) throws -> (Bool, Bool, Bool) {
    (
      try place.flag("add_prefix_space", default: true), try place.flag("trim_offsets", default: true),
      try place.flag("use_regex", default: true)
    )
  }

  private static func decoder(_ place: JSONPlace) throws -> TokenizerDefinition.Decoder {
    let type = try place.required("type").text()
    switch type {
    case "ByteLevel":
      let (addsPrefixSpace, trimsOffsets, usesPattern) = try byteLevel(place)
      return .byteLevel(addsPrefixSpace: addsPrefixSpace, trimsOffsets: trimsOffsets, usesPattern: usesPattern)
    case "WordPiece":
      return .wordPiece(
        prefix: try place.optional("prefix")?.text() ?? "##", cleansUp: try place.flag("cleanup", default: true))
    default:
      throw place.fail("the decoder \(type) is not supported", advice: "Supported are ByteLevel and WordPiece")
    }
  }

  /// Added tokens, with the numbers that their order gives them: those that the vocabulary has keep its numbers, others
  /// follow behind it.
  private static func addedTokens(_ places: [JSONPlace], _ vocabulary: SubwordVocabulary) throws -> [AddedToken] {
    var tokens: [AddedToken] = []
    var known: [[UInt8]: Int32] = [:]
    var next = vocabulary.count
    for place in places {
      let idPlace = try place.required("id")
      let id = try idPlace.number()
      let contentPlace = try place.required("content")
      let content = try contentPlace.string()
      guard !content.isEmpty else { throw contentPlace.fail("an added token without content") }
      guard known[content] == nil else {
        throw contentPlace.fail("the added token \(SubwordVocabulary.quoted(content)) comes twice")
      }
      let expected = vocabulary.id(content).map(Int.init) ?? next
      guard id == expected else {
        throw idPlace.fail(
          "the added token \(SubwordVocabulary.quoted(content)) has number \(id), but "
            + (vocabulary.id(content) != nil
              ? "the vocabulary gives it \(expected)" : "the next number in use behind the vocabulary is \(expected)"),
          advice: "Added tokens follow the vocabulary without holes")
      }
      if expected == next { next += 1 }
      known[content] = Int32(id)
      var token = AddedToken(String(decoding: content, as: UTF8.self), id: Int32(id))
      token.isSingleWord = try place.flag("single_word", default: false)
      token.stripsLeft = try place.flag("lstrip", default: false)
      token.stripsRight = try place.flag("rstrip", default: false)
      token.isSpecial = try place.flag("special", default: false)
      token.isNormalized = try place.flag("normalized", default: !token.isSpecial)
      tokens.append(token)
    }
    return tokens
  }

  private static func truncation(_ place: JSONPlace) throws -> TokenizerTruncation {
    var truncation = TokenizerTruncation(maximumLength: try place.required("max_length").number())
    let strategy = try place.required("strategy")
    guard let known = TruncationStrategy(rawValue: try strategy.text()), known != .none else {
      throw strategy.fail(
        "an unknown strategy of truncation", advice: "Use LongestFirst, OnlyFirst or OnlySecond")
    }
    truncation.strategy = known
    truncation.stride = try place.optional("stride")?.number() ?? 0
    truncation.cutsLeft = try isLeft(place)
    return truncation
  }

  private static func isLeft(_ place: JSONPlace) throws -> Bool {
    guard let direction = try place.optional("direction") else { return false }
    switch try direction.text() {
    case "Left": return true
    case "Right": return false
    default: throw direction.fail("an unknown direction", advice: "Use Left or Right")
    }
  }

  private static func padding(_ place: JSONPlace) throws -> TokenizerPadding {
    var padding = TokenizerPadding(
      id: Int32(try place.required("pad_id").number()), token: try place.required("pad_token").text())
    padding.segment = Int32(try place.optional("pad_type_id")?.number() ?? 0)
    padding.multiple = try place.optional("pad_to_multiple_of")?.number()
    padding.padsLeft = try isLeft(place)
    let strategy = try place.required("strategy")
    if case .object = strategy.node.value {
      padding.fixedLength = try strategy.required("Fixed").number()
    } else if try strategy.text() != "BatchLongest" {
      throw strategy.fail("an unknown strategy of padding", advice: "Use BatchLongest or {\"Fixed\": LENGTH}")
    }
    return padding
  }
}

/// The section `post_processor` of a `tokenizer.json`.
enum TokenizerFilePostProcessor {
  static func read(_ place: JSONPlace, isInner: Bool = false) throws -> PostProcessor {
    let type = try place.required("type").text()
    switch type {
    case "ByteLevel":
      let (addsPrefixSpace, trimsOffsets, usesPattern) = try TokenizerFile.byteLevel(place)
      return .byteLevel(addsPrefixSpace: addsPrefixSpace, trimsOffsets: trimsOffsets, usesPattern: usesPattern)
    case "RobertaProcessing":
      return .roberta(
        separator: try special(place.required("sep")), classifier: try special(place.required("cls")),
        trimsOffsets: try place.flag("trim_offsets", default: true),
        addsPrefixSpace: try place.flag("add_prefix_space", default: true))
    case "BertProcessing":
      return .bert(separator: try special(place.required("sep")), classifier: try special(place.required("cls")))
    case "TemplateProcessing":
      return try template(place)
    case "Sequence" where !isInner:
      let places = try place.required("processors").elements()
      let processors = try places.map { try read($0, isInner: true) }
      for (index, processor) in processors.dropLast().enumerated() {
        if case .byteLevel = processor { continue }
        throw places[index].fail(
          "a post-processor behind one that puts in special tokens is not supported",
          advice: "Supported is ByteLevel followed by one other")
      }
      return .sequence(processors)
    default:
      throw place.fail(
        "the post-processor \(type) is not supported",
        advice: "Supported are ByteLevel, RobertaProcessing, BertProcessing, TemplateProcessing and one Sequence of them")
    }
  }

  private static func special(_ place: JSONPlace) throws -> PostProcessor.Special {
    let parts = try place.elements()
    guard parts.count == 2 else { throw place.fail("expected a token and its number") }
    return PostProcessor.Special(token: try parts[0].text(), id: Int32(try parts[1].number()))
  }

  private static func template(_ place: JSONPlace) throws -> PostProcessor {
    var tokens: [PostProcessor.TemplateToken] = []
    if let list = try place.optional("special_tokens") {
      for member in try list.members() {
        let name = String(decoding: member.name, as: UTF8.self)
        let token = JSONPlace(source: list.source, node: member.node, path: "\(list.path)[\(name.debugDescription)]")
        let ids = try token.required("ids").elements().map { Int32(try $0.number()) }
        let texts = try token.required("tokens").elements().map { try $0.text() }
        guard ids.count == texts.count else { throw token.fail("\(texts.count) tokens with \(ids.count) numbers") }
        tokens.append(PostProcessor.TemplateToken(id: name, ids: ids, tokens: texts))
      }
    }
    func pieces(_ name: String) throws -> [PostProcessor.Piece] {
      try place.required(name).elements().map { piece in
        if let sequence = try piece.optional("Sequence") {
          let source = try sequence.required("id")
          let segment = Int32(try sequence.required("type_id").number())
          switch try source.text() {
          case "A": return .sequence(0, segment: segment)
          case "B" where name == "pair": return .sequence(1, segment: segment)
          default: throw source.fail("an unknown sequence in a template", advice: "Use A, and B in the template for pairs")
          }
        }
        guard let special = try piece.optional("SpecialToken") else { throw piece.fail("an unknown part of a template") }
        let id = try special.required("id")
        let name = try id.text()
        guard tokens.contains(where: { $0.id == name }) else {
          throw id.fail("the template names \(name.debugDescription), which special_tokens lacks")
        }
        return .special(name, segment: Int32(try special.required("type_id").number()))
      }
    }
    return .template(single: try pieces("single"), pair: try pieces("pair"), tokens: tokens)
  }
}
