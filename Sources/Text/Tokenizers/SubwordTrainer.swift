import PluginAPI

/// Learns a subword vocabulary from texts: byte-pair encoding over bytes, or WordPiece by the same merges.
///
/// The pair of neighbours that is most frequent becomes a token, again and again; of equally frequent pairs the one whose
/// left token has the smaller number, then the right one. Byte-level vocabularies are those of the package
/// `tokenizers`, number for number. For WordPiece that package numbers the continuing letters by chance and breaks
/// ties by these numbers; here they are in the order of their code points, so that the same texts in any order give
/// the same vocabulary.
public struct SubwordTrainer: Sendable {
  /// The number of tokens aimed at; special tokens and the alphabet count, and are kept even if they are more.
  public var vocabularySize = 30_000
  /// Rarer pairs are not joined.
  public var minimumFrequency = 2
  /// For WordPiece: the most letters to keep, the most frequent ones; of equally frequent ones those with the smaller
  /// code points. Nil keeps all.
  public var alphabetLimit: Int? = 1000
  /// The first tokens of the vocabulary; nil takes RoBERTa's or BERT's.
  public var specialTokens: [String]?
  /// The most threads to count words with; nil uses all processors.
  public var threads: Int?

  public init() {}

  /// A byte-level BPE tokenizer, with the conventions of RoBERTa if the special tokens have `<s>`, `<pad>` and `</s>`.
  ///
  /// - Throws: `BasinError` (`.usage`) for special tokens that are empty or come twice, or a size below 1; `.badData`
  ///   where there are no texts.
  public func bytePair(from texts: [String], addsPrefixSpace: Bool = false) throws -> SubwordTokenizer {
    let special = try checked(specialTokens ?? ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    let words = try WordCounter.count(
      texts, normalizer: nil,
      .byteLevel(addsPrefixSpace: addsPrefixSpace, trimsOffsets: true, usesPattern: true), threads)
    var merging = SubwordMerging(prefix: [])
    for token in special { merging.add(Array(token.utf8)) }
    // The alphabet in the order of its characters.
    let bytes = (0..<256).sorted { ByteAlphabet.scalars[$0] < ByteAlphabet.scalars[$1] }
    var numbers = [Int32](repeating: 0, count: 256)
    for byte in bytes { numbers[byte] = merging.add(ByteAlphabet.token(UInt8(byte))) }
    for (word, count) in words { merging.add(word: word.map { numbers[Int($0)] }, count: count) }
    merging.run(size: vocabularySize, minimumFrequency: minimumFrequency)
    var options = TokenizerDefinition.BytePair()
    options.merges = merging.merges
    return try SubwordTokenizer(
      .byteLevel(merging.vocabulary(), options, addsPrefixSpace: addsPrefixSpace, file: "trained"))
  }

  /// A WordPiece tokenizer with BERT's conventions.
  ///
  /// - Throws: As ``bytePair(from:addsPrefixSpace:)``; also `.usage` without the special token `[UNK]`.
  public func wordPiece(from texts: [String], lowercases: Bool = true) throws -> SubwordTokenizer {
    let special = try checked(specialTokens ?? ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    guard special.contains("[UNK]") else {
      throw BasinError.usage("WordPiece without the special token [UNK]", advice: "Add [UNK] to the special tokens")
    }
    let normalizer = TextNormalizer.bert(
      cleans: true, separatesIdeographs: true, stripsAccents: nil, lowercases: lowercases)
    let words = try WordCounter.count(texts, normalizer: normalizer, .bert, threads)
    let options = TokenizerDefinition.WordPiece()
    var merging = SubwordMerging(prefix: Array(options.prefix.utf8))
    for token in special { merging.add(Array(token.utf8)) }

    var counts: [UInt32: Int] = [:]
    for (word, count) in words {
      for scalar in String(decoding: word, as: UTF8.self).unicodeScalars { counts[scalar.value, default: 0] += count }
    }
    var letters = counts.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }.map(\.key)
    if let alphabetLimit { letters = Array(letters.prefix(max(0, alphabetLimit))) }
    letters.sort()
    var (first, later): ([UInt32: Int32], [UInt32: Int32]) = ([:], [:])
    func bytes(_ letter: UInt32) -> [UInt8] {
      var bytes: [UInt8] = []
      _ = UTF8Scalar.append(letter, to: &bytes)
      return bytes
    }
    for letter in letters { first[letter] = merging.add(bytes(letter)) }
    var continuing = Set<UInt32>()
    for (word, _) in words {
      for scalar in String(decoding: word, as: UTF8.self).unicodeScalars.dropFirst() where first[scalar.value] != nil {
        continuing.insert(scalar.value)
      }
    }
    for letter in continuing.sorted() { later[letter] = merging.add(Array(options.prefix.utf8) + bytes(letter)) }
    for (word, count) in words {
      let scalars = String(decoding: word, as: UTF8.self).unicodeScalars
      merging.add(
        word: scalars.enumerated().compactMap { $0 == 0 ? first[$1.value] : later[$1.value] }, count: count)
    }
    merging.run(size: vocabularySize, minimumFrequency: minimumFrequency)
    return try SubwordTokenizer(.bert(merging.vocabulary(), options, normalizer, file: "trained"))
  }

  private func checked(_ special: [String]) throws -> [String] {
    guard vocabularySize >= 1 else {
      throw BasinError.usage("a vocabulary of \(vocabularySize) tokens", advice: "Use 1 or more")
    }
    var seen = Set<[UInt8]>()
    for token in special {
      guard !token.isEmpty, seen.insert(Array(token.utf8)).inserted else {
        throw BasinError.usage(
          "the special token \(token.debugDescription) is empty or comes twice", advice: "Name each once")
      }
    }
    return special
  }
}

/// Counts the words of texts, cut as a tokenizer would cut them.
enum WordCounter {
  /// Words with their counts, in the order of their bytes.
  static func count(
    _ texts: [String], normalizer: TextNormalizer?, _ preTokenizer: PreTokenizer, _ threads: Int?
  ) throws -> [(word: [UInt8], count: Int)] {
    let blockSize = 2048
    let blocks = try ParallelBlocks.map((texts.count + blockSize - 1) / blockSize, threads: threads) { block in
      let table = WordNumbering()
      let pipeline = TokenizerPipeline(
        normalizer: normalizer, preTokenizer: preTokenizer, model: .words(table), added: [])
      let worker = TokenizerWorker()
      worker.first.wantsOffsets = false
      for index in block * blockSize..<min((block + 1) * blockSize, texts.count) {
        worker.first.removeAll()
        var text = texts[index]
        text.withUTF8 { pipeline.run($0, into: &worker.first, worker) }
        table.count(UnsafeBufferPointer(start: worker.first.ids, count: worker.first.count))
      }
      return table
    }
    let whole = WordNumbering()
    for block in blocks { whole.add(block) }
    guard !whole.counts.isEmpty else {
      throw BasinError.badData("the texts have no words to learn a vocabulary from", advice: "Use texts with words")
    }
    return whole.counts.indices.map { (Array(whole.table.bytes($0)), whole.counts[$0]) }.sorted {
      $0.0.lexicographicallyPrecedes($1.0)
    }
  }
}

/// A model that gives every word a number of its own. Used by one thread at a time.
final class WordNumbering: @unchecked Sendable {
  private(set) var table = TokenTable()
  private(set) var counts: [Int] = []

  func split(_ word: UnsafePointer<UInt8>, _ length: Int, _ worker: TokenizerWorker) -> Int {
    worker.reservePieces(1)
    worker.pieceIDs[0] = table.insert(UnsafeBufferPointer(start: word, count: length))
    worker.pieceEnds[0] = Int32(truncatingIfNeeded: length)
    return 1
  }

  func count(_ numbers: UnsafeBufferPointer<Int32>) {
    while counts.count < table.count { counts.append(0) }
    for number in numbers { counts[Int(number)] += 1 }
  }

  func add(_ other: WordNumbering) {
    for (number, count) in other.counts.enumerated() {
      let own = Int(other.table.bytes(number).withUnsafeBufferPointer { table.insert($0) })
      while counts.count < table.count { counts.append(0) }
      counts[own] += count
    }
  }
}
