import Foundation
import PluginAPI
import Testing
import Text

@Suite("Pairs of sentences, numbers and JSON lines")
struct DatasetPairTests {
  private func table(
    _ text: String, _ name: String = "csv", _ settings: [String: String] = [:]
  ) throws -> LabelledTableDataset {
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(text, to: folder + "/data.\(name)")
      return try LabelledTableDataset(
        .init(settings: settings, of: "data set \(name)"), source: DataSource(name: name, path: folder + "/data.\(name)"),
        random: Random(seed: 0))
    }
  }

  private static let pairs = "sentence1,sentence2,label\na red fox,a fox,yes\nblue sky,the fox,no\nred,red red,yes\n"

  @Test func pairsAreOneSequenceWithSegments() throws {
    var data = try table(Self.pairs)
    try data.fit(training: [0, 1, 2])
    // red 4 and fox 3 times, a twice, then by their bytes.
    #expect(data.corpus.vocabulary?.tokens == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "fox", "a", "blue", "sky", "the"])
    let input = try data.batch([1, 0], of: .train, augmentation: nil).input
    #expect(try input.tokens.values(Int64.self) == [2, 7, 8, 3, 9, 5, 3, 2, 6, 4, 5, 3, 6, 5, 3])
    #expect(try input.segments?.values(Int64.self) == [0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1])
    #expect(input.offsets == [0, 7, 15])
    #expect(data.facts.shape.vocabulary == 10 && data.facts.classNames == ["no", "yes"])
    // A single sentence has neither.
    var single = try table("text,label\na red fox,yes\nblue,no\n")
    try single.fit(training: [0, 1])
    #expect(try single.batch([0], of: .train, augmentation: nil).input.segments == nil)
    #expect(single.corpus.vocabulary?.separator == nil)
  }

  @Test func columnsOfPairs() throws {
    let odd = "id;q;a;ok\n1;what;this;1\n2;who;me;0\n3;why;so;1\n"
    let data = try table(odd, "csv", ["delimiter": "semicolon", "textColumn": "q", "pairColumn": "a", "labelColumn": "ok"])
    #expect(data.corpus.splits.train.texts == ["what", "who", "why"] && data.corpus.splits.train.pairs == ["this", "me", "so"])
    let numbered = try table("x\tu\tv\nx\tw\tz\ny\tu\tw\n", "tsv", ["header": "no", "textColumn": "2", "pairColumn": "3", "labelColumn": "1", "delimiter": "tab"])
    #expect(numbered.corpus.splits.train.pairs == ["v", "z", "w"])
    func refused(_ settings: [String: String], _ words: String...) {
      let error = ReaderTestData.failure { try table(Self.pairs, "csv", settings) }
      #expect(error?.kind == .usage)
      for word in words { #expect(error.map { "\($0)".contains(word) } == true, "\(String(describing: error))") }
    }
    refused(["textColumn": "sentense1", "labelColumn": "label"], "no column \"sentense1\"", "Did you mean 'sentence1'?")
    refused(["textColumn": "sentence1", "pairColumn": "sentence1"], "both as first and as second")
    refused(["textColumn": "sentence1", "pairColumn": "label", "labelColumn": "label"], "both as text and as label")
    let empty = ReaderTestData.failure { try table("sentence1,sentence2,label\na,b,x\nc,,y\n") }
    #expect(empty?.kind == .badData && empty?.place == "line 3, column 3")
  }

  /// The lengths that are left are those that taking off tokens one at a time leaves.
  @Test func truncationIsLongestFirst() throws {
    let words = (0..<12).map { "w\($0)" }
    let vocabulary = try Vocabulary(texts: words, hasSeparator: true)
    for a in 0...12 {
      for b in 0...12 {
        for maximum in 5...20 {
          var (first, second) = (a, b)
          while first + second > maximum - 3 { if first > second { first -= 1 } else { second -= 1 } }
          let sequence = try vocabulary.encode(
            [words.prefix(a).joined(separator: " ")], pairs: [words.prefix(b).joined(separator: " ")], maximumLength: maximum)
          #expect(sequence.count == 1 && sequence.tokens.count == first + second + 3)
          let ends = sequence.tokens.indices.filter { sequence.tokens[$0] == vocabulary.separator }
          // Which of two equally long ones loses the odd token is a matter of taste.
          #expect(ends.count == 2 && (ends[0] == first + 1 || (a > maximum / 2 - 2 && b > maximum / 2 - 2)), "\(a) \(b) \(maximum)")
          #expect(sequence.segments.count { $0 == 0 } == ends[0] + 1 && sequence.segments.count == sequence.tokens.count)
        }
      }
    }
    #expect(ReaderTestData.failure { try vocabulary.encode(["a"], pairs: ["b"], maximumLength: 4) }?.kind == .usage)
    let plain = try Vocabulary(texts: words)
    #expect(ReaderTestData.failure { try plain.encode(["a"], pairs: ["b"]) }?.kind == .internalError)
  }

  @Test func aVocabularyWithSeparatorSurvivesItsFile() throws {
    let vocabulary = try Vocabulary(texts: ["a b [SEP] b"], hasSeparator: true)
    #expect(vocabulary.separator == 3 && vocabulary.specialCount == 4 && vocabulary.number(of: "b") == 4)
    try ReaderTestData.withFolder { folder in
      try vocabulary.write(to: folder + "/vocabulary.txt")
      #expect(try Vocabulary(contentsOf: folder + "/vocabulary.txt") == vocabulary)
    }
    #expect(ReaderTestData.failure { try Vocabulary(texts: ["a"], maximumSize: 3, hasSeparator: true) }?.kind == .usage)
  }

  @Test func numbersAreTargets() throws {
    let text = "text,score\nfine film,4.5\nbad,-1\nfair film,2e0\n"
    var data = try table(text, "csv", ["task": "regression"])
    try data.fit(training: [0, 1, 2])
    #expect(data.facts.task == .regression(outputs: 1) && data.facts.classNames.isEmpty && data.labels(.train) == nil)
    #expect(data.metrics.map(\.name) == ["pearson", "spearman"])
    let target = try data.batch([2, 0], of: .train, augmentation: nil).target
    #expect(target.shape == [2, 1])
    #expect(try target.values(Float.self) == [2, 4.5])
    let inspection = try data.inspection()
    #expect(inspection.classes == nil && inspection.examples == ["train": 3])
    for bad in ["nan", "inf", "x", "1e40"] {
      let error = ReaderTestData.failure { try table("text,score\na,1\nb,\(bad)\n", "csv", ["task": "regression"]) }
      #expect(error?.kind == .badData && error?.place == "line 3, column 3" && error?.message.contains(bad) == true)
    }
    // The same column as classes would be a class a row.
    #expect(ReaderTestData.failure { try table("text,label\na,4.5\nb,4.5\n") }?.kind == .badData)
  }

  @Test func jsonLines() throws {
    let text = """
      {"text": "a \\u00e9 fox", "label": 1, "more": [1, 2]}

      {"label": 0, "text": " sky\\nblue ", "more": null}
      {"text": "red", "label": 1, "extra": {"a": 1}}
      """
    let data = try table(text, "jsonl")
    #expect(data.corpus.splits.train.texts == ["a é fox", " sky\nblue ", "red"])
    #expect(data.corpus.splits.train.labels == [1, 0, 1] && data.facts.classNames == ["0", "1"])
    let flags = try table("{\"text\":\"a\",\"label\":true}\n{\"text\":\"b\",\"label\":false}\n", "jsonl")
    #expect(flags.facts.classNames == ["false", "true"])
    let pairs = try table(
      "{\"premise\":\"a\",\"hypothesis\":\"b\",\"score\":0.5}\n{\"premise\":\"c\",\"hypothesis\":\"d\",\"score\":1}\n", "jsonl",
      ["task": "regression"])
    #expect(pairs.corpus.splits.train.pairs == ["b", "d"] && pairs.corpus.splits.train.values == [0.5, 1])
    for (bad, place, word) in [
      ("{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\"}\n", "line 2, column 1", "no \"label\""),
      ("{\"text\":\"a\",\"label\":1}\n{\"text\":[1],\"label\":1}\n", "line 2, column 1", "no text, number or boolean"),
      ("{\"text\":\"a\",\"label\":1}\n  [1]\n", "line 2, column 3", "no JSON object"),
      ("{\"text\":\"a\",\"label\":1}\n{\"text\":\n{\"text\":\"b\",\"label\":1}\n", "line 2, column 9", "found the end of the line"),
      ("{\"text\":\"a\",\"label\":1}\n{\"text\":\" \",\"label\":1}\n", "line 2, column 1", "no text"),
    ] {
      let error = ReaderTestData.failure { try table(bad, "jsonl") }
      #expect(error?.kind == .badData && error?.place == place && error?.message.contains(word) == true, "\(String(describing: error))")
    }
    #expect(ReaderTestData.failure { try table("{\"txt\":\"a\",\"label\":1}\n{\"txt\":\"b\",\"label\":0}\n", "jsonl", ["textColumn": "text"]) }?.advice?.contains("'txt'") == true)
  }

  @Test func aLabelThatTrainingDoesNotKnow() throws {
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write("{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"y\"}\n", to: folder + "/train.jsonl")
      try ReaderTestData.write("{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"c\",\"label\":\"z\"}\n", to: folder + "/test.jsonl")
      let error = ReaderTestData.failure {
        try LabelledTableDataset(.init(), source: DataSource(name: "jsonl", path: folder), random: Random(seed: 0))
      }
      #expect(error?.kind == .badData && error?.place == "line 2, column 1")
      #expect(error?.file?.hasSuffix("test.jsonl") == true && error?.message.contains("\"z\"") == true)
    }
  }

  @Test func agNews() throws {
    let text = "\"3\",\"A \"\"title\"\"\",\"second\\team, it\"\n\"4\",\"\",\"only this\"\n\"1\",\" a \",\"b  \"\n"
    let data = try AGNewsReader.read(ReaderTestData.utf8(text))
    // Title, a space, description, whatever they are.
    #expect(data.texts == ["A \"title\" second\\team, it", " only this", " a  b  "] && data.labels == [2, 3, 0])
    for (bad, place) in [
      ("\"5\",\"a\",\"b\"\n", "line 1, column 2"), ("\"1\",\"a\"\n", "line 1, column 1"), ("\"1\",\"\",\" \"\n", "line 1, column 6"),
      ("", "line 1, column 1"), ("class,title,text\n", "line 1, column 1"),
    ] {
      let error = ReaderTestData.failure { try AGNewsReader.read(ReaderTestData.utf8(bad)) }
      #expect(error?.kind == .badData && error?.place == place, "\(String(describing: error))")
    }
  }
}
