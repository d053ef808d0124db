import PluginAPI

/// All that makes a tokenizer, as a `tokenizer.json` says it.
struct TokenizerDefinition: Sendable {
  struct BytePair: Sendable {
    /// Pairs of tokens in the order they were learned.
    var merges: [(left: Int32, right: Int32)] = []
    var unknown: String?
    var fusesUnknown = false
    /// Whether a word that is a token is taken whole, without its merges.
    var ignoresMerges = false
  }

  struct WordPiece: Sendable {
    var unknown = "[UNK]"
    var prefix = "##"
    /// In Unicode scalars.
    var longestWord = 100
  }

  enum Model: Sendable {
    case bytePair(BytePair)
    case wordPiece(WordPiece)
  }

  enum Decoder: Sendable, Equatable {
    case byteLevel(addsPrefixSpace: Bool, trimsOffsets: Bool, usesPattern: Bool)
    /// `cleansUp`: no spaces before punctuation and English clitics.
    case wordPiece(prefix: String, cleansUp: Bool)
  }

  /// Names the file in errors.
  var file: String
  var vocabulary: SubwordVocabulary
  var model: Model
  var normalizer: TextNormalizer?
  var preTokenizer: PreTokenizer
  var postProcessor: PostProcessor?
  var decoder: Decoder?
  var added: [AddedToken] = []
  var truncation: TokenizerTruncation?
  var padding: TokenizerPadding?
  /// Names of special tokens as a folder's other files give them: `pad_token` and so on.
  var names: [String: String] = [:]

  /// The pipeline from text to tokens.
  ///
  /// - Throws: `BasinError` (`.badData`) for an unknown token that the vocabulary lacks, or a merge of tokens whose join
  ///   it lacks.
  func pipeline() throws -> TokenizerPipeline {
    switch model {
    case .bytePair(let options):
      var byteIDs = [Int32](repeating: -1, count: 256)
      for byte in 0..<256 { byteIDs[byte] = vocabulary.id(ByteAlphabet.token(UInt8(byte))) ?? -1 }
      var merges: [(left: Int32, right: Int32, id: Int32)] = []
      merges.reserveCapacity(options.merges.count)
      for (rank, merge) in options.merges.enumerated() {
        let joined = Array(vocabulary.bytes(Int(merge.left)) + vocabulary.bytes(Int(merge.right)))
        guard let id = vocabulary.id(joined) else {
          throw BasinError.badData(
            "merge \(rank) gives \(SubwordVocabulary.quoted(joined)), which is not in the vocabulary", file: file,
            advice: "Use a vocabulary and merges that belong together")
        }
        merges.append((merge.left, merge.right, id))
      }
      var unknown: Int32 = -1
      if let name = options.unknown { unknown = try required(name) }
      var whole: ByteTrie?
      if options.ignoresMerges {
        let trie = ByteTrie()
        for id in 0..<vocabulary.count {
          guard let bytes = ByteAlphabet.bytes(of: vocabulary.bytes(id)), !bytes.isEmpty else { continue }
          guard trie.insert(bytes, value: Int32(id)) else { throw tooLarge }
        }
        trie.seal()
        whole = trie
      }
      return TokenizerPipeline(
        normalizer: normalizer, preTokenizer: preTokenizer,
        model: .bytePair(
          BytePairModel(
            byteIDs: byteIDs, merges: merges, unknown: unknown, fusesUnknown: options.fusesUnknown, whole: whole)),
        added: added)
    case .wordPiece(let options):
      let (beginnings, continuations) = (ByteTrie(), ByteTrie())
      let prefix = Array(options.prefix.utf8)
      for id in 0..<vocabulary.count {
        let bytes = vocabulary.bytes(id)
        var isStored = bytes.isEmpty || beginnings.insert(bytes, value: Int32(id))
        if bytes.starts(with: prefix), bytes.count > prefix.count {
          isStored = continuations.insert(bytes.dropFirst(prefix.count), value: Int32(id)) && isStored
        }
        guard isStored else { throw tooLarge }
      }
      beginnings.seal()
      continuations.seal()
      return TokenizerPipeline(
        normalizer: normalizer, preTokenizer: preTokenizer,
        model: .wordPiece(
          WordPieceModel(
            beginnings: beginnings, continuations: continuations, unknown: try required(options.unknown),
            longestWord: options.longestWord)),
        added: added)
    }
  }

  private var tooLarge: BasinError {
    .badData("the tokens of the vocabulary have more than 16 million different beginnings", file: file)
  }

  private func required(_ name: String) throws -> Int32 {
    guard let id = vocabulary.id(name) else {
      throw BasinError.badData(
        "the vocabulary lacks the token \(name.debugDescription) for what is unknown", file: file,
        advice: "Use a vocabulary with that token")
    }
    return id
  }
}

/// The special tokens of a tokenizer by what they are for; nil where it has none for that.
public struct SpecialTokens: Sendable, Equatable {
  public var padding: Int32?
  public var unknown: Int32?
  /// Begins a text.
  public var beginning: Int32?
  /// Ends a text.
  public var end: Int32?
  /// Its state stands for the whole sequence; RoBERTa's is the beginning.
  public var classification: Int32?
  /// Stands between two texts and behind the last; RoBERTa's is the end.
  public var separator: Int32?
  public var mask: Int32?

  public init() {}

  /// By the names that files give, then by what the post-processor puts in, then by the usual names.
  init(_ definition: TokenizerDefinition, id: (String) -> Int32?) {
    func find(_ key: String, _ usual: String...) -> Int32? {
      if let name = definition.names[key], let found = id(name) { return found }
      for name in usual { if let found = id(name) { return found } }
      return nil
    }
    padding = find("pad_token", "[PAD]", "<pad>") ?? definition.padding?.id
    unknown = find("unk_token", "[UNK]", "<unk>")
    switch definition.model {
    case .bytePair(let model): if let name = model.unknown { unknown = id(name) }
    case .wordPiece(let model): unknown = id(model.unknown)
    }
    beginning = find("bos_token", "<s>", "<|startoftext|>", "<|endoftext|>")
    end = find("eos_token", "</s>", "<|endoftext|>")
    mask = find("mask_token", "[MASK]", "<mask>")
    classification = find("cls_token", "[CLS]", "<s>")
    separator = find("sep_token", "[SEP]", "</s>")
    var processors = [definition.postProcessor].compactMap { $0 }
    if case .sequence(let inner) = definition.postProcessor { processors = inner }
    for processor in processors {
      switch processor {
      case .roberta(let separator, let classifier, _, _), .bert(let separator, let classifier):
        (self.separator, classification) = (separator.id, classifier.id)
      default: break
      }
    }
  }
}
