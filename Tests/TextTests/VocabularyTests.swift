import Foundation
import PluginAPI
import Testing
import Text

@Suite("Tokenizer")
struct TokenizerTests {
  @Test(arguments: [
    ("Who was Galileo ?", "who was galileo ?"), ("it's, they've; we'll", "it 's , they 've ; we 'll"),
    ("don't CAN'T n't", "do n't ca n't n't"), ("I'm she'd you're", "i 'm she 'd you 're"),
    ("it’s “Don't”", "it 's “ do n't ”"),
    ("o'clock O'Neill rock 'n' roll", "o'clock o'neill rock ' n ' roll"),
    ("1,000.5 3. .5 a.b", "1,000.5 3 . . 5 a . b"),
    ("well-made--or not...", "well - made -- or not ..."), ("!!!!!! ?? `` ''", "!!! ?? `` ''"),
    ("cliché ÉTÉ straße", "cliché été straße"),
    ("北京 2008", "北 京 2008"), ("a\u{AD}b c\u{200B}d", "ab cd"), ("a\u{A0}b\u{85}c\u{2028}d", "a b c d"), ("", ""),
    (" \t\r\n", ""),
    ("😀😀", "😀 😀"), ("e\u{301}t", "e\u{301}t"), ("U.S.", "u . s ."), ("the dogs' tails", "the dogs ' tails"), ("'", "'"),
    ("'stop 'tis", "' stop ' tis"), ("$5 & <br/>", "$ 5 & < br / >"),
  ])
  func splits(text: String, expected: String) {
    #expect(Tokenizer().tokens(in: text) == expected.split(separator: " ").map(String.init))
  }

  @Test func caseCanBeKept() {
    #expect(Tokenizer(lowercases: false).tokens(in: "DON'T It'S É") == ["DO", "N'T", "It", "'S", "É"])
  }

  @Test func longWordsAreCut() {
    let tokens = Tokenizer().tokens(
      in: String(repeating: "x", count: 1_000_000) + " " + String(repeating: "é", count: 40) + "!")
    #expect(tokens == [String(repeating: "x", count: 64), String(repeating: "é", count: 32), "!"])
  }

  @Test func stopsWhenTold() {
    var seen = 0
    Tokenizer().forEachToken(in: "a b, c don't") { _ in
      seen += 1
      return seen < 3
    }
    #expect(seen == 3)
  }

  /// Splitting what is split already changes nothing; no token is empty, long or holds white space.
  @Test func splittingTwiceIsSplittingOnce() {
    let pieces = [
      "a", "N", "n't", "'", "’", "s", "t", "ll", "re", " ", "  ", "1", ".", ",", "-", "é", "İ", "京", "“", "!", "`",
      "\u{200D}", "\n",
    ]
    var random = TestRandom(state: 3)
    for _ in 0..<5000 {
      // One apostrophe a text: chains such as an'tn't, which no English has, give a token that would split again.
      var hasApostrophe = false
      let text = (0..<random.below(10)).map { _ in
        let piece = pieces[random.below(pieces.count)]
        let isApostrophe = piece.unicodeScalars.contains { $0 == "'" || $0 == "’" }
        defer { hasApostrophe = hasApostrophe || isApostrophe }
        return isApostrophe && hasApostrophe ? " " : piece
      }.joined()
      let tokens = Tokenizer().tokens(in: text)
      #expect(Tokenizer().tokens(in: tokens.joined(separator: " ")) == tokens, "\(text.debugDescription)")
      for token in tokens {
        #expect((1...64).contains(token.utf8.count) && !token.unicodeScalars.contains { $0.properties.isWhitespace })
      }
    }
  }
}

@Suite("Vocabulary")
struct VocabularyTests {
  private let texts = ["b a c", "a b ! a", "d b"]

  @Test func ordersByFrequencyThenBytes() throws {
    let vocabulary = try Vocabulary(texts: texts)
    #expect(vocabulary.tokens == ["[PAD]", "[UNK]", "[CLS]", "a", "b", "!", "c", "d"])
    #expect(try Vocabulary(texts: texts.reversed()) == vocabulary)
    #expect(try Vocabulary(texts: texts, minimumCount: 2).tokens.dropFirst(3) == ["a", "b"])
    #expect(try Vocabulary(texts: texts, maximumSize: 6).tokens.dropFirst(3) == ["a", "b", "!"])
    #expect(try Vocabulary(texts: texts, maximumSize: 3).count == 3)
    #expect(try Vocabulary(texts: [String]()).count == 3)
    #expect(ReaderTestData.failure { try Vocabulary(texts: texts, minimumCount: 0) }?.kind == .usage)
    #expect(ReaderTestData.failure { try Vocabulary(texts: texts, maximumSize: 2) }?.kind == .usage)
  }

  @Test func encodesAndCuts() throws {
    let vocabulary = try Vocabulary(texts: texts)
    #expect(vocabulary.encode("A zebra, b!") == [2, 3, 1, 1, 4, 5])
    #expect(vocabulary.encode("a b c d", maximumLength: 3) == [2, 3, 4])
    #expect(vocabulary.encode("a b c d", maximumLength: 3, addsClassification: false) == [3, 4, 6])
    #expect(vocabulary.encode("a", maximumLength: 1) == [2])
    #expect(vocabulary.encode("a", maximumLength: 0) == [])
    #expect(vocabulary.encode("a", maximumLength: -1) == [])
    #expect(vocabulary.encode("") == [2])
    #expect(vocabulary.encode("[PAD] [CLS]").allSatisfy { $0 != Vocabulary.padding })
    let sequences = vocabulary.encode(["a b", "", "d c a"], maximumLength: 3)
    #expect(sequences.count == 3 && sequences.offsets == [0, 3, 4, 7] && sequences.tokens == [2, 3, 4, 2, 2, 7, 6])
    #expect(Array(sequences[2]) == [2, 7, 6])
  }

  @Test func everyTokenOfTheTextsIsKnown() throws {
    var random = TestRandom(state: 8)
    // More words than the table has slots at first, so that it grows.
    let texts = (0..<3000).map { _ in (0..<6).map { _ in "w\(random.below(9000))" }.joined(separator: " ") }
    let vocabulary = try Vocabulary(texts: texts)
    #expect(vocabulary.count > 5000)
    #expect(vocabulary.count == Set(texts.flatMap { $0.split(separator: " ") }).count + 3)
    for text in texts {
      let words = vocabulary.encode(text, addsClassification: false).map { vocabulary.tokens[Int($0)] }
      #expect(words.joined(separator: " ") == text)
    }
    for (number, token) in vocabulary.tokens.enumerated() { #expect(vocabulary.number(of: token) == Int32(number)) }
    #expect(vocabulary.number(of: "zebra") == Vocabulary.unknown)
  }

  @Test func composedAndDecomposedAreTwoTokens() throws {
    let vocabulary = try Vocabulary(texts: ["\u{E9} e\u{301}"])
    #expect(vocabulary.count == 5)
    try ReaderTestData.withFolder { folder in
      try vocabulary.write(to: folder + "/v.txt")
      #expect(try Vocabulary(contentsOf: folder + "/v.txt") == vocabulary)
    }
  }

  @Test func isWrittenAsLinesAndReadBack() throws {
    let vocabulary = try Vocabulary(texts: texts + ["été '' don't 北"])
    try ReaderTestData.withFolder { folder in
      let path = folder + "/vocabulary.txt"
      try vocabulary.write(to: path)
      #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("[PAD]\n[UNK]\n[CLS]\na\nb\n"))
      #expect(try Vocabulary(contentsOf: path) == vocabulary)
      #expect(ReaderTestData.failure { try vocabulary.write(to: folder + "/no/such/v.txt") }?.kind == .cannotCreate)
      #expect(ReaderTestData.failure { try Vocabulary(contentsOf: folder + "/none.txt") }?.kind == .missingInput)
    }
  }

  @Test(arguments: [
    ("", "line 1"), ("a\nb\nc\n", "line 1"), ("[PAD]\n[UNK]\n[CLS]\na\nb\na\n", "line 6"),
    ("[PAD]\n[UNK]\n[CLS]\n\na\n", "line 4"),
    ("[PAD]\n[UNK]\n[CLS]\na b\n", "line 4"), ("[PAD]\n[UNK]\n[CLS]\n[PAD]\n", "line 4"),
  ])
  func damagedFiles(text: String, place: String) {
    let error = ReaderTestData.failure { try Vocabulary(ReaderTestData.utf8(text, file: "v.txt")) }
    #expect(error?.kind == .badData && error?.file == "v.txt" && error?.place == place, "\(String(describing: error))")
  }
}
