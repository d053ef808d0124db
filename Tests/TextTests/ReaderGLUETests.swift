import Foundation
import PluginAPI
import Testing
import Text

@Suite("GLUE")
struct ReaderGLUETests {
  private func read(_ text: String, _ task: GLUETask) throws -> LabelledSentences {
    try GLUEReader.read(ReaderTestData.utf8(text, file: "train.tsv"), task: task)
  }

  private static let stsHeader = "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n"
  private static let mnliHeader =
    "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\t"
    + "sentence1\tsentence2\tlabel1\tgold_label\n"
  private static func mnli(_ rows: [(String, String, String)]) -> String {
    mnliHeader + rows.map { "0\t1\t1n\tfiction\t(\t(\t(\t(\t\($0.0)\t\($0.1)\tneutral\t\($0.2)\n" }.joined()
  }

  @Test func colaHasNoHeader() throws {
    let data = try read("gj04\t1\t\tThe sailors rode.\ngj04\t0\t*\tSailors the rode \"so\n", .cola)
    #expect(data.texts == ["The sailors rode.", "Sailors the rode \"so"] && data.labels == [1, 0] && data.pairs == nil)
    #expect(data.classNames == ["unacceptable", "acceptable"])
    let test = ReaderTestData.failure { try read("index\tsentence\n0\tBill whistled.\n", .cola) }
    #expect(test?.message.contains("no labels") == true && test?.advice?.contains("dev.tsv") == true)
    let narrow = ReaderTestData.failure { try read("gj04\t1\t\tA.\ngj04\t1\tB.\n", .cola) }
    #expect(narrow?.place == "line 2, column 10" && narrow?.message == "expected 4 fields, found 3")
  }

  @Test func mrpcBeginsWithAByteOrderMark() throws {
    let text = "\u{FEFF}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t7\t8\t\" He said .\tHe \"\" said .\n0\t1\t2\ta\tb\n"
    let data = try read(text, .mrpc)
    #expect(data.texts == ["\" He said .", "a"] && data.pairs == ["He \"\" said .", "b"] && data.labels == [1, 0])
  }

  @Test func entailmentHasWords() throws {
    let data = try read("index\tsentence1\tsentence2\tlabel\n0\tA b.\tC d.\tnot_entailment\n1\tE.\tF.\tentailment\n", .rte)
    #expect(data.labels == [1, 0] && data.classNames == ["entailment", "not_entailment"])
    let qnli = try read("index\tquestion\tsentence\tlabel\n0\tWhen?\tThen.\tentailment\n", .qnli)
    #expect(qnli.texts == ["When?"] && qnli.pairs == ["Then."] && qnli.labels == [0])
    // Here 1 is entailment.
    #expect(try read("index\tsentence1\tsentence2\tlabel\n0\tA\tB\t1\n", .wnli).classNames[1] == "entailment")
    let error = ReaderTestData.failure {
      try read("index\tsentence1\tsentence2\tlabel\n0\tA\tB\tcontradiction\n", .rte)
    }
    #expect(error?.place == "line 2, column 7" && error?.message == "label \"contradiction\", expected entailment, not_entailment")
  }

  @Test func similarityIsANumber() throws {
    func row(_ score: String) -> String { Self.stsHeader + "0\tg\tf\t2012\t1\tnone\tnone\tA man.\tA \"woman.\t\(score)\n" }
    let data = try read(row("3.800"), .stsb)
    #expect(data.values == [3.8] && data.labels.isEmpty && data.classNames.isEmpty && data.pairs == ["A \"woman."])
    for bad in ["nan", "inf", "5.1", "-0.1", "", "x", "1e99"] {
      let error = ReaderTestData.failure { try read(row(bad), .stsb) }
      #expect(error?.kind == .badData && error?.place == "line 2, column 41", "\(bad): \(String(describing: error))")
      #expect(error?.message.contains("no number from 0 to 5") == true)
    }
  }

  @Test func brokenRowsOfQQPArePassedOver() throws {
    let header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
    let text = header + "1\t2\t3\tWhat?\tWho?\t0\n4\t5\t6\tbroken\nin two\t1\n7\t8\t9\tA?\t\t1\n"
    let data = try read(text, .qqp)
    #expect(data.texts == ["What?", "A?"] && data.pairs == ["Who?", ""] && data.labels == [0, 1])
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(text, to: folder + "/glue/QQP/train.tsv")
      try ReaderTestData.write(header + "1\t2\t3\tWhat?\tWho?\t0\n", to: folder + "/glue/QQP/dev.tsv")
      let splits = try GLUEReader.read(dataRoot: folder, task: .qqp)
      #expect(splits.notes == ["2 rows of train.tsv are broken and passed over"] && splits.test?.count == 1)
    }
    // Elsewhere they are errors, and here more fields than the header has.
    #expect(ReaderTestData.failure { try read(header + "1\t2\t3\tA?\tB?\t0\tmore\n", .qqp) }?.place == "line 2, column 15")
  }

  @Test func mnliHasTwoTests() throws {
    try ReaderTestData.withFolder { folder in
      let rows = [("A.", "B.", "entailment"), ("C.", "D.", "-"), ("E.", "F.", "contradiction"), ("G.", "H.", "neutral")]
      try ReaderTestData.write(Self.mnli(rows), to: folder + "/MNLI/train.tsv")
      try ReaderTestData.write(Self.mnli([rows[0], rows[2]]), to: folder + "/MNLI/dev_matched.tsv")
      let missing = ReaderTestData.failure { try GLUEReader.read(dataRoot: folder, task: .mnli) }
      #expect(missing?.kind == .missingInput && missing?.file == folder + "/MNLI")
      #expect(missing?.message == "MNLI is not complete: dev_mismatched.tsv is missing beside train.tsv and dev_matched.tsv")
      try ReaderTestData.write(Self.mnli([rows[3]]), to: folder + "/MNLI/dev_mismatched.tsv")
      var data = try GLUEDataset(.init(), source: DataSource(name: "mnli", root: folder), random: Random(seed: 0))
      #expect(data.count(.train) == 3 && data.count(.test) == 2 && data.labels(.train) == [0, 2, 1])
      #expect(data.furtherTests.map(\.name) == ["mismatched"] && data.furtherTests[0].ids == 2..<3)
      let note = "1 rows of train.tsv have no label that most annotators agree on (-) and are passed over"
      #expect(data.corpus.splits.notes == [note])
      #expect(try data.inspection().warnings.map(\.message).contains(note))
      try data.fit(training: [0, 1, 2])
      let target = try data.batch([2, 1, 0], of: .test, augmentation: nil).target
      #expect(try target.values(Int64.self) == [1, 2, 0])
      #expect(try data.inspection().examples == ["train": 3, "test": 2, "mismatched": 1])
    }
  }

  @Test func rawMRPC() throws {
    let header = "\u{FEFF}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"
    try ReaderTestData.withFolder { folder in
      let place = folder + "/text/glue/MRPC/"
      let train = header + "1\t1\t2\ta b\tc d\n0\t3\t4\te\tf\n1\t5\t6\tg\th\n"
      try ReaderTestData.write(train, to: place + "msr_paraphrase_train.txt")
      try ReaderTestData.write(header + "0\t7\t8\ti\tj\n", to: place + "msr_paraphrase_test.txt")
      let source = DataSource(name: "mrpc", root: folder)
      let missing = ReaderTestData.failure { try MRPCDataset(.init(), source: source, random: Random(seed: 0)) }
      #expect(missing?.kind == .missingInput, "\(String(describing: missing))")
      #expect(
        missing?.message
          == "MRPC is not complete: dev_ids.tsv is missing beside msr_paraphrase_train.txt and msr_paraphrase_test.txt")
      try ReaderTestData.write("3\t4\n", to: place + "dev_ids.tsv")
      let data = try MRPCDataset(.init(), source: source, random: Random(seed: 0))
      #expect(data.count(.train) == 2 && data.count(.validation) == 1 && data.count(.test) == 1)
      #expect(data.corpus.splits.validation?.texts == ["e"] && data.corpus.splits.train.pairs == ["c d", "h"])
      // GLUE's own tables come first.
      for name in ["train", "dev"] { try ReaderTestData.write(train, to: place + "\(name).tsv") }
      #expect(try MRPCDataset(.init(), source: source, random: Random(seed: 0)).count(.test) == 3)
      var raw = MRPCDataset.DatasetOptions()
      raw.files = .raw
      #expect(try MRPCDataset(raw, source: source, random: Random(seed: 0)).count(.test) == 1)
      for (ids, word) in [("3\t9\n", "not in"), ("3\n", "two ids"), ("1\t2\n3\t4\n5\t6\n", "no pair is left for train")] {
        try ReaderTestData.write(ids, to: place + "dev_ids.tsv")
        let error = ReaderTestData.failure { try MRPCRawReader.read(dataRoot: folder) }
        #expect(error?.kind == .badData && error?.message.contains(word) == true, "\(String(describing: error))")
      }
    }
  }

  @Test func aColumnThatIsNotThere() throws {
    let error = ReaderTestData.failure { try read("index\tsentense1\tsentence2\tlabel\n0\tA\tB\tentailment\n", .rte) }
    #expect(error?.message.contains("no column \"sentence1\"") == true)
    #expect(error?.advice == "Did you mean 'sentense1'? Fetch the file again", "\(String(describing: error))")
    // With or without the numbers of a test file.
    for (task, header) in [(GLUETask.sst2, "sentence\tlbl"), (.rte, "index\tsentence1\tsentence2\tlbl")] {
      let label = ReaderTestData.failure { try read(header + "\n", task) }
      let expected = "the header has no column \"label\"; it has \(header.debugDescription). Did you mean 'lbl'? Fetch the file again"
      #expect(label?.description == "train.tsv: line 1, column 1: " + expected, "\(String(describing: label))")
    }
    let test = ReaderTestData.failure { try read("index\tsentence1\tsentence2\n0\tA\tB\n", .rte) }
    #expect(test?.advice?.contains("test file has no labels") == true, "\(String(describing: test))")
    #expect(ReaderTestData.failure { try read("", .rte) }?.message.contains("empty file") == true)
    let empty = ReaderTestData.failure { try read("index\tsentence1\tsentence2\tlabel\n0\tA\t \tentailment\n", .rte) }
    #expect(empty?.place == "line 2, column 5" && empty?.message == "the sentence is empty")
    let latin = ReaderTestData.failure {
      try GLUEReader.read(SourceText([0x69, 0xE9, 0x09], file: "dev.tsv", encoding: .utf8), task: .rte)
    }
    #expect(latin?.place == "line 1, byte 1" && latin?.file == "dev.tsv")
  }

  @Test func linesEndInAnyWay() throws {
    let rows = TabSeparatedRows(try ReaderTestData.utf8("\u{FEFF}a\tb\r\n\n c \t\rd\n\t\nlast\tone"))
    let fields = (0..<rows.count).map { row in (0..<rows.width(row)).map { rows.string(row: row, column: $0) } }
    #expect(fields == [["a", "b"], [" c ", ""], ["d"], ["", ""], ["last", "one"]])
    #expect(rows.offset(row: 0) == 3 && rows.end(row: 4) == rows.source.bytes.count)
    #expect(TabSeparatedRows(try ReaderTestData.utf8("")).count == 0)
  }

  /// Damaged files are read or refused, never more.
  @Test func damage() throws {
    var random = TestRandom(state: 11)
    let whole = Array((Self.stsHeader + "0\tg\tf\t2012\t1\tnone\tnone\tA man.\tA woman.\t3.8\n1\tg\tf\t2\t1\tn\tn\té\tb\t0\n").utf8)
    var accepted = 0
    for round in 0..<3000 {
      var bytes = whole
      if round < whole.count { bytes.removeLast(round) }
      for _ in 0..<random.below(4) where !bytes.isEmpty {
        bytes[random.below(bytes.count)] = [0x09, 0x0A, 0x0D, 0x22, 0x2E, 0xC3, 0xFF, 0x30][random.below(8)]
      }
      do {
        let data = try GLUEReader.read(SourceText(bytes, file: "f.tsv", encoding: .utf8), task: .stsb)
        #expect(data.values?.count == data.count && data.count > 0)
        accepted += 1
      } catch let error as BasinError {
        #expect(error.kind == .badData && error.file == "f.tsv")
      }
    }
    #expect(accepted > 100)
  }

  @Test func unlabelledFiles() throws {
    try ReaderTestData.withFolder { folder in
      let place = folder + "/RTE/"
      let rows = "index\tsentence1\tsentence2\tlabel\n0\tA b\tC\tentailment\n1\tD\tE\tnot_entailment\n"
      for name in ["train", "dev"] { try ReaderTestData.write(rows, to: place + "\(name).tsv") }
      var data = try GLUEDataset(
        .init(settings: ["minimumCount": "1"], of: "rte"), source: DataSource(name: "rte", root: folder), random: Random(seed: 0))
      #expect(data.unlabelledSplits.isEmpty)
      try ReaderTestData.write("index\tsentence1\tsentence2\n5\tA\tC\n6\tB\tD\n", to: place + "test.tsv")
      #expect(data.unlabelledSplits == ["unlabelled"])
      try data.fit(training: [0, 1])
      let examples = try data.unlabelled(split: "unlabelled")
      #expect(examples.count == 2 && examples.names == ["5", "6"])
      #expect(try examples.batch([1, 0]).count == 2)
      let submission = try #require(data.submission(of: "unlabelled"))
      #expect(submission.file == "RTE.tsv" && submission.words == ["entailment", "not_entailment"])
      #expect(data.submission(of: "test") == nil)
      #expect(ReaderTestData.failure { try data.unlabelled(split: "unlabeled") }?.advice?.contains("'unlabelled'") == true)
    }
  }

  @Test func whatTheServerTakes() {
    let names = GLUETask.allCases.map { task in GLUETask.allCases.firstIndex(of: task).map { _ in task.folder } ?? "" }
    #expect(names == ["CoLA", "SST-2", "MRPC", "STS-B", "QQP", "MNLI", "QNLI", "RTE", "WNLI"])
    #expect(GLUETask.cola.metrics.map(\.name) == ["matthews"] && GLUETask.mrpc.metrics.map(\.name) == ["f1"])
    #expect(GLUETask.stsb.metrics.map(\.name) == ["pearson", "spearman"])
    #expect(GLUETask.cola.words == ["0", "1"] && GLUETask.mnli.words == ["entailment", "neutral", "contradiction"])
  }
}
