import PluginAPI

/// The words a model knows, numbered from 0, and the way from a sentence to their numbers.
///
/// The first three are special: `[PAD]`, `[UNK]` and `[CLS]`; where pairs of sentences are encoded, `[SEP]` is the fourth. The
/// others follow by falling frequency in the texts the
/// vocabulary was built from, those of equal frequency by their bytes: the same texts in any order give the same
/// vocabulary. Build it from the training split alone.
public struct Vocabulary: Sendable {
  /// Fills sequences up to the length of the longest in a batch.
  public static let padding: Int32 = 0
  /// Stands for every word that is not in the vocabulary.
  public static let unknown: Int32 = 1
  /// Begins a sequence; its state is what `[CLS]` pooling reads.
  public static let classification: Int32 = 2
  public static let specialTokens = ["[PAD]", "[UNK]", "[CLS]"]
  /// Ends each sentence of a pair.
  public static let separatorToken = "[SEP]"

  /// The tokens, by number; the special ones first.
  public let tokens: [String]
  public let tokenizer: Tokenizer
  private let table: TokenTable

  public var count: Int { tokens.count }

  /// The number of ``separatorToken``; nil where there is none. No word can be it: the tokenizer takes brackets apart.
  public var separator: Int32? {
    let place = Self.specialTokens.count
    return tokens.count > place && tokens[place] == Self.separatorToken ? Int32(place) : nil
  }

  /// Tokens that stand for no word.
  public var specialCount: Int { Self.specialTokens.count + (separator == nil ? 0 : 1) }

  /// Builds a vocabulary from texts; linear in their length.
  ///
  /// - Parameters:
  ///   - minimumCount: Words that occur less often are left out.
  ///   - maximumSize: The most tokens to keep, special ones included; nil keeps all.
  ///   - hasSeparator: Whether there is a `[SEP]`, for pairs of sentences.
  /// - Throws: `BasinError` (`.usage`) for a minimum below 1 or a maximum below the special tokens.
  public init(
    texts: some Sequence<String>, tokenizer: Tokenizer = Tokenizer(), minimumCount: Int = 1, maximumSize: Int? = nil,
    hasSeparator: Bool = false
  ) throws {
    let special = Self.specialTokens + (hasSeparator ? [Self.separatorToken] : [])
    guard minimumCount >= 1 else {
      throw BasinError.usage("a minimum count of \(minimumCount)", advice: "Use 1 or more")
    }
    if let maximumSize, maximumSize < special.count {
      throw BasinError.usage(
        "a vocabulary of at most \(maximumSize)", advice: "Use \(special.count) or more: so many tokens are special")
    }
    var seen = TokenTable()
    var counts: [Int] = []
    for text in texts {
      tokenizer.forEachToken(in: text) { token in
        let number = Int(seen.insert(token))
        if number == counts.count { counts.append(1) } else { counts[number] += 1 }
        return true
      }
    }
    let order = counts.indices.filter { counts[$0] >= minimumCount }.sorted { first, second in
      counts[first] == counts[second]
        ? seen.bytes(first).lexicographicallyPrecedes(seen.bytes(second)) : counts[first] > counts[second]
    }
    let kept = order.prefix(maximumSize.map { $0 - special.count } ?? order.count)
    self.init(unchecked: special + kept.map { String(decoding: seen.bytes($0), as: UTF8.self) }, tokenizer)
  }

  /// Takes tokens in the order of their numbers, the special ones first.
  ///
  /// - Throws: `BasinError` (`.badData`) if the first three are not the special tokens, or for a token that is empty,
  ///   holds white space, or comes twice.
  public init(tokens: [String], tokenizer: Tokenizer = Tokenizer()) throws {
    guard tokens.starts(with: Self.specialTokens) else {
      throw BasinError.badData(
        "a vocabulary begins with \(Self.specialTokens.joined(separator: ", "))",
        place: "token 0", advice: "Use a vocabulary that Basin wrote")
    }
    var known = Set<[UInt8]>()
    for (number, token) in tokens.enumerated() {
      guard !token.isEmpty, !token.unicodeScalars.contains(where: \.properties.isWhitespace) else {
        throw BasinError.badData(
          "a token is empty or holds white space", place: "token \(number)",
          advice: "Use a vocabulary that Basin wrote")
      }
      // By bytes: String compares by canonical equivalence, under which two different tokens may be one.
      guard known.insert(Array(token.utf8)).inserted else {
        throw BasinError.badData(
          "token \(token.debugDescription) comes twice", place: "token \(number)",
          advice: "Use a vocabulary that Basin wrote")
      }
    }
    self.init(unchecked: tokens, tokenizer)
  }

  private init(unchecked tokens: [String], _ tokenizer: Tokenizer) {
    var table = TokenTable()
    for token in tokens {
      var token = token
      token.withUTF8 { _ = table.insert($0) }
    }
    self.tokens = tokens
    self.tokenizer = tokenizer
    self.table = table
  }

  /// The number of a token, ``unknown`` if it is not in the vocabulary.
  public func number(of token: String) -> Int32 {
    var token = token
    let number = token.withUTF8 { table.find($0) }
    return number < 0 ? Self.unknown : number
  }

  /// The numbers of a sentence's tokens, cut after `maximumLength`; what is cut is not even looked at.
  ///
  /// - Parameter addsClassification: Whether the sequence begins with ``classification``, which counts for the length.
  ///   Without it, a sentence that has no tokens gives an empty sequence.
  public func encode(_ text: String, maximumLength: Int = .max, addsClassification: Bool = true) -> [Int32] {
    var numbers: [Int32] = []
    append(text, to: &numbers, maximumLength: maximumLength, addsClassification: addsClassification)
    return numbers
  }

  /// Encodes many sentences into one flat buffer.
  public func encode(
    _ texts: some Sequence<String>, maximumLength: Int = .max, addsClassification: Bool = true
  ) -> TokenSequences {
    var sequences = TokenSequences()
    for text in texts {
      append(text, to: &sequences.tokens, maximumLength: maximumLength, addsClassification: addsClassification)
      sequences.offsets.append(sequences.tokens.count)
    }
    return sequences
  }

  private func append(_ text: String, to numbers: inout [Int32], maximumLength: Int, addsClassification: Bool) {
    guard maximumLength > 0 else { return }
    var room = maximumLength
    if addsClassification {
      numbers.append(Self.classification)
      room -= 1
    }
    guard room > 0 else { return }
    tokenizer.forEachToken(in: text) { token in
      let number = table.find(token)
      numbers.append(number < 0 ? Self.unknown : number)
      room -= 1
      return room > 0
    }
  }
}

extension Vocabulary: Equatable {
  public static func == (first: Self, second: Self) -> Bool {
    first.tokenizer == second.tokenizer && first.tokens.elementsEqual(second.tokens) { $0.utf8.elementsEqual($1.utf8) }
  }
}
