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
    #expect(data.texts == ["a, \"b\"", "two\nlines", "plain 5\" nail", "\"\""])
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
