import Foundation
import PluginAPI
import Testing
import Text

/// Running text as the tokens of a subword tokenizer: the file as it stands, as GPT-2 was trained.
@Suite("Running text as subwords")
struct DatasetLanguageSubwordTests {
  private static let text = "The cat sat. \n\n It sat, and the cats sat\ttoo\n \n \u{e9}t\u{e9} \n"

  private func withCorpus<T>(_ settings: [String: String], _ body: (LanguageDataset, String) throws -> T) throws -> T {
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(Self.text, to: folder + "/train.txt")
      try ReaderTestData.write("The cats\n", to: folder + "/valid.txt")
      let settings = settings.mapValues { $0.replacingOccurrences(of: "FOLDER", with: folder) }
      let data = try LanguageDataset(
        .init(settings: settings, of: "corpus"), source: DataSource(name: "corpus", path: folder), random: Random(seed: 0))
      return try body(data, folder)
    }
  }

  private func tokens(_ data: LanguageDataset, _ split: Split) throws -> [Int] {
    let (input, target) = try data.batch(Array(0..<data.count(split)), of: split, augmentation: nil)
    return try [Int(input.tokens.values(Int64.self)[0])] + target.values(Int64.self).map(Int.init)
  }

  @Test func trainedOnTheText() throws {
    try withCorpus(["tokenizer": "bpe", "vocabularySize": "265", "length": "4"]) { data, _ in
      #expect(data.words == nil && data.facts.shape.vocabulary == 265 && data.facts.task == .nextToken(vocabulary: 265))
      // Line ends and blanks are tokens like others.
      #expect(try data.text(tokens(data, .train)) == Self.text)
      #expect(try data.text(tokens(data, .validation)) == "The cats\n")
      #expect(try data.text(data.promptTokens(" cats \n")) == " cats \n")
      // GPT-2's end of a text, which the text itself does not have.
      #expect(data.endToken == 0)
      #expect(try data.text([0]) == "<|endoftext|>")
      #expect(try data.promptTokens("") == [0])
      let train = try tokens(data, .train), validation = try tokens(data, .validation)
      #expect(!train.contains(0))
      #expect(try data.inspection().warnings.map(\.message).contains("validation has \(validation.count) tokens"))
    }
  }

  /// The tokenizer's own special tokens and truncation are for sentences.
  @Test func nothingAroundTheText() throws {
    try withCorpus(["tokenizer": "bpe", "vocabularySize": "265"]) { trained, folder in
      for (name, data) in try trained.exportedFiles() { try ReaderTestData.write(Array(data), to: "\(folder)/own/\(name)") }
      let path = folder + "/own/tokenizer.json"
      var file = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
      file["truncation"] = ["direction": "Right", "max_length": 3, "strategy": "LongestFirst", "stride": 0]
      try JSONSerialization.data(withJSONObject: file).write(to: URL(fileURLWithPath: path))
      let read = try LanguageDataset(
        .init(settings: ["tokenizer": folder + "/own"], of: "corpus"), source: DataSource(name: "corpus", path: folder),
        random: Random(seed: 0))
      #expect(try tokens(read, .train) == tokens(trained, .train))
      #expect(read.facts.task == trained.facts.task)
      #expect(read.endToken == trained.endToken)
      let pieces = try LanguageDataset(
        .init(settings: ["tokenizer": "wordpiece", "vocabularySize": "40"], of: "corpus"),
        source: DataSource(name: "corpus", path: folder), random: Random(seed: 0))
      let tokenizer = try pieces.text(tokens(pieces, .validation))
      #expect(tokenizer == "the cats" && pieces.endToken == nil, "\(tokenizer)")
      #expect(ReaderTestData.failure { try pieces.promptTokens("") }?.kind == .usage)
    }
  }

  @Test func whatIsExported() throws {
    try withCorpus([:]) { data, _ in
      let files = Dictionary(uniqueKeysWithValues: try data.exportedFiles().map { ($0.name, String(decoding: $0.data, as: UTF8.self)) })
      #expect(files.keys.sorted() == ["generation_config.json", "tokenizer.json", "tokenizer_config.json"])
      #expect(files["tokenizer.json"]?.contains("\"<eos>\": 0") == true && files["tokenizer_config.json"]?.contains("<unk>") == true)
      #expect(files["generation_config.json"]?.contains("\"eos_token_id\": 0") == true)
    }
    // A folder that says everything is passed on as it is; one that leaves something to guess is written anew.
    try withCorpus(["tokenizer": "bpe"]) { trained, folder in
      for (name, data) in try trained.exportedFiles() { try ReaderTestData.write(Array(data), to: "\(folder)/own/\(name)") }
      func exported() throws -> [String: String] {
        let data = try LanguageDataset(
          .init(settings: ["tokenizer": folder + "/own"], of: "corpus"), source: DataSource(name: "corpus", path: folder),
          random: Random(seed: 0))
        return Dictionary(uniqueKeysWithValues: try data.exportedFiles().map { ($0.name, String(decoding: $0.data, as: UTF8.self)) })
      }
      try ReaderTestData.write("{\"tokenizer_class\": \"GPT2Tokenizer\"}", to: folder + "/own/tokenizer_config.json")
      #expect(try exported()["tokenizer_config.json"]?.contains("GPT2Tokenizer") == true)
      try FileManager.default.removeItem(atPath: folder + "/own/tokenizer_config.json")
      let written = try #require(exported()["tokenizer_config.json"])
      #expect(written.contains("PreTrainedTokenizerFast") && written.contains("\"eos_token\": \"<|endoftext|>\""))
    }
  }
}
