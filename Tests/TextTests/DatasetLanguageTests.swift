import Foundation
import PluginAPI
import Testing
import Text

@Suite("Running text")
struct DatasetLanguageTests {
  private func corpus(
    _ files: [String: String], _ settings: [String: String] = [:], name: String = "corpus", isFile: Bool = false
  ) throws -> LanguageDataset {
    try ReaderTestData.withFolder { folder in
      for (file, text) in files { try ReaderTestData.write(text, to: folder + "/" + file) }
      let source = name == "corpus"
        ? DataSource(name: name, path: isFile ? folder + "/" + (files.keys.first ?? "") : folder) : DataSource(name: name, root: folder)
      return try LanguageDataset(.init(settings: settings, of: name), source: source, random: Random(seed: 0))
    }
  }

  @Test func wordsAndLines() throws {
    let data = try corpus(["train.txt": " the cat sat \n\nthe <unk>\tcat\r\nthe end"], ["length": "3"])
    #expect(data.words?.tokens == ["<eos>", "<unk>", "the", "cat", "end", "sat"])
    // the cat sat <eos> <eos> the <unk> cat <eos> the end <eos>
    let whole: [Int64] = [2, 3, 5, 0, 0, 2, 1, 3, 0, 2, 4, 0]
    #expect(data.count(.train) == 4 && data.count(.validation) == 0)
    let (input, target) = try data.batch([0, 1, 2, 3], of: .train, augmentation: nil)
    #expect(input.offsets == [0, 3, 6, 9, 11])
    #expect(try input.tokens.values(Int64.self) == Array(whole.dropLast()))
    #expect(try target.values(Int64.self) == Array(whole.dropFirst()))
    #expect(data.facts.task == .nextToken(vocabulary: 6) && data.facts.shape.padding == -1)
    #expect(data.metrics.map(\.name) == ["perplexity"])
    let other = try data.batch([3, 1], of: .train, augmentation: nil)
    #expect(try other.input.tokens.values(Int64.self) == [2, 4, 0, 0, 2] && other.target.values(Int64.self) == [4, 0, 0, 2, 1])
    #expect(ReaderTestData.failure { try data.batch([4], of: .train, augmentation: nil) }?.kind == .internalError)
    #expect(ReaderTestData.failure { try data.batch([0], of: .test, augmentation: nil) }?.kind == .internalError)
  }

  /// Every word but the first is a target once, whatever the length.
  @Test func nothingIsLeftOut() throws {
    let text = (0..<23).map { "w\($0 % 7)" }.joined(separator: " ")
    for length in 1...30 {
      let data = try corpus(["train.txt": text], ["length": "\(length)"])
      let (input, target) = try data.batch(Array(0..<data.count(.train)), of: .train, augmentation: nil)
      let tokens = try input.tokens.values(Int64.self), next = try target.values(Int64.self)
      #expect(tokens.count == 23 && next.count == 23 && Array(tokens.dropFirst()) == Array(next.dropLast()), "\(length)")
      #expect(input.lengths.dropLast().allSatisfy { $0 == length } && (1...length).contains(input.lengths.last ?? 0))
    }
  }

  @Test func splitsShareTheWordsOfTraining() throws {
    let data = try corpus(["train.txt": "a b a\n", "valid.txt": "a c\n", "test.txt": "b b\n"], ["length": "8"])
    #expect(data.count(.validation) == 1 && data.count(.test) == 1 && data.files.count == 3)
    #expect(try data.batch([0], of: .validation, augmentation: nil).target.values(Int64.self) == [1, 0])
    let rare = try corpus(["train.txt": "a b a\n"], ["minimumCount": "2"])
    #expect(rare.words?.tokens == ["<eos>", "<unk>", "a"])
    let few = try corpus(["train.txt": "a b a\n"], ["maximumVocabulary": "3"])
    #expect(few.words?.tokens == ["<eos>", "<unk>", "a"])
    let file = try corpus(["mine.txt": "one two three"], isFile: true)
    #expect(file.count(.train) == 1 && file.files.count == 1)
    let inspection = try data.inspection()
    #expect(inspection.examples == ["train": 1, "validation": 1, "test": 1])
    #expect(inspection.warnings.map(\.message).contains("validation has 3 tokens, 1 of them <unk>"))
  }

  @Test func whatIsMissingIsNamed() throws {
    let half = ReaderTestData.failure { try corpus(["wikitext-2/valid.txt": "a b\n", "wikitext-2/test.txt": "a\n"], name: "wikitext-2") }
    #expect(half?.kind == .missingInput && half?.message.contains("wiki.train.tokens or train.txt") == true)
    #expect(half?.advice?.contains("dataset.trainOn=validation") == true)
    let there = try corpus(
      ["wikitext-2/valid.txt": "a b\n", "wikitext-2/test.txt": "a\n"], ["trainOn": "validation"], name: "wikitext-2")
    #expect(there.count(.train) == 1 && there.count(.validation) == 0 && there.count(.test) == 1)
    let none = ReaderTestData.failure { try corpus(["other.txt": "a"], name: "ptb") }
    #expect(none?.kind == .missingInput && none?.message.contains("/text/ptb/ptb.train.txt") == true)
    #expect(none?.message.contains("ptb.zip") == true)
    #expect(ReaderTestData.failure { try corpus(["valid.txt": "a b"]) }?.message == "there is no train.txt")
    for text in ["", "\n", "a"] {
      let error = ReaderTestData.failure { try corpus(["train.txt": text], ["minimumCount": text == "a" ? "2" : "1"]) }
      #expect(error?.kind == .badData, "\(text.debugDescription): \(String(describing: error))")
    }
    #expect(try corpus(["train.txt": "a"]).count(.train) == 1)
    #expect(ReaderTestData.failure { try corpus(["train.txt": "a \u{0}b"]) }?.place == "line 1, byte 2")
  }

  @Test(.enabled(if: ReaderTestData.has("text/ptb/ptb.zip"))) func anArchiveReadAsItIs() throws {
    let root = try #require(ReaderTestData.root)
    let data = try LanguageDataset(
      .init(settings: ["length": "35"], of: "ptb"), source: DataSource(name: "ptb", root: root), random: Random(seed: 0))
    #expect(data.facts.shape.vocabulary == 10_000)
    #expect(data.count(.train) == (929_589 - 2) / 35 + 1 && data.count(.validation) == (73_760 - 2) / 35 + 1)
    #expect(data.files == [root + "/text/ptb/ptb.zip"])
    let bytes = try #require(FileManager.default.contents(atPath: root + "/text/ptb/ptb.zip"))
    for (count, name) in [(bytes.count / 2, "half"), (100, "start"), (0, "nothing")] {
      try ReaderTestData.withFolder { folder in
        try ReaderTestData.write(Array(bytes.prefix(count)), to: folder + "/ptb/ptb.zip")
        let error = ReaderTestData.failure {
          try LanguageDataset(.init(), source: DataSource(name: "ptb", root: folder), random: Random(seed: 0))
        }
        #expect(error?.kind == .badData && error?.file == folder + "/ptb/ptb.zip", "\(name): \(String(describing: error))")
      }
    }
  }
}
