import PluginAPI
import Testing
import Text

@Suite("Text to predict")
struct ReaderUnlabelledTests {
  private func read(
    _ text: String, _ format: UnlabelledTextReader.Format = .lines, _ options: LabelledTableReader.Options = .init(),
    name: String? = nil, isPair: Bool = false
  ) throws -> UnlabelledSentences {
    try UnlabelledTextReader.read(
      ReaderTestData.utf8(text, file: "in.\(format.rawValue)"), format: format, options: options, name: name, isPair: isPair)
  }

  @Test func aSentenceALine() throws {
    #expect(try read("one, \"two\"\r\n three\tfour \nlast").texts == ["one, \"two\"", " three\tfour ", "last"])
    #expect(try read("a b\tc\nd\te f\n", isPair: true) == UnlabelledSentences(texts: ["a b", "d"], pairs: ["c", "e f"]))
    #expect(try read(" a \t b \r\n", isPair: true) == UnlabelledSentences(texts: [" a "], pairs: [" b "]))
    for (text, isPair, place) in [
      ("a\n\nb\n", false, "line 2, column 1"), ("a\n  \n", false, "line 2, column 1"), ("", false, "line 1"),
      ("a\tb\nc\n", true, "line 2, column 1"), ("a\tb\tc\n", true, "line 1, column 1"), ("a\t \n", true, "line 1, column 3"),
    ] {
      let error = ReaderTestData.failure { try read(text, isPair: isPair) }
      #expect(error?.kind == .badData && error?.place == place, "\(text.debugDescription): \(String(describing: error))")
    }
  }

  @Test func tables() throws {
    let table = "id,text,label\nx7,\"a, b\",1\nx9,c,0\n"
    #expect(try read(table, .csv) == UnlabelledSentences(texts: ["a, b", "c"]))
    #expect(try read(table, .csv, name: "id").names == ["x7", "x9"])
    #expect(try read(table, .csv, name: "1").names == ["x7", "x9"])
    #expect(try read("id,text\n x7 , a b \n", .csv, name: "id") == UnlabelledSentences(texts: [" a b "], names: ["x7"]))
    #expect(try read("{\"text\":\" a\\n\"}\n", .jsonl).texts == [" a\n"])
    #expect(try read("text\none\ntwo\n", .csv).texts == ["one", "two"])
    #expect(try read("one\ntwo\n", .csv).texts == ["one", "two"])
    #expect(try read("q\ta\n1\t2\n", .tsv, .init(textColumns: ["q"], pairColumn: "a"), isPair: true).pairs == ["2"])
    #expect(try read("{\"sentence1\":\"a\",\"sentence2\":\"b\"}\n", .jsonl, isPair: true).pairs == ["b"])
    func refused(
      _ text: String, _ options: LabelledTableReader.Options = .init(), name: String? = nil, isPair: Bool = false, saying word: String
    ) {
      let error = ReaderTestData.failure { try read(text, .csv, options, name: name, isPair: isPair) }
      #expect(error.map { "\($0)".contains(word) } == true, "\(String(describing: error))")
    }
    refused(table, .init(textColumns: ["tekst"]), saying: "Did you mean 'text'?")
    refused(table, isPair: true, saying: "no second column is named")
    refused("sentence1,sentence2\na,b\n", saying: "trained on single ones")
    refused(table, name: "di", saying: "no column \"di\"")
    refused("a,b,c\n1,2,3\n", saying: "cannot tell which column holds the text")
    refused("a,b,c\n1,2,3\n", saying: "--set input.textColumn=")
    refused("text;x\n\"a\";1\n", saying: "--set input.delimiter=semicolon")
    refused("text,x\n \t,1\n", saying: "the row has no text")
    refused("text,x\n,1\n", saying: "the row has no text")
    refused("text,x\na\n", saying: "expected 2 fields")
    refused("text,x\n", saying: "no rows")
    refused("", saying: "no rows")
  }

  /// A data set of two rows, and the folder it lies in.
  private func withTable(_ table: String, _ settings: [String: String], _ body: (LabelledTableDataset, String) throws -> Void) throws {
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(table, to: folder + "/data.csv")
      var data = try LabelledTableDataset(
        .init(settings: settings, of: "csv"), source: DataSource(name: "csv", path: folder + "/data.csv"), random: Random(seed: 0))
      try data.fit(training: [0, 1])
      try body(data, folder)
    }
  }

  /// A tokenizer that sees every byte gets of a line what it gets of the same text in the data set.
  @Test func tokensAreThoseOfTheDataSet() throws {
    let table = "text,label\nred fox,x\nred fox ,y\n"
    try withTable(table, ["tokenizer": "bpe", "vocabularySize": "300"]) { data, folder in
      let own = try (0...1).map { try data.batch([$0], of: .train, augmentation: nil).input.tokens.values(Int64.self) }
      #expect(own[0].count < own[1].count)
      for (name, text) in [
        ("new.txt", "red fox\nred fox \n"), ("new.csv", "text\nred fox\nred fox \n"),
        ("new.tsv", "text\tn\nred fox\t1\nred fox \t2\n"), ("new.jsonl", "{\"text\":\"red fox\"}\n{\"text\":\"red fox \"}\n"),
      ] {
        try ReaderTestData.write(text, to: folder + "/" + name)
        let examples = try data.unlabelled(file: folder + "/" + name, UnlabelledTextOptions())
        #expect(try (0...1).map { try examples.batch([$0]).tokens.values(Int64.self) } == own, "\(name)")
      }
    }
  }

  /// Columns named for the run's own table are those of the new one, where it has them.
  @Test func columnsAreThoseOfTheDataSet() throws {
    let table = "id,body,mood\n1,red fox,x\n2,dog,y\n"
    try withTable(table, ["textColumn": "body", "labelColumn": "mood"]) { data, folder in
      let own = try data.batch([1], of: .train, augmentation: nil).input.tokens.values(Int64.self)
      func tokens(_ text: String, _ settings: [String: String] = [:]) throws -> [Int64] {
        try ReaderTestData.write(text, to: folder + "/new.csv")
        return try data.unlabelled(file: folder + "/new.csv", .init(settings: settings, of: "input")).batch([0]).tokens.values(Int64.self)
      }
      #expect(try tokens("number,body,title\n7,dog,fox\n") == own)
      #expect(try tokens("number,body,title\n7,fox,dog\n", ["textColumn": "title"]) == own)
      // Another usual name, or none at all.
      #expect(try tokens("text\ndog\n") == own)
      #expect(try tokens("dog\nfox\n") == own)
      let error = try #require(ReaderTestData.failure { try tokens("number,title\n7,dog\n") })
      #expect(error.kind == .usage && error.message.contains("body"), "\(error)")
    }
  }

  @Test func formatsByTheirEnding() throws {
    try ReaderTestData.withFolder { folder in
      for (name, text) in [("a.txt", "x y\n"), ("a.TSV", "text\tn\nx y\t1\n"), ("a.ndjson", "{\"text\":\"x y\"}\n"), ("a", "x y\n")] {
        try ReaderTestData.write(text, to: folder + "/" + name)
        #expect(try UnlabelledTextReader.read(path: folder + "/" + name, isPair: false).texts == ["x y"], "\(name)")
      }
      try ReaderTestData.write([0x61, 0x0A, 0xFF], to: folder + "/bad.txt")
      let error = ReaderTestData.failure { try UnlabelledTextReader.read(path: folder + "/bad.txt", isPair: false) }
      #expect(error?.place == "line 2, byte 2" && error?.kind == .badData)
    }
  }
}
