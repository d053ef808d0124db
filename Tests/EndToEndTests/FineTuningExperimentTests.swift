import Foundation
import Testing

/// The preset that repeats the paper's fine-tuning, over a tiny RoBERTa folder and a few sentences of each task.
@Suite("preset paper-glue", .serialized) struct FineTuningExperimentTests {
  let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    let stored = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Parity/Fixtures/text-models/roberta").path
    try FileManager.default.copyItem(atPath: stored, toPath: workspace("tiny"))
    // As many tokens as the checkpoint has, one a letter.
    let tokens = ["<s>", "<pad>", "</s>", "<unk>", "\u{120}"] + "abcdefghijklmnopqrstuvwxyz012345678".map(String.init)
    let entries = tokens.enumerated().map { "\"\($0.element)\": \($0.offset)" }
    try workspace.write("{\(entries.joined(separator: ", "))}", to: "tiny/vocab.json")
    try workspace.write("#version: 0.2\n", to: "tiny/merges.txt")
    try tasks()
  }

  /// 40 rows for training and 20 for the published dev set of each task.
  private func tasks() throws {
    func both(_ folder: String, header: String, row: (Int) -> String) throws {
      for (name, range) in [("train", 0..<40), ("dev", 40..<60)] {
        try workspace.write(header + range.map { row($0) + "\n" }.joined(), to: "data/glue/\(folder)/\(name).tsv")
      }
    }
    func text(_ index: Int) -> String { "n\(index % 9) \(["dull", "fine"][index % 2])" }
    try both("CoLA", header: "") { "gj04\t\($0 % 2)\t\t\(text($0))" }
    try both("SST-2", header: "sentence\tlabel\n") { "\(text($0)) \t\($0 % 2)" }
    try both("MRPC", header: "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n") { "\($0 % 2)\t1\t2\t\(text($0))\t\(text($0 / 2))" }
    try both("RTE", header: "index\tsentence1\tsentence2\tlabel\n") {
      "\($0)\t\(text($0))\t\(text($0 / 2))\t\(["entailment", "not_entailment"][$0 % 2])"
    }
  }

  private let flags = ["bench", "--preset", "paper-glue", "--data-root", "data", "--seeds", "1"]

  @Test("runs every task with every method, as the paper trains")
  func runs() throws {
    let results = try workspace.json(flags + [
      "--epochs", "10", "--out", "glue", "--set", "model.checkpoint=tiny", "--set", "dataset.tokenizer=tiny", "--set",
      "dataset.maximumLength=16",
    ])
    let rows = try #require(results["rows"]).items
    #expect(rows.count == 12 && rows.allSatisfy { $0["failures"]?.items.isEmpty == true })
    #expect(rows.map { $0["method"]?.text }.prefix(3) == ["glue-backbone", "glue-swa", "glue-pswa"])
    #expect(Set(rows.compactMap { $0["dataset"]?.text }) == ["cola", "mrpc", "rte", "sst2"])
    // Everything a run was made of is the checkpoint's and the paper's.
    let configuration = String(decoding: try workspace.data("glue/runs/text-roberta-rte-glue-swa-0/config.yaml"), as: UTF8.self)
    for line in [
      "optimizer: sgd", "optimizer.momentum: 0.9", "optimizer.weightDecay: 0.01", "batchSize: 32", "learningRate: 0.0001",
      "averaging: swa", "averaging.start: 0.9dur", "schedule.2.floor: 0.1", "model.checkpoint: tiny", "validationFraction: 0.0",
    ] { #expect(configuration.contains(line), "no '\(line)' in \(configuration)") }
    let summaries = try #require(results["runs"]).items.compactMap { $0["summary"] }
    #expect(summaries.allSatisfy { $0["validation"]?.isNull == true && $0["test"]?["accuracy"]?.number != nil })
    // The average holds the one epoch of ten from 0.9 of the run on; PSWA's is of several.
    #expect(summaries.filter { $0["method"]?.text == "glue-swa" }.allSatisfy { $0["averaged"]?["totalSamples"]?.integer == 1 })
    #expect(summaries.filter { $0["method"]?.text == "glue-pswa" }.allSatisfy { ($0["averaged"]?["restarts"]?.integer ?? 0) > 1 })
  }

  @Test("a run is known by what is in the folders its options name, here or elsewhere")
  func identity() throws {
    func hash(_ folder: String, _ out: String) throws -> String? {
      try workspace.run(
        flags + [
          "--datasets", "cola", "--methods", "glue-backbone", "--epochs", "1", "--quiet", "--out", "\(out)", "--set",
          "model.checkpoint=\(folder)", "--set", "dataset.tokenizer=\(folder)", "--set", "dataset.maximumLength=16",
        ], expecting: 0)
      return try StoredRuns(workspace, "\(out)").runs.first?["hash"]?.text
    }
    let first = try hash("tiny", "a")
    #expect(try first != nil && hash("./tiny", "b") == first)
    try workspace.write("other", to: "tiny/notes.txt")
    #expect(try hash("tiny", "c") != first)
  }

  @Test("follows the paper's rate: down to 0.01 of itself, then up again at the beginning of each of the last epochs")
  func plan() throws {
    let flags = [
      "plan", "--domain", "text", "--model", "roberta", "--dataset", "cola", "--data-root", "data", "--method", "glue-swa", "--lr",
      "1e-4", "--batch-size", "4", "--epochs", "50", "--validation-fraction", "0", "--set", "model.checkpoint=tiny", "--set",
      "dataset.tokenizer=tiny", "--set", "dataset.maximumLength=16",
    ]
    let plan = try workspace.json(flags)
    let rates = try #require(plan["learningRate"]).items.compactMap { $0["rate"]?.number }
    #expect(plan["steps"]?.integer == 500)
    let samples = (plan["events"]?.items ?? []).filter { $0["kind"]?.text == "sample" }.compactMap { $0["epoch"]?.integer }
    #expect(samples == [46, 47, 48, 49, 50])
    // At the beginnings of epochs.
    try #require(rates.count == 50)
    #expect(rates[0] == 1e-4 && abs(rates[44] - 1e-6) < 1e-12 && rates[45...].allSatisfy { abs($0 - 1e-4) < 1e-12 })
  }

  @Test("says which folder it looks for")
  func noCheckpoint() throws {
    let outcome = try workspace.run(flags + ["--out", "none", "--datasets", "cola", "--methods", "glue-backbone"])
    #expect(outcome.ending == .exited(64) && (outcome.errors + outcome.text).contains("roberta-base"), "\(outcome)")
    try workspace.refused(flags + ["--out", "none2", "--set", "model.chekpoint=tiny"], 64, saying: "model.checkpoint")
  }
}
