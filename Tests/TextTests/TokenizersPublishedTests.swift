import Foundation
import PluginAPI
import Testing
import Text

/// The published vocabularies on every line of the published data sets.
@Suite("Published tokenizers", .enabled(if: ReaderTestData.has("tokenizer")))
struct TokenizersPublishedTests {
  private struct Golden: Decodable {
    let text: String
    let token_ids: [Int32]
    let decoded_text: String?
  }

  /// The lines of a file as the fixture's script takes them: UTF-8, else Latin-1.
  private func lines(_ path: String) throws -> [String] {
    let data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let parts = data.split(separator: 0x0A, omittingEmptySubsequences: false)
    if UTF8Check.firstBadByte(in: data) == nil { return parts.map { String(decoding: $0, as: UTF8.self) } }
    return parts.map { part in
      var text = String.UnicodeScalarView()
      for byte in part { text.append(Unicode.Scalar(byte)) }
      return String(text)
    }
  }

  private func file(_ name: String) throws -> String {
    try String(contentsOfFile: #require(ReaderTestData.root) + "/tokenizer/" + name, encoding: .utf8)
  }

  private func roberta(_ more: [String: String] = [:]) throws -> SubwordTokenizer {
    // This copy of the dictionary has more made-up words than RoBERTa's.
    let dictionary = try file("fairseq-gpt2_bpe/dict.txt").split(separator: "\n").prefix(50260).joined(separator: "\n")
    let files = [
      "encoder.json": try file("gpt2/encoder.json"), "vocab.bpe": try file("gpt2/vocab.bpe"), "dict.txt": dictionary,
    ]
    return try tokenizer(files.merging(more) { $1 })
  }

  @Test(arguments: ["gpt2", "roberta", "roberta-prefix", "bert", "bert-cased"])
  func everyLineOfEveryFile(_ name: String) throws {
    let root = try #require(ReaderTestData.root)
    let read: SubwordTokenizer =
      switch name {
      case "gpt2": try SubwordTokenizer(contentsOf: root + "/tokenizer/gpt2-hf")
      case "roberta": try roberta()
      case "roberta-prefix": try roberta(["tokenizer_config.json": #"{"add_prefix_space": true}"#])
      case "bert": try SubwordTokenizer(contentsOf: root + "/tokenizer/bert-base-uncased")
      default: try SubwordTokenizer(contentsOf: root + "/tokenizer/bert-base-uncased/vocab.txt", lowercases: false)
      }
    let files = try TokenizersFixture.stored.get().files
    #expect(files.count > 30)
    for (path, entry) in files.sorted(by: { $0.key < $1.key }) {
      guard FileManager.default.fileExists(atPath: root + "/" + path) else { continue }
      let lines = try lines(root + "/" + path)
      guard case .number(let count) = entry["lines"], case .text(let expected) = entry[name] else {
        Issue.record("the fixture lacks \(name) for \(path)")
        continue
      }
      #expect(lines.count == count, "\(path)")
      let packed = try read.encode(lines, wantsSpans: true)
      let spans = try #require(packed.spans)
      var (numbers, offsets) = (Checksum(), Checksum())
      for index in lines.indices {
        let range = packed.offsets[index]..<packed.offsets[index + 1]
        numbers.add(range.count)
        for place in range { numbers.add(packed.ids[place]) }
        for place in range { numbers.add(packed.segments?[place] ?? 0) }
        for place in range {
          offsets.add(spans[place].lowerBound)
          offsets.add(spans[place].upperBound)
        }
      }
      #expect(numbers.hexadecimal + offsets.hexadecimal == expected, "\(path)")
    }
  }

  @Test func goldensOfOtherProjects() throws {
    let root = try #require(ReaderTestData.root) + "/tokenizer/"
    for (folder, name) in [
      ("gpt2-hf", "gpt2_encoded_tokens"), ("gpt2", "gpt2_encoded_tokens_coreml"),
      ("bert-base-uncased", "bert_uncased_encoded"),
    ] {
      let read = try SubwordTokenizer(contentsOf: root + folder)
      let data = try Data(contentsOf: URL(fileURLWithPath: root + "expected/\(name).json"))
      let golden = try JSONDecoder().decode(Golden.self, from: data)
      #expect(try read.encode(golden.text).ids == golden.token_ids, "\(name)")
      if folder == "gpt2-hf" { #expect(read.decode(golden.token_ids) == golden.text) }
    }
  }

  @Test func robertaByFairseq() throws {
    let read = try roberta()
    #expect(read.vocabularySize == 50265)
    #expect(read.id(of: "<mask>") == 50264 && read.specialTokens.mask == 50264 && read.specialTokens.padding == 1)
    let encoding = try read.encode("Hello world", pair: "it's <mask>.")
    #expect(encoding.ids == [0, 31414, 232, 2, 2, 405, 18, 50264, 4, 2])
    #expect(read.decode(encoding.ids) == "Hello worldit's.")
    #expect(read.token(31414) == "Hello")
    // Written and read again it is the same.
    let again = try tokenizer(String(decoding: read.json(), as: UTF8.self))
    #expect(try again.encode("Hello world", pair: "it's <mask>.") == encoding)
  }

  @Test func bytesOfEveryKindComeBack() throws {
    let read = try roberta()
    var random = TestRandom(state: 7)
    for _ in 0..<300 {
      var text = String.UnicodeScalarView()
      for _ in 0..<random.below(40) {
        guard let scalar = Unicode.Scalar(UInt32(random.below(0x110000))) else { continue }
        text.append(scalar)
      }
      let string = String(text)
      #expect(Array(read.decode(try read.encode(string, addsSpecialTokens: false).ids).utf8) == Array(string.utf8))
    }
  }
}
