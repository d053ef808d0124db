import Foundation
import PluginAPI
import Testing
import Text

@Suite("Data sets with subword tokenizers")
struct DatasetSubwordTests {
  private static let rows = "sentence1,sentence2,label\n"
    + (0..<40).map { "the film number \($0) was fine,a film was \($0 % 2 == 0 ? "fine" : "dull"),\($0 % 2)\n" }.joined()

  private func data(_ settings: [String: String], _ rows: String = rows) throws -> LabelledTableDataset {
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(rows, to: folder + "/data.csv")
      var data = try LabelledTableDataset(
        .init(settings: settings, of: "csv"), source: DataSource(name: "csv", path: folder + "/data.csv"), random: Random(seed: 0))
      try data.fit(training: Array(0..<data.count(.train)))
      return data
    }
  }

  @Test(arguments: ["bpe", "wordpiece"]) func trained(_ kind: String) throws {
    let data = try data(["tokenizer": kind, "vocabularySize": "300", "maximumLength": "20"])
    let vocabulary = data.facts.shape.vocabulary
    #expect(vocabulary <= 300 && vocabulary > 20 && data.corpus.vocabulary == nil)
    let input = try data.batch([3, 0], of: .train, augmentation: nil).input
    #expect(input.count == 2 && input.lengths.allSatisfy { (5...20).contains($0) })
    let tokens = try input.tokens.values(Int64.self)
    #expect(tokens.allSatisfy { (0..<Int64(vocabulary)).contains($0) })
    // BERT's pairs have types, RoBERTa's have not.
    #expect((input.segments != nil) == (kind == "wordpiece"))
    let short = try self.data(["tokenizer": kind, "vocabularySize": "300", "maximumLength": "8"])
    #expect(try short.batch([0], of: .train, augmentation: nil).input.lengths == [8])
    #expect(try data.inspection().examples == ["train": 40])
  }

  /// A tokenizer that is read gives what it gives by itself.
  @Test func fromAFile() throws {
    var trainer = SubwordTrainer()
    trainer.vocabularySize = 300
    let tokenizer = try trainer.wordPiece(from: ["the film was fine", "a dull film number"])
    try ReaderTestData.withFolder { folder in
      try tokenizer.save(to: folder + "/tokenizer.json")
      for path in [folder, folder + "/tokenizer.json"] {
        let data = try data(["tokenizer": path, "maximumLength": "12"])
        let input = try data.batch([5], of: .train, augmentation: nil).input
        let train = data.corpus.splits.train
        let expected = try tokenizer.encode(train.texts[5], pair: train.pairs?[5], maximumLength: 12)
        #expect(try input.tokens.values(Int64.self) == expected.ids.map(Int64.init))
        #expect(try input.segments?.values(Int64.self) == expected.segments.map(Int64.init))
        #expect(data.facts.shape.vocabulary == tokenizer.vocabularySize && data.facts.shape.padding == 0)
      }
    }
    let error = ReaderTestData.failure { try data(["tokenizer": "word"]) }
    #expect(error?.kind == .usage && error?.advice?.contains("'words'") == true)
  }
}
