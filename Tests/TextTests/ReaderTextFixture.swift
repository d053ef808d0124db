import Foundation
import PluginAPI
import Testing
import Text

/// Counts and checksums of what the reference reads from the published files (Tests/Parity/make_text_reading.py).
struct ReaderTextFixture: Decodable {
  let count, bytes: Int
  let crc32: UInt32

  /// By data set and split.
  static func read() throws -> [String: [String: ReaderTextFixture]] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let data = try Data(contentsOf: folder.appendingPathComponent("Parity/Fixtures/text-reading.json"))
    // The size of a vocabulary stands among the splits.
    return try JSONDecoder().decode([String: [String: Entry]].self, from: data).mapValues { $0.compactMapValues(\.part) }
  }

  private struct Entry: Decodable {
    let part: ReaderTextFixture?
    init(from decoder: any Decoder) throws { part = try? ReaderTextFixture(from: decoder) }
  }

  /// Expects these lines, each of them with a line end.
  func expect(_ lines: [String], _ name: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let data = Array(lines.joined(separator: "\n").utf8) + (lines.isEmpty ? [] : [0x0A])
    #expect(lines.count == count && data.count == bytes, "\(name)", sourceLocation: sourceLocation)
    #expect(Self.checksum(data) == crc32, "\(name)", sourceLocation: sourceLocation)
  }

  /// zlib's CRC-32.
  static func checksum(_ data: [UInt8]) -> UInt32 {
    var table = [UInt32](repeating: 0, count: 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1 }
      table[byte] = value
    }
    var sum = UInt32.max
    for byte in data { sum = table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ (sum >> 8) }
    return ~sum
  }

  /// As the fixture's script writes them.
  static func lines(_ sentences: LabelledSentences) -> [String] {
    (0..<sentences.count).map { index -> String in
      var fields = [sentences.texts[index]]
      if let pairs = sentences.pairs { fields.append(pairs[index]) }
      if let values = sentences.values {
        fields.append(String(format: "%.3f", Double(values[index])))
      } else {
        fields.append(String(sentences.labels[index]))
      }
      return fields.joined(separator: "\t")
    }
  }

  static func lines(_ sentences: UnlabelledSentences) -> [String] {
    (0..<sentences.count).map { index -> String in
      var fields = [sentences.texts[index]]
      if let pairs = sentences.pairs { fields.append(pairs[index]) }
      if let names = sentences.names { fields.append(names[index]) }
      return fields.joined(separator: "\t")
    }
  }
}

/// The published files give what the reference reads from them, byte for byte.
@Suite("Published text, against the reference", .enabled(if: ReaderTestData.has("text/glue")))
struct ReaderReferenceTests {
  @Test(arguments: [GLUETask.cola, .sst2, .mrpc, .rte, .stsb])
  func glue(_ task: GLUETask) throws {
    let root = try #require(ReaderTestData.root)
    let expected = try #require(try ReaderTextFixture.read()[task.rawValue])
    let splits = try GLUEReader.read(dataRoot: root, task: task)
    try #require(expected["train"]).expect(ReaderTextFixture.lines(splits.train), "\(task) train")
    try #require(expected["test"]).expect(ReaderTextFixture.lines(#require(splits.test)), "\(task) test")
    #expect(splits.validation == nil && splits.notes.isEmpty)
    let source = try SourceText(contentsOf: root + "/text/glue/\(task.folder)/test.tsv", encoding: .utf8)
    try #require(expected["unlabelled"]).expect(
      ReaderTextFixture.lines(GLUEReader.readUnlabelled(source, task: task)), "\(task) unlabelled")
  }

  @Test func rawMRPC() throws {
    let expected = try #require(try ReaderTextFixture.read()["mrpc-raw"])
    let splits = try MRPCRawReader.read(dataRoot: #require(ReaderTestData.root))
    try #require(expected["train"]).expect(ReaderTextFixture.lines(splits.train), "train")
    try #require(expected["validation"]).expect(ReaderTextFixture.lines(#require(splits.validation)), "validation")
    try #require(expected["test"]).expect(ReaderTextFixture.lines(#require(splits.test)), "test")
  }

  @Test func agNewsSubset() throws {
    let root = try #require(ReaderTestData.root)
    let splits = try AGNewsReader.readSubset(dataRoot: root)
    try #require(try ReaderTextFixture.read()["ag-news-subset"]?["train"]).expect(ReaderTextFixture.lines(splits.train), "train")
    #expect((0..<4).map { label in splits.train.labels.count { $0 == Int32(label) } } == [1900, 1900, 1900, 1900])
    if !FileManager.default.fileExists(atPath: root + "/text/ag_news_csv/train.csv") {
      let error = ReaderTestData.failure { try AGNewsReader.read(dataRoot: root) }
      #expect(error?.kind == .missingInput && error?.message.contains("train.csv") == true)
      #expect(error?.advice?.contains("ag-news-subset") == true)
    }
  }

  @Test(arguments: ["ptb", "wikitext-2"]) func runningText(_ name: String) throws {
    let root = try #require(ReaderTestData.root)
    let expected = try #require(try ReaderTextFixture.read()[name])
    let corpus = try #require(LanguageFiles.Corpus(rawValue: name))
    let files = try LanguageFiles.find(corpus, dataRoot: root)
    for (split, source) in [("train", files.train), ("validation", files.validation), ("test", files.test)] {
      guard let part = expected[split] else { continue }
      let source = try #require(source)
      let words = RunningText.Words(source)
      part.expect(words.encode(source).map { words.tokens[Int($0)] }, "\(name) \(split)")
      if name == "ptb", split == "train" { #expect(words.count == 10_000) }
      if name == "wikitext-2", split == "validation" { #expect(words.count == 13_777) }
    }
  }
}
