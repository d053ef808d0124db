import PluginAPI
import Testing
import Text

@Suite("SourceText and UTF-8")
struct ReaderSourceTextTests {
  @Test(
    arguments: [
      ([0x80], 0), ([0x61, 0xFF], 1), ([0xC0, 0x80], 0), ([0xC1, 0xBF], 0), ([0xE0, 0x9F, 0xBF], 0),
      ([0xED, 0xA0, 0x80], 0),
      ([0xF0, 0x8F, 0xBF, 0xBF], 0), ([0xF4, 0x90, 0x80, 0x80], 0), ([0xF5, 0x80, 0x80, 0x80], 0),
      ([0x61, 0xE2, 0x82], 1),
      ([0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0xC3], 8), ([0xE2, 0x28, 0xA1], 0),
      ([0xF0, 0x9F, 0x98, 0x61], 0),
    ] as [([UInt8], Int)])
  func findsTheFirstBadByte(bytes: [UInt8], expected: Int) {
    #expect(UTF8Check.firstBadByte(in: bytes) == expected)
  }

  @Test func agreesWithTheStandardLibrary() {
    var random = TestRandom(state: 11)
    // Bytes near the limits of the table, so that many sequences are nearly right.
    let interesting: [UInt8] = [
      0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5,
    ]
    var good = 0
    for _ in 0..<40_000 {
      let bytes = (0..<random.below(6) + 1).map { _ in interesting[random.below(interesting.count)] }
      let isGood = String(validating: bytes, as: UTF8.self) != nil
      #expect((UTF8Check.firstBadByte(in: bytes) == nil) == isGood, "\(bytes)")
      good += isGood ? 1 : 0
    }
    #expect(good > 1000)
    #expect(UTF8Check.firstBadByte(in: Array("plain, é, €, 😀, \u{10FFFF}, \u{D7FF}, \u{E000}".utf8)) == nil)
  }

  @Test func namesLineAndByteOfWhatIsNotUTF8() {
    let error = ReaderTestData.failure {
      try SourceText(Array("a\nb\n".utf8) + [0xE9, 0x0A], file: "x.tsv", encoding: .utf8)
    }
    #expect(error?.kind == .badData)
    #expect(error?.file == "x.tsv")
    #expect(error?.place == "line 3, byte 4")
    #expect(error?.message.contains("0xe9") == true)
  }

  @Test func refusesNULAndUTF16() {
    #expect(
      ReaderTestData.failure { try SourceText([0x61, 0x0A, 0x00], file: "x", encoding: .latin1) }?.place
        == "line 2, byte 2")
    #expect(
      ReaderTestData.failure { try SourceText([0xFF, 0xFE, 0x61, 0], file: "x", encoding: .utf8) }?.message
        .contains("UTF-16") == true)
  }

  @Test func splitsLinesAndSkipsTheByteOrderMark() throws {
    let source = try ReaderTestData.utf8("\u{FEFF}one\r\n\ntwo\nthree")
    #expect(source.lines().map(source.string) == ["one", "", "two", "three"])
    #expect(source.place(of: 3) == "line 1, column 1")
    #expect(source.place(of: 9) == "line 3, column 1")
  }

  @Test func latin1IsEveryByteACodePoint() throws {
    let source = try SourceText([0x63, 0x6C, 0x69, 0x63, 0x68, 0xE9, 0xFF], file: "x", encoding: .latin1)
    #expect(source.string(0..<7) == "clich\u{E9}\u{FF}")
  }

  @Test func missingFilesFoldersAndDevicesAreNotRead() throws {
    #expect(
      ReaderTestData.failure { try SourceText(contentsOf: "/nowhere/x.csv", encoding: .utf8) }?.kind == .missingInput)
    #expect(ReaderTestData.failure { try SourceText(contentsOf: "/dev/zero", encoding: .utf8) }?.kind == .missingInput)
    try ReaderTestData.withFolder { folder in
      #expect(ReaderTestData.failure { try SourceText(contentsOf: folder, encoding: .utf8) }?.kind == .missingInput)
    }
  }

  @Test func labelledSentencesCheckTheirCounts() {
    #expect(ReaderTestData.failure { try LabelledSentences(texts: ["a"], labels: [], classNames: ["x"]) } != nil)
    #expect(ReaderTestData.failure { try LabelledSentences(texts: ["a"], labels: [1], classNames: ["x"]) } != nil)
    #expect(ReaderTestData.failure { try LabelledSentences(texts: ["a"], labels: [-1], classNames: ["x"]) } != nil)
  }
}
