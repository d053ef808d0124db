import PluginAPI
import Testing
import Text

@Suite("Text data sets")
struct DatasetTests {
  static let random = Random(seed: 0)

  static func table(_ text: String, name: String = "csv", _ settings: [String: String] = [:]) throws
    -> LabelledTableDataset
  {
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(text, to: folder + "/data.\(name)")
      return try LabelledTableDataset(
        .init(settings: settings, of: "data set \(name)"), source: DataSource(name: name, path: folder + "/data.\(name)"),
        random: random)
    }
  }

  static let rows = "text,label\nred fox,a\nthe red fox runs,b\nblue,a\n\"green, blue\",b\n"

  @Test func batchesAreSequencesOneBehindTheOther() throws {
    var data = try Self.table(Self.rows)
    try data.fit(training: [0, 1, 2, 3])
    // [CLS] 2; by frequency then bytes: blue 3, fox 4, red 5, "," 6, green 7, runs 8, the 9.
    let (input, target) = try data.batch([1, 0], of: .train, augmentation: nil)
    #expect(try input.tokens.values(Int64.self) == [2, 9, 5, 4, 8, 2, 5, 4])
    #expect(input.offsets == [0, 5, 8] && input.lengths == [5, 3] && input.count == 2 && input.segments == nil)
    let (grid, mask) = try input.padded()
    #expect(try grid.values(Int64.self) == [2, 9, 5, 4, 8, 2, 5, 4, 0, 0] && grid.shape == [2, 5])
    #expect(try mask.values(Bool.self) == [true, true, true, true, true, true, true, true, false, false])
    #expect(try target.values(Int64.self) == [1, 0])
    #expect(data.labels(.train) == [0, 1, 0, 1] && data.labels(.test) == nil)
    #expect(data.count(.train) == 4 && data.count(.validation) == 0 && data.count(.test) == 0)
    #expect(data.files.count == 1)
  }

  @Test func theVocabularyIsOfTheTrainingExamples() throws {
    var data = try Self.table(Self.rows)
    try data.fit(training: [0, 2])
    #expect(data.corpus.vocabulary?.tokens == ["[PAD]", "[UNK]", "[CLS]", "blue", "fox", "red"])
    #expect(data.facts.shape == .init(vocabulary: 6, length: 64, padding: 0))
    // "the" and "runs" were seen in validation alone.
    #expect(try data.batch([1], of: .train, augmentation: nil).input.tokens.values(Int64.self) == [2, 1, 5, 4, 1])
    try data.fit(training: [0, 1, 2, 3])
    #expect(data.facts.shape.vocabulary == 10)
    #expect(data.facts.task == .classification(classes: 2) && data.facts.classNames == ["a", "b"])
  }

  @Test func encodingOptions() throws {
    var data = try Self.table(
      Self.rows, ["maximumLength": "3", "minimumCount": "2", "maximumVocabulary": "5", "lowercase": "false"])
    try data.fit(training: [0, 1, 2, 3])
    #expect(data.corpus.vocabulary?.tokens == ["[PAD]", "[UNK]", "[CLS]", "blue", "fox"])
    #expect(try data.batch([1, 2], of: .train, augmentation: nil).input.tokens.values(Int64.self) == [2, 1, 1, 2, 3])
    var upper = try Self.table("text,label\nRed red,a\nx,b\n", ["lowercase": "false"])
    try upper.fit(training: [0, 1])
    #expect(upper.facts.shape.vocabulary == 6)
  }

  @Test func whatTheHostMayNotDo() throws {
    var data = try Self.table(Self.rows)
    #expect(ReaderTestData.failure { try data.batch([0], of: .train, augmentation: nil) }?.kind == .internalError)
    #expect(ReaderTestData.failure { try data.fit(training: [4]) }?.kind == .internalError)
    try data.fit(training: [0, 1])
    for (ids, split) in [([4], Split.train), ([-1], .train), ([0], .test)] {
      #expect(ReaderTestData.failure { try data.batch(ids, of: split, augmentation: nil) }?.kind == .internalError)
    }
    let nothing = try data.batch([], of: .train, augmentation: nil).input
    #expect(nothing.tokens.shape == [0] && nothing.count == 0)
    var rare = try Self.table(Self.rows, ["minimumCount": "9"])
    #expect(ReaderTestData.failure { try rare.fit(training: [0, 1]) }?.kind == .badData)
  }

  @Test func columnsAndDelimiters() throws {
    let three = "id;said;mood\n1;so good;up\n2;so bad;down\n"
    var data = try Self.table(three, ["delimiter": "semicolon", "textColumn": " said, 1 ", "labelColumn": "mood"])
    try data.fit(training: [0, 1])
    #expect(data.corpus.splits.train.texts == ["so good 1", "so bad 2"] && data.facts.classNames == ["down", "up"])
    let bare = try Self.table("up|fine\ndown|ill\nup|well\n", ["delimiter": "pipe", "header": "no"])
    #expect(bare.corpus.splits.train.texts == ["fine", "ill", "well"])
    let quoted = try Self.table("text\tlabel\n\"a\t1\nb\t2\n", name: "tsv", ["delimiter": "tab"])
    #expect(quoted.corpus.splits.train.texts == ["\"a", "b"])
    let error = ReaderTestData.failure { try Self.table(three, ["delimiter": "semicolon"]) }
    #expect(error?.kind == .usage && error?.advice?.contains("textColumn") == true)
    #expect(ReaderTestData.failure { try Self.table(three, ["textColum": "said"]) }?.advice?.contains("'textColumn'") == true)
    let noPath = ReaderTestData.failure {
      try LabelledTableDataset(.init(), source: DataSource(name: "csv"), random: Self.random)
    }
    #expect(noPath?.kind == .usage)
  }

  @Test func aFolderOfSplits() throws {
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(Self.rows, to: folder + "/train.csv")
      try ReaderTestData.write("text,label\nblue fox,b\n", to: folder + "/test.csv")
      var data = try LabelledTableDataset(.init(), source: DataSource(name: "csv", path: folder), random: Self.random)
      try data.fit(training: [0, 1, 2, 3])
      #expect(data.count(.test) == 1 && data.count(.validation) == 0 && data.files.count == 2)
      #expect(try data.batch([0], of: .test, augmentation: nil).target.values(Int64.self) == [1])
    }
  }

  @Test func inspectionWarns() throws {
    let text = "text,label\nred fox,a\nred fox,b\nblue sky above,a\nx,b\n"
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write(text, to: folder + "/train.csv")
      try ReaderTestData.write("text,label\nred fox,a\nnever seen,a\n", to: folder + "/test.csv")
      let data = try LabelledTableDataset(
        .init(settings: ["maximumLength": "3"], of: "csv"), source: DataSource(name: "csv", path: folder),
        random: Self.random)
      let inspection = try data.inspection()
      #expect(inspection.format == "csv" && inspection.classes == 2)
      #expect(inspection.examples == ["train": 4, "test": 2])
      #expect(inspection.shape == "9 tokens, at most 3 a sentence")
      #expect(
        Set(inspection.warnings.map(\.message)) == [
          "1 sentences of train are cut to 3 tokens (maximumLength)", "test has no example of class b",
          "1 sentences of test have no word of the vocabulary", "1 sentences of train come with different labels",
          "1 sentences of test are in train too",
        ])
    }
  }

  @Test func grammarFollowsItsOptions() throws {
    let settings = ["trainCount": "40", "testCount": "8", "labelNoise": "0"]
    var data = try GrammarDataset(
      .init(settings: settings, of: "grammar"), source: DataSource(name: "grammar"), random: Self.random)
    #expect(data.count(.train) == 40 && data.count(.test) == 8 && data.files.isEmpty)
    try data.fit(training: Array(0..<40))
    #expect(data.facts.shape.length == 17)
    let other = try GrammarDataset(
      .init(settings: settings, of: "grammar"), source: DataSource(name: "grammar"), random: Random(seed: 5))
    #expect(other.corpus.splits == data.corpus.splits)
    let seeded = try GrammarDataset(
      .init(settings: settings.merging(["dataSeed": "1"]) { $1 }, of: "grammar"), source: DataSource(name: "grammar"),
      random: Self.random)
    #expect(seeded.corpus.splits != data.corpus.splits)
    // None is cut.
    #expect(try data.inspection().warnings.allSatisfy { !$0.message.contains("cut") })
  }

  @Test(.enabled(if: ReaderTestData.has("text/sent-conv/rt-polarity.all")))
  func movieReviewFoldsPartTheFile() throws {
    var seen: [String: Int] = [:]
    var whole = 0
    for fold in 0..<10 {
      let data = try MovieReviewDataset(
        .init(settings: ["testFold": "\(fold)"], of: "mr"), source: DataSource(name: "mr", root: ReaderTestData.root),
        random: Random(seed: UInt64(fold)))
      let test = try #require(data.corpus.splits.test)
      whole = data.count(.train) + data.count(.test)
      let positive = test.labels.count { $0 == 1 }
      #expect((1066...1068).contains(test.count) && (533...534).contains(positive))
      for text in test.texts { seen[text, default: 0] += 1 }
    }
    #expect(whole == 10662 && seen.values.reduce(0, +) == 10662)
  }

  @Test(.enabled(if: ReaderTestData.has("text/sent-conv/raw/TREC.train")))
  func trecAsPublished() throws {
    let source = DataSource(name: "trec", root: ReaderTestData.root)
    var data = try TRECDataset(.init(), source: source, random: Self.random)
    try data.fit(training: Array(0..<5000))
    #expect(data.count(.train) == 5452 && data.count(.test) == 500 && data.files.count == 2)
    #expect(data.facts.task == .classification(classes: 6))
    let (input, target) = try data.batch(Array(0..<64), of: .test, augmentation: nil)
    #expect(input.count == 64 && target.count == 64 && Set(input.lengths).count > 1)
    let tokens = try input.tokens.values(Int64.self)
    #expect(input.offsets.dropLast().allSatisfy { tokens[$0] == 2 })
    #expect(try data.inspection().examples == ["train": 5452, "test": 500])
    let fine = try TRECDataset(.init(settings: ["labels": "fine"], of: "trec"), source: source, random: Self.random)
    #expect(fine.facts.classNames.count == 50)
    let error = ReaderTestData.failure {
      try TRECDataset(.init(), source: DataSource(name: "trec"), random: Self.random)
    }
    #expect(error?.kind == .missingInput && error?.advice?.contains("BASIN_DATA") == true)
  }

  @Test(.enabled(if: ReaderTestData.has("text/glue/SST-2/train.tsv")))
  func sst2AsPublished() throws {
    let data = try GLUEDataset(.init(), source: DataSource(name: "sst2", root: ReaderTestData.root), random: Self.random)
    #expect(data.count(.train) == 67_349 && data.count(.test) == 872 && data.count(.validation) == 0)
  }

  @Test func theModuleRegistersWhatItsManifestSays() throws {
    var registry = Registry(module: "text", domain: "text")
    try TextModule().register(in: &registry)
    let manifest = TextModule.manifest.description
    #expect(manifest.hasPrefix("BASIN-MODULE-MANIFEST {") && manifest.hasSuffix("} END-BASIN-MODULE-MANIFEST"))
    func listed(_ key: String, _ names: [String]) -> Bool {
      manifest.contains("\"\(key)\":[" + names.map { "\"\($0)\"" }.joined(separator: ",") + "]")
    }
    #expect(listed("models", registry.models.map(\.name)))
    #expect(listed("datasets", registry.datasets.filter { !$0.isFormat }.map(\.name)))
    #expect(listed("formats", registry.datasets.filter(\.isFormat).map(\.name)))
    for entry in registry.models + [] { #expect(!entry.summary.isEmpty && entry.options.allSatisfy { !$0.help.isEmpty }) }
  }

  @Test func modelAndDataSetMeetThroughTheRegistry() throws {
    var registry = Registry(module: "text", domain: "text")
    try TextModule().register(in: &registry)
    let entry = try #require(registry.datasets.first { $0.name == "grammar" })
    let data = try entry.make(
      ["trainCount": "40", "testCount": "8"], source: DataSource(name: "grammar"), random: Self.random)
    try data.fit(training: Array(0..<40))
    let family = try #require(registry.models.first)
    let model = try family.make(["size": "8", "heads": "2"], for: data)
    try model.module.initialize(Random(seed: 1))
    let batch = try data.batch([3, 1, 2], of: .train, augmentation: nil, device: .cpu)
    #expect(try model.forward(batch, .evaluate).prediction.shape == [3, 4])
    #expect(ReaderTestData.failure { try family.make(["sise": "8"], for: data) }?.advice?.contains("'size'") == true)
  }
}
