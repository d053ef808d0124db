import PluginAPI
import Testing
import Text

@Suite("CSV and TSV")
struct ReaderTableTests {
  typealias Options = LabelledTableReader.Options

  private func read(_ text: String, file: String = "data.csv", _ options: Options = Options()) throws
    -> LabelledSentences
  {
    try LabelledTableReader.read(ReaderTestData.utf8(text, file: file), options: options)
  }

  @Test func quotesLineEndsAndDoubledQuotes() throws {
    let text =
      "\u{FEFF}text,label\r\n\"a, \"\"b\"\"\",x\r\n\"two\nlines\",y\r\n plain 5\" nail ,\"x\"\r\n\r\n\"\"\"\"\"\",y"
    let data = try read(text)
    #expect(data.texts == ["a, \"b\"", "two\nlines", " plain 5\" nail ", "\"\""])
    #expect(data.classNames == ["x", "y"])
    #expect(data.labels == [0, 1, 0, 1])
  }

  @Test func fieldsAreExact() throws {
    let source = try ReaderTestData.utf8("a,,\"\",\" q \"\r1,2,3,4\n")
    let table = try DelimitedTable(source, delimiter: 0x2C, quoting: true)
    #expect(table.rows == 2 && table.columns == 4)
    #expect((0..<4).map { table.string(row: 0, column: $0) } == ["a", "", "", " q "])
    #expect(table.offset(row: 1, column: 2) == 16)
    let raw = try DelimitedTable(source, delimiter: 0x2C, quoting: false)
    #expect((0..<4).map { raw.string(row: 0, column: $0) } == ["a", "", "\"\"", "\" q \""])
    #expect(try DelimitedTable(ReaderTestData.utf8(""), delimiter: 0x2C, quoting: true).rows == 0)
    #expect(try DelimitedTable(ReaderTestData.utf8("a,b,"), delimiter: 0x2C, quoting: true).columns == 3)
    for bad: UInt8 in [0, 0x0A, 0x0D, 0x22, 0xC3] {
      #expect(ReaderTestData.failure { try DelimitedTable(source, delimiter: bad, quoting: true) }?.kind == .usage)
    }
  }

  /// Byte-level tokens are made of it. Labels and names of columns lose it.
  @Test func whiteSpaceOfTextsStays() throws {
    let data = try read(" text , label \n  two  , x \n\"\tq\"\" \",y\n")
    #expect(data.texts == ["  two  ", "\tq\" "] && data.classNames == ["x", "y"] && data.labels == [0, 1])
    let pairs = try read("sentence1,sentence2,label\na , b,x\nc,d,y\n")
    #expect(pairs.texts == ["a ", "c"] && pairs.pairs == [" b", "d"])
    let joined = try read("title,body,label\n a , b ,x\nc, ,y\n", Options(textColumns: ["title", "body"]))
    #expect(joined.texts == [" a   b ", "c"])
    let objects = try read(
      #"{"text": " a ", "label": " x "}"# + "\n" + #"{"text": "b\n", "label": "y"}"# + "\n", file: "data.jsonl")
    #expect(objects.texts == [" a ", "b\n"] && objects.classNames == ["x", "y"])
  }

  /// Writing fields as RFC 4180 says and reading them back gives the fields.
  @Test func roundTrip() throws {
    var random = TestRandom(state: 5)
    let pieces = ["a", "\"", ",", "\n", "\r\n", " ", "é", "", "\"\"", "\t"]
    for _ in 0..<500 {
      let columns = random.below(4) + 2
      let rows = (0..<random.below(5) + 1).map { _ in
        (0..<columns).map { _ in (0..<random.below(5)).map { _ in pieces[random.below(pieces.count)] }.joined() }
      }
      let text = rows.map { row in
        row.map { field in
          let mustQuote = field.utf8.contains { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }
          guard mustQuote || random.below(3) == 0 else { return field }
          return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        }.joined(separator: ",")
      }.joined(separator: random.below(2) == 0 ? "\n" : "\r\n")
      let table = try DelimitedTable(ReaderTestData.utf8(text), delimiter: 0x2C, quoting: true)
      let found = (0..<table.rows).map { row in (0..<columns).map { table.string(row: row, column: $0) } }
      #expect(found == rows, "\(text.debugDescription)")
    }
  }

  @Test func columnsByNameByNumberAndByThemselves() throws {
    let named = "id,category,body,title\n1,b,long one,First\n2,a,long two,Second\n"
    let expected = ["First long one", "Second long two"]
    for options in [
      Options(textColumns: ["title", "body"], labelColumn: "category"), Options(textColumns: ["title", "3"]),
      Options(hasHeader: true, textColumns: ["4", "3"], labelColumn: "2"),
    ] {
      let data = try read(named, options)
      #expect(data.texts == expected && data.classNames == ["a", "b"] && data.labels == [1, 0], "\(options)")
    }
    #expect(try read("Label,Sentence\nx,one\ny,two\n").texts == ["one", "two"])
    let bare = try read("one,x\ntwo,y\nthree,x\n")
    #expect(bare.texts == ["one", "two", "three"] && bare.labels == [0, 1, 0])
    #expect(try read("x,one\ny,two\nx,three\n").texts == ["one", "two", "three"])
    #expect(try read("x\tone\ny\ttwo \"q\nx\tthree\n", file: "a.TSV").texts == ["one", "two \"q", "three"])
    #expect(try read("x;one, two\ny;two\nx;three\n", Options(delimiter: 0x3B)).texts[0] == "one, two")
    // Told that there is no header, the names are a row like any other.
    #expect(try read("text,label\none,x\ntwo,x\n", Options(hasHeader: false, labelColumn: "2")).count == 3)
  }

  @Test func classesAreSortedByNumberOrByBytes() throws {
    #expect(try read("a,10\nb,9\nc,2\n", Options(labelColumn: "2")).classNames == ["2", "9", "10"])
    #expect(try read("a,é\nb,z\nc,B\nd,a\n", Options(labelColumn: "2")).classNames == ["B", "a", "z", "é"])
  }

  @Test(arguments: [
    ("text,label\na,x\nb\n", "line 3, column 1", "expected 2 fields as in the first row, found 1"),
    ("text,label\na,x\nb,y,z\n", "line 3, column 5", "found 3"),
    ("text,label\n\"a\nb\",x\nc,\n", "line 4, column 3", "the label is empty"),
    ("text,label\n\" \",x\n", "line 2, column 2", "has no text"),
    ("text,label\na,x\n\"b,y\nc,z\n", "line 3, column 1", "never closed"),
    ("text,label\na,x\n\"b\"c,y\n", "line 3, column 4", "behind the closing quote"),
    ("text,label\n", "line 2, column 1", "a header but no rows"), ("", "line 1", "no rows"),
    ("\n\r\n", "line 1", "no rows"),
    ("only one column\nx\n", "line 1, column 1", "found one field"),
  ])
  func damage(text: String, place: String, message: String) {
    let error = ReaderTestData.failure { try read(text) }
    #expect(error?.kind == .badData)
    #expect(error?.file == "data.csv")
    #expect(error?.place == place)
    #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    #expect(error?.advice != nil)
  }

  @Test func columnsThatAreNotClear() {
    #expect(ReaderTestData.failure { try read("1,a,b\n2,c,d\n") }?.kind == .usage)
    #expect(ReaderTestData.failure { try read("a,b\nc,d\n") }?.kind == .usage)
    #expect(
      ReaderTestData.failure { try read("text,label\na,x\n", Options(labelColumn: "lable")) }?.advice?
        .contains("\"label\"") == true)
    #expect(ReaderTestData.failure { try read("a,x\nb,y\n", Options(labelColumn: "3")) }?.kind == .usage)
    #expect(
      ReaderTestData.failure { try read("a,x\nb,y\n", Options(textColumns: ["2"], labelColumn: "2")) }?.kind == .usage)
    #expect(
      ReaderTestData.failure { try read("text,text,label\na,b,x\n", Options(textColumns: ["text"])) }?.kind == .usage)
  }

  @Test func whichColumnIsNotClearIsTold() throws {
    func refused(
      _ text: String, file: String = "data.csv", _ options: Options = Options(), saying message: String, advising words: [String],
      butNot others: [String] = []
    ) {
      let error = ReaderTestData.failure { try read(text, file: file, options) }
      let isTold = error?.message.hasPrefix("cannot tell which " + message) == true
      #expect(error?.kind == .usage && isTold, "\(String(describing: error))")
      let advice = error?.advice ?? ""
      for word in words { #expect(advice.contains(word), "\(text.debugDescription): \(advice)") }
      for word in others { #expect(!advice.contains(word), "\(text.debugDescription): \(advice)") }
    }
    let regression = "--set dataset.task=regression"
    // The numbers repeat, so that a guess from the values would take the header for an example.
    let scores = "text,score\nfine,4.5\nbad,1\nfair,4.5\n"
    refused(
      scores, saying: "column holds the label; the first row is \"text\", \"score\"",
      advising: ["--set dataset.labelColumn=score;", regression, "--set dataset.header=no"], butNot: ["textColumn"])
    refused(
      "sentence1,sentence2,score\na,b,1\nc,d,2\n", saying: "column holds the label;",
      advising: ["--set dataset.labelColumn=score;", regression], butNot: ["textColumn"])
    refused(
      "text,mood\na,up\nb,down\nc,up\n", saying: "column holds the label;", advising: ["--set dataset.labelColumn=mood;"],
      butNot: [regression])
    refused(
      "text,stars\na,1\nb,1\n", Options(isRegression: true), saying: "column holds the label;",
      advising: ["--set dataset.labelColumn=stars;"], butNot: [regression])
    refused(
      "body,label\na,x\nb,y\nc,x\n", saying: "column holds the text;", advising: ["--set dataset.textColumn=body;"],
      butNot: ["labelColumn", regression])
    refused(
      "1,a,b\n2,c,d\n", saying: "columns hold the text and the label;",
      advising: ["--set dataset.textColumn=", "--set dataset.labelColumn="], butNot: [regression])
    refused(
      "a,b,7\nc,d,8\n", Options(textColumns: ["1"], pairColumn: "2"), saying: "column holds the label;",
      advising: ["--set dataset.labelColumn=3;", regression], butNot: ["header=no"])
    refused(
      #"{"id": "k", "text": "a", "score": 2}"#, file: "data.jsonl", saying: "column holds the label; the columns are \"id\"",
      advising: ["--set dataset.labelColumn=score;", regression])
    // Told that there is no header, or where the word is a label, the values decide as ever.
    #expect(try read(scores, Options(hasHeader: false)).count == 4)
    #expect(try read("Who?,question\nI go.,statement\nWhy?,question\n").texts == ["Who?", "I go.", "Why?"])
  }

  @Test func anotherDelimiterIsAdvised() {
    func advice(_ text: String, file: String = "data.csv") -> String? {
      let error = ReaderTestData.failure { try read(text, file: file) }
      #expect(error?.kind == .badData)
      return error?.advice
    }
    for text in [
      "text;label\na;x\nb;y\n", "\r\ntext;label\na, b;x\nc;y\n", "\"a, b\";x\nc;y\n", "text;label\n\"a\";x\n",
    ] {
      #expect(advice(text)?.contains("--set dataset.delimiter=semicolon") == true, "\(text.debugDescription)")
    }
    #expect(advice("text|label\na|x\n")?.contains("--set dataset.delimiter=pipe") == true)
    #expect(advice("text,label\na,x\n", file: "a.tsv")?.contains("--set dataset.delimiter=comma") == true)
    // Where commas do separate, and where there is nothing to choose.
    for text in ["text,label\n\"b\"c,y\n", "text,label\na;b,x\nb;c\n", "text\na\n"] {
      #expect(advice(text)?.contains("--set") == false, "\(text.debugDescription)")
    }
    let news = ReaderTestData.failure { try AGNewsReader.read(ReaderTestData.utf8("\"1\";\"a\";\"b\"\n")) }
    #expect(news?.advice == "Double the quotes inside a quoted field")
  }

  @Test func labelsThatAreNoClasses() {
    let prices = (0..<50).map { "text \($0 % 7),\($0).5" }.joined(separator: "\n")
    #expect(
      ReaderTestData.failure { try read(prices, Options(labelColumn: "2")) }?.message.hasPrefix("50 different") == true)
    #expect(ReaderTestData.failure { try read("a,x\nb,x\n") }?.message.contains("every row") == true)
  }

  @Test func foldersOfSplits() throws {
    try ReaderTestData.withFolder { folder in
      #expect(
        ReaderTestData.failure { try LabelledTableReader.read(path: folder) }?.message.contains("train.tsv") == true)
      #expect(ReaderTestData.failure { try LabelledTableReader.read(path: folder + "/no.csv") }?.kind == .missingInput)
      try ReaderTestData.write("text,label\na,y\nb,x\n", to: folder + "/train.csv")
      try ReaderTestData.write("label\ttext\ny\tc\n", to: folder + "/dev.tsv")
      var splits = try LabelledTableReader.read(path: folder)
      #expect(splits.validation?.labels == [1] && splits.validation?.classNames == ["x", "y"] && splits.test == nil)
      try ReaderTestData.write("text,label\nd,x\n", to: folder + "/test.csv")
      splits = try LabelledTableReader.read(path: folder)
      #expect(splits.test?.labels == [0] && splits.files.count == 3)
      try ReaderTestData.write("text,label\nd,x\nd,w\n", to: folder + "/test.csv")
      let error = ReaderTestData.failure { try LabelledTableReader.read(path: folder) }
      #expect(error?.place == "line 3, column 3" && error?.file == folder + "/test.csv")
      #expect(error?.message.contains("\"w\"") == true)
      #expect(try LabelledTableReader.read(path: folder + "/train.csv").test == nil)
    }
  }

  /// Each format takes its own files of every split, whatever lies beside them.
  @Test func aFolderOfSeveralFormats() throws {
    func splits(_ name: String, _ folder: String) throws -> TextSplits {
      // As the module registers it.
      let settings = name == "tsv" ? ["delimiter": "tab"] : [:]
      return try LabelledTableDataset(
        .init(settings: settings, of: name), source: DataSource(name: name, path: folder), random: Random(seed: 0)
      ).corpus.splits
    }
    try ReaderTestData.withFolder { folder in
      let nothing = ReaderTestData.failure { try splits("jsonl", folder) }
      let lookedFor = ["jsonl", "json", "csv", "tsv"].map { "\(folder)/train.\($0)" }.joined(separator: ", ")
      #expect(nothing?.message.hasSuffix("looked for " + lookedFor) == true, "\(String(describing: nothing))")
      let rows = ["csv": "text,label\na,x\nb,y\n", "tsv": "text\tlabel\na\tx\nb\ty\n"]
      let objects = #"{"text": "a", "label": "x"}"# + "\n" + #"{"text": "b", "label": "y"}"# + "\n"
      let files = [
        "csv": ["train.csv", "validation.csv", "test.csv"], "tsv": ["train.tsv", "valid.tsv", "test.tsv"],
        "jsonl": ["train.jsonl", "dev.jsonl", "test.json"],
      ]
      for (name, names) in files {
        for file in names { try ReaderTestData.write(rows[name] ?? objects, to: folder + "/" + file) }
      }
      for (name, names) in files {
        let found = try splits(name, folder)
        #expect(found.files == names.map { folder + "/" + $0 } && found.train.texts == ["a", "b"], "\(name): \(found.files)")
      }
    }
    // What is not there is taken from another format, as that is read.
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(#"{"text": "a", "label": "x"}"# + "\n" + #"{"text": "b", "label": "y"}"#, to: folder + "/train.jsonl")
      try ReaderTestData.write("text\tlabel\na\tx\n", to: folder + "/dev.tsv")
      #expect(try splits("csv", folder).files == [folder + "/train.jsonl", folder + "/dev.tsv"])
    }
  }

  @Test(.enabled(if: ReaderTestData.has("text/ag_news_csv"))) func realAGNews() throws {
    let root = try #require(ReaderTestData.root)
    let options = Options(hasHeader: false, textColumns: ["2", "3"], labelColumn: "1")
    let news = try LabelledTableReader.read(path: root + "/text/ag_news_csv/test.csv", options: options).train
    #expect(news.count == 7600 && news.classNames == ["1", "2", "3", "4"])
    #expect((0..<4).map { label in news.labels.count { $0 == Int32(label) } } == [1900, 1900, 1900, 1900])
    #expect(news.texts[0].hasPrefix("Fears for T N pension after talks Unions representing"))
    #expect(!news.texts.contains { $0.contains("\"\"") })
  }

  /// Damaged bytes are read or refused; they do not crash a reader.
  @Test func flippedBytes() throws {
    let table = Array("id,text,label\n1,\"a \"\"q\"\", b\",x\n2,é plain,y\n3,\"two\r\nlines\",x\n".utf8)
    let sst = Array("sentence\tlabel\na good é one \t1\nbad\t0\n".utf8)
    let trec = Array("HUM:ind Who is it ?\nNUM:date When ?\n0 x\n".utf8)
    var random = TestRandom(state: 2026)
    var refused = 0
    var accepted = 0
    for round in 0..<6000 {
      var bytes = [table, sst, trec][round % 3]
      for _ in 0...random.below(4) {
        switch random.below(4) {
        case 0: bytes[random.below(bytes.count)] ^= UInt8(1 << random.below(8))
        case 1: bytes[random.below(bytes.count)] = [0x22, 0x2C, 0x0A, 0x0D, 0x09, 0x00, 0xFF, 0xC3][random.below(8)]
        case 2: bytes.insert([0x22, 0x0A, 0x2C, 0x27][random.below(4)], at: random.below(bytes.count + 1))
        default: bytes.removeLast(min(random.below(8), bytes.count - 1))
        }
      }
      do {
        let data: LabelledSentences
        switch round % 3 {
        case 0: data = try LabelledTableReader.read(SourceText(bytes, file: "f.csv", encoding: .utf8))
        case 1: data = try GLUEReader.read(SourceText(bytes, file: "f.tsv", encoding: .utf8), task: .sst2)
        default:
          data = try TRECReader.read(
            SourceText(bytes, file: "f", encoding: .latin1), labels: round % 2 == 0 ? .coarse : .fine)
        }
        #expect(!data.texts.contains { $0.isEmpty })
        _ = try Vocabulary(texts: data.texts).encode(data.texts)
        accepted += 1
      } catch let error as BasinError {
        #expect([.badData, .usage].contains(error.kind) && error.file?.hasPrefix("f") == true, "\(error)")
        refused += 1
      }
    }
    #expect(accepted > 300 && refused > 1000)
  }
}
