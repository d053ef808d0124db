/// Splits a sentence into lower-case words and punctuation marks, as is usual for TREC and SST-2 from scratch.
///
/// - A word is a run of letters, digits and combining marks of any script; ideographs stand alone.
/// - English clitics are words of their own, as in the Penn Treebank and in Kim's `clean_str`: `it's` gives `it 's`,
///   `don't` gives `do n't`; also `'re 've 'll 'd 'm`. Text that is split already stays as it is. Other apostrophes
///   inside a word stay (`o'clock`). A typographic apostrophe counts as a plain one.
/// - A point or comma between digits belongs to the number (`3.5`, `1,000`).
/// - Everything else visible is a token; a run of one ASCII mark is one token of at most three (`--`, `...`, `''`).
/// - White space and control characters separate; invisible format characters are left out.
/// - A word is cut after ``longestToken`` bytes. Text is not normalized: composed and decomposed accents differ.
///
/// Works on UTF-8 bytes, in linear time, without allocating a token.
public struct Tokenizer: Sendable, Equatable {
  /// In bytes of UTF-8.
  public static let longestToken = 64

  public var lowercases: Bool

  public init(lowercases: Bool = true) { self.lowercases = lowercases }

  /// The tokens of a sentence, each one to ``longestToken`` bytes long, none with white space in it.
  public func tokens(in text: String) -> [String] {
    var tokens: [String] = []
    forEachToken(in: text) { token in
      tokens.append(String(decoding: token, as: UTF8.self))
      return true
    }
    return tokens
  }

  /// Calls `body` with the bytes of each token in turn, until it returns false. The bytes are valid during the call
  /// only.
  public func forEachToken(in text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Bool) {
    var text = text
    text.withUTF8 { bytes in
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longestToken) { word in
        var pass = TokenizerPass(bytes: bytes, word: word, lowercases: lowercases)
        pass.run(body)
      }
    }
  }
}
