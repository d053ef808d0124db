import Foundation
import Testing

@Suite("bench", .serialized) struct BenchTests {
  /// Two domains in a few seconds; `seeds` and `methods` stand in the file unless flags say otherwise.
  private static let file = """
    # A comparison of our own.
    methods: [backbone, swa]
    seeds: 2
    jobs: 2
    threads: 1
    cases:
      - model: gcn
        dataset: communities
        epochs: 8
        seeds: 3
        set: {model.hidden: 8}
      - {domain: text, model: transformer, dataset: grammar, epochs: 3, batchSize: 16, lr: 0.002,
         set: {model.size: 16, model.layers: 1, dataset.trainCount: 160, dataset.testCount: 40}}
    """

  private func methods(_ results: Document) -> [String] {
    results["rows"]?.items.compactMap { $0["method"]?.text } ?? []
  }

  private func hasContent(_ space: Workspace, _ name: String) -> Bool {
    FileManager.default.contents(atPath: space(name))?.isEmpty == false
  }

  // MARK: What is compared

  @Test("seeds that divide the data: by a split each, by folds")
  func divisions() throws {
    let space = try Workspace()
    try space.write(
      """
      methods: [backbone]
      splits: 3
      cases:
        - {model: gcn, dataset: communities, epochs: 2}
        - {model: gcn, dataset: communities, epochs: 3, folds: 2, seeds: 3}
      """, to: "own.yaml")
    let results = try space.json(["bench", "--config", "own.yaml", "--out", "own"])
    #expect(results["plan"]?["cases"]?.items.map { $0["seeds"]?.integer } == [3, 3])
    func divisions(_ label: String) throws -> [String] {
      try (0..<3).map { seed in
        let name = "own/runs/graph-gcn-communities-\(label)-backbone-\(seed)/config.yaml"
        return String(decoding: try space.data(name), as: UTF8.self).split(separator: "\n")
          .filter { $0.hasPrefix("splitSeed:") || $0.hasPrefix("fold:") }.joined(separator: " ")
      }
    }
    let names = space.names(in: "own/runs")
    let labels = Set(names.compactMap { $0.components(separatedBy: "-backbone-").first?.components(separatedBy: "communities-").last })
    let splits = try #require(labels.first { $0.contains("epochs_2") })
    let folds = try #require(labels.first { $0.contains("epochs_3") })
    #expect(try divisions(splits) == ["splitSeed: 0 fold: null", "splitSeed: 1 fold: null", "splitSeed: 2 fold: null"])
    #expect(try divisions(folds) == ["splitSeed: 0 fold: 1/2", "splitSeed: 0 fold: 2/2", "splitSeed: 1 fold: 1/2"])
    let flags = try space.json([
      "bench", "--models", "gcn", "--datasets", "communities", "--methods", "backbone", "--epochs", "2", "--folds", "2",
      "--out", "flags",
    ])
    #expect(flags["runs"]?.items.count == 2)
  }

  @Test("a file names cases, methods, seeds, jobs and threads; flags override it")
  func file() throws {
    let space = try Workspace()
    try space.write(Self.file, to: "own.yaml")
    let results = try space.json(["bench", "--config", "own.yaml", "--out", "own"])
    let plan = try #require(results["plan"])
    #expect(plan["config"]?.text == "own.yaml" && plan["jobs"]?.integer == 2 && plan["threads"]?.integer == 1)
    let cases = plan["cases"]?.items ?? []
    #expect(
      cases.count == 2 && cases.map { $0["seeds"]?.integer } == [3, 2] && cases.map { $0["epochs"]?.integer } == [8, 3])
    #expect(
      cases.map { $0["batchSize"]?.text } == ["all", "16"] && cases.map { $0["learningRate"]?.number } == [0.01, 0.002])
    #expect(cases[0]["settings"] == .object(["model.hidden": .text("8")]))
    #expect(methods(results) == ["backbone", "swa", "backbone", "swa"])
    #expect(results["rows"]?.items.map { $0["test"]?["values"]?.keys?.count } == [3, 3, 2, 2])
    let summary = try #require(results["runs"]?.items.first?["summary"])
    #expect(summary["epochs"]?.integer == 8 && summary["threads"]?.integer == 1)
    let configuration = try String(
      decoding: space.data("own/runs/text-transformer-grammar-swa-1/config.yaml"), as: UTF8.self)
    #expect(configuration.contains("batchSize: 16") && configuration.contains("model.size: 16"))

    let less = try space.json([
      "bench", "--config", "own.yaml", "--domains", "graph", "--methods", "wa", "--seeds", "1", "--epochs", "4",
      "--jobs", "1", "--out", "less",
    ])
    #expect(methods(less) == ["wa"] && less["runs"]?.items.count == 1 && less["plan"]?["jobs"]?.integer == 1)
    #expect(less["runs"]?[0]?["summary"]?["epochs"]?.integer == 4)
  }

  @Test(
    "what is wrong with a file is told with its place, before any run",
    arguments: [
      ("casez: []", 65, ["own.yaml: line 1, column 1", "'cases'"]),
      ("methods: [backbone]\ncases:\n  - {model: gcn, datset: communities}", 65, ["line 3, column 18", "'dataset'"]),
      ("cases:\n  - {model: gcn}", 65, ["line 2, column 5", "dataset"]),
      ("cases: 3", 65, ["line 1", "cases"]), ("cases:\n  - gcn", 65, ["line 2, column 5"]),
      ("cases:\n  - model: gcm\n    dataset: communities", 65, ["line 2, column 5", "'gcn'"]),
      ("cases:\n  - model: gcn\n    dataset: comunities", 65, ["line 3, column 5", "'communities'"]),
      ("cases:\n  - {model: gcn, dataset: communities, epochs: 0}", 65, ["line 2", "epochs"]),
      ("cases:\n  - {model: gcn, dataset: communities, lr: fast}", 65, ["line 2", "lr"]),
      ("cases:\n  - {model: gcn, dataset: communities, batchSize: 1.5}", 65, ["line 2", "batchSize", "all"]),
      (
        "cases:\n  - model: gcn\n    dataset: communities\n    set:\n      model.hiden: 3", 65,
        ["line 5, column 7", "'model.hidden'"]
      ),
      ("cases:\n  - {model: gcn, dataset: shapes}", 65, ["line 2", "GraphBatch", "ImageBatch"]),
      (
        "cases:\n  - {model: gcn, dataset: communities}\n  - {model: gcn, dataset: communities}", 65,
        ["line 3", "same"]
      ),
      ("methods: [backbone, pwsa]", 65, ["line 1, column 21", "'pswa'"]), ("methods: swa", 65, ["line 1", "methods"]),
      ("folds: 1", 65, ["line 1", "folds"]), ("splits: 3\nseeds: 2", 65, ["line 2", "exclude"]),
      ("splits: 3\nfolds: 2", 65, ["line 2", "exclude"]),
      ("seeds: many", 65, ["line 1", "seeds"]), ("seeds: [", 65, ["own.yaml", "YAML"]),
      ("", 65, ["own.yaml", "cases"]),
    ] as [(String, Int32, [String])])
  func badFile(text: String, status: Int32, words: [String]) throws {
    let space = try Workspace()
    try space.write(text, to: "own.yaml")
    let outcome = try space.refused(["bench", "--config", "own.yaml", "--out", "own"], status)
    for word in words { #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)") }
    #expect(!space.exists("own"))
  }

  @Test(
    "flags that make no sense are refused",
    arguments: [
      (["--preset", "papers"], 64, ["'paper'"]), (["--cases", "standart"], 64, ["'standard'"]), (["--stop-after", "soon"], 64, ["--stop-after"]), (["--bn-update", "reverence"], 64, ["--bn-update", "reference"]), (["--preset", "paper", "--config", "x.yaml"], 64, ["--config"]),
      (["--config", "x.yaml"], 66, ["x.yaml"]), (["--epochs-scale", "0"], 64, ["--epochs-scale"]),
      (["--epochs-scale", "nan"], 64, ["--epochs-scale"]),
      (["--epochs", "3", "--epochs-scale", "2"], 64, ["--epochs"]), (["--seeds", "0"], 64, ["--seeds"]),
      (["--threads", "0"], 64, ["--threads"]), (["--folds", "1"], 64, ["--folds"]),
      (["--splits", "3", "--seeds", "3"], 64, ["--splits", "--seeds"]),
      (["--methods", ","], 64, ["--methods"]), (["--methods", "swa,swa"], 64, ["swa", "twice"]),
      (["--resume"], 64, ["--out"]),
      (["--models", "gcn", "--datasets", "shapes"], 64, ["nothing to compare"]),
    ] as [([String], Int32, [String])])
  func badFlags(flags: [String], status: Int32, words: [String]) throws {
    let space = try Workspace()
    let outcome = try space.refused(["bench"] + flags, status)
    for word in words { #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)") }
    #expect(!space.exists("runs"))
  }

  @Test("the quick preset shortens runs, but keeps an epoch in each cycle")
  func quick() throws {
    let space = try Workspace()
    let quick = try space.run(["bench", "--preset", "quick", "--domains", "graph", "--seeds", "2", "--out", "quick", "--json"], expecting: 0)
    let document = try #require(Document(quick.output))
    #expect(methods(document) == ["backbone", "backbone-chc", "wa", "swa", "ema", "lawa", "pswa"])
    #expect(document["plan"]?["preset"]?.text == "quick" && quick.errors.contains("14 in 6 trajectories"), "\(quick)")
    #expect(document["plan"]?["cases"]?.items.map { $0["epochs"]?.integer } == [100])
    let report = try String(decoding: space.data("quick/report.txt"), as: UTF8.self)
    #expect(report.contains("2x2") && !report.contains("One seed"))
    let plain = try space.json(["bench", "--preset", "default", "--domains", "graph", "--seeds", "1", "--epochs", "8", "--out", "plain"])
    #expect(methods(plain) == ["backbone", "swa", "pswa"])
    #expect(try String(decoding: space.data("plain/report.txt"), as: UTF8.self).contains("One seed"))

    let scaled = try space.json([
      "bench", "--models", "gcn", "--datasets", "communities", "--epochs-scale", "0.01", "--seeds", "1", "--methods",
      "pswa", "--bn-update", "exact", "--out", "scaled",
    ])
    let configuration = try space.names(in: "scaled/runs").map { try String(decoding: space.data("scaled/runs/\($0)/config.yaml"), as: UTF8.self) }
    #expect(configuration.count == 1 && configuration[0].contains("bnUpdate: exact"))
    #expect(scaled["plan"]?["cases"]?[0]?["epochs"]?.integer == 8)
    #expect(scaled["runs"]?[0]?["summary"]?["averaged"]?["restarts"]?.integer == 5)
  }

  @Test("cases of one model and data set are told apart")
  func labels() throws {
    let space = try Workspace()
    try space.write(
      """
      methods: [backbone]
      seeds: 1
      cases:
        - {model: gcn, dataset: communities, epochs: 4, lr: 0.01}
        - {model: gcn, dataset: communities, epochs: 4, lr: 0.1, set: {model.hidden: 8}}
      """, to: "own.yaml")
    let results = try space.json(["bench", "--config", "own.yaml", "--out", "own"])
    let labels = results["rows"]?.items.compactMap { $0["label"]?.text } ?? []
    #expect(
      labels.count == 2 && labels[0].contains("lr=0.01") && labels[1].contains("lr=0.1")
        && labels[1].contains("model.hidden=8"))
    #expect(space.names(in: "own/runs").count == 2)
    #expect(results["rows"]?.items.allSatisfy { $0["difference"]?.isNull == true } == true)
  }

  // MARK: Averaging against learning rate

  @Test("the paper preset asks whether it is averaging or the learning rate")
  func paper() throws {
    let space = try Workspace()
    let results = try space.json([
      "bench", "--preset", "paper", "--domains", "graph", "--seeds", "3", "--epochs", "40", "--out", "paper",
    ])
    #expect(methods(results) == ["backbone", "backbone-chc", "wa", "swa"])
    let item = try #require(results["effects"]?[0])
    #expect(item["seeds"]?.items.map(\.integer) == [0, 1, 2] && item["leftOut"]?.items.isEmpty == true)
    func mean(_ method: String) throws -> Double {
      try #require(results["rows"]?.items.first { $0["method"]?.text == method }?["test"]?["mean"]?.number)
    }
    let b = try mean("backbone")
    let c = try mean("backbone-chc")
    let w = try mean("wa")
    let s = try mean("swa")
    for (name, expected) in [
      ("averaging", (w - b + s - c) / 2), ("learningRate", (c - b + s - w) / 2), ("interaction", s - c - (w - b)),
    ] {
      let effect = try #require(item["effects"]?[name])
      #expect(abs((effect["mean"]?.number ?? 9) - expected) < 1e-9, "\(name)")
      // With three seeds no sign-flip test gives less than a quarter.
      #expect((effect["p"]?.number ?? 0) >= 0.25 && (effect["pHolm"]?.number ?? 0) >= (effect["p"]?.number ?? 1))
    }
    let report = try String(decoding: space.data("paper/report.txt"), as: UTF8.self)
    #expect(
      report.contains("Averaging or learning rate?") && report.contains("p (Holm)") && report.contains("interaction"))
    // The learning rate is all that differs before averaging begins: backbone and wa walk the same path.
    let last = results["rows"]?.items.reduce(into: [String: Document]()) {
      $0[$1["method"]?.text ?? ""] = $1["lastStepTest"]
    }
    #expect(last?["backbone"] == last?["wa"] && last?["backbone-chc"] == last?["swa"] && last?["backbone"] != nil)
  }

  // MARK: What can go wrong

  @Test("Ctrl-C keeps what is finished, and --resume ends with the same results")
  func interrupt() throws {
    let space = try Workspace()
    try space.write(Self.file, to: "own.yaml")
    let flags = ["bench", "--config", "own.yaml", "--epochs", "30"]
    let whole = try space.json(flags + ["--out", "whole"])

    let program = try space.start(flags + ["--out", "cut"])
    let deadline = ContinuousClock.now + .seconds(60)
    // The graph's runs come first: some are finished, a transformer is under way.
    let under = "text-transformer-grammar-swa-0"
    while program.isRunning, ContinuousClock.now < deadline, !hasContent(space, "cut/runs/\(under)/metrics.jsonl") {
      usleep(1000)
    }
    program.signal(SIGINT)
    let outcome = try program.finish()
    #expect(outcome.ending == .exited(130), "\(outcome)")
    #expect(
      outcome.errors.contains("basin bench --resume --out cut") && outcome.errors.contains("of 10 runs are finished"),
      "\(outcome)")
    #expect(!space.exists("cut/results.json"))
    let finished = space.names(in: "cut/runs").filter { space.exists("cut/runs/\($0)/summary.json") }
    #expect(!finished.isEmpty && finished.count < 10)
    // It was told, too: it did not run to its end.
    #expect(!finished.contains(under) && !space.names(in: "cut/runs/\(under)/checkpoints").isEmpty)
    let before = try finished.map { try space.data("cut/runs/\($0)/summary.json") }
    // None of the runs goes on by itself.
    let tree = space.tree("cut/runs")
    usleep(300_000)
    #expect(space.tree("cut/runs") == tree)

    // No flags: it was planned.
    let resumed = try space.json(["bench", "--resume", "--out", "cut"])
    for (name, data) in zip(finished, before) {
      #expect(try space.data("cut/runs/\(name)/summary.json") == data, "\(name)")
    }
    for key in ["test", "lastStepTest", "difference", "failures", "method", "dataset", "label"] {
      #expect(resumed["rows"]?.items.map { $0[key] } == whole["rows"]?.items.map { $0[key] }, "\(key)")
    }
    #expect(resumed["rows"]?.items.count == 4)
    // All but the command, which names the folder.
    for key in ["cases", "methods", "variants", "config", "jobs", "threads", "limits"] {
      #expect(resumed["plan"]?[key] == whole["plan"]?[key], "\(key)")
    }
    for name in space.names(in: "whole/runs") {
      #expect(try space.results(of: "cut/runs/\(name)") == space.results(of: "whole/runs/\(name)"), "\(name)")
    }
  }

  @Test("a benchmark that is killed takes its runs with it, and goes on to the same results")
  func killed() throws {
    let space = try Workspace()
    try space.write(Self.file, to: "own.yaml")
    let flags = ["bench", "--config", "own.yaml", "--domains", "text", "--epochs", "500", "--seeds", "1"]
    let program = try space.start(flags + ["--out", "cut"])
    let deadline = ContinuousClock.now + .seconds(60)
    let runs = ["backbone", "swa"].map { "cut/runs/text-transformer-grammar-\($0)-0" }
    while program.isRunning, ContinuousClock.now < deadline,
      !runs.allSatisfy({ hasContent(space, "\($0)/metrics.jsonl") })
    {
      usleep(1000)
    }
    #expect(space.processes.count == 3)
    program.signal(SIGKILL)
    #expect(try program.finish().ending == .killed(signal: SIGKILL))
    let end = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < end, !space.processes.isEmpty { usleep(5000) }
    #expect(space.processes.isEmpty)
    for run in runs {
      #expect(!space.exists("\(run)/summary.json") && !space.names(in: "\(run)/checkpoints").isEmpty, "\(run)")
    }
    try space.run(["bench", "--resume", "--out", "cut", "--quiet"], expecting: 0)
    try space.run(flags + ["--out", "whole", "--quiet"], expecting: 0)
    for run in runs {
      #expect(
        try space.results(of: run) == space.results(of: run.replacingOccurrences(of: "cut/", with: "whole/")), "\(run)")
    }
  }

  @Test("--resume adds seeds and methods, but does not mix runs of different settings")
  func continued() throws {
    let space = try Workspace()
    let out = ["--out", "bench"]
    let first = try space.json(
      ["bench", "--domains", "graph", "--methods", "backbone", "--seeds", "2", "--epochs", "8"] + out)
    #expect(first["runs"]?.items.count == 2)
    let summary = try space.data("bench/runs/graph-gcn-communities-backbone-1/summary.json")
    let more = try space.json(["bench", "--resume", "--seeds", "3", "--methods", "backbone,wa"] + out)
    #expect(more["runs"]?.items.count == 6 && methods(more) == ["backbone", "wa"])
    #expect(more["runs"]?.items.allSatisfy { $0["summary"]?["epochs"]?.integer == 8 } == true)
    #expect(try space.data("bench/runs/graph-gcn-communities-backbone-1/summary.json") == summary)

    try space.refused(
      ["bench", "--resume", "--domains", "graph", "--epochs", "9"] + out, 64, saying: "epochs 9", "epochs 8", "--out")
    try space.refused(["bench", "--resume", "--threads", "2"] + out, 64, saying: "threads 2", "threads 1")
    try space.refused(["bench", "--resume", "--methods", "backbone,pwsa"] + out, 64, saying: "'pswa'")
    try space.write("{", to: "bench/plan.json")
    try space.refused(["bench", "--resume"] + out, 65, saying: "plan.json")
  }

  @Test("a run that fails is told of, the others are kept")
  func failing() throws {
    let space = try Workspace()
    try space.write(
      """
      methods: [backbone, backbone-chc, wa, swa]
      seeds: 2
      cases:
        - {model: gcn, dataset: communities, epochs: 8}
        - {model: transformer, dataset: grammar, epochs: 2, lr: 1.0e+30, batchSize: 16,
           set: {model.size: 16, model.layers: 1, dataset.trainCount: 160, dataset.testCount: 40}}
      """, to: "own.yaml")
    let outcome = try space.run(["bench", "--config", "own.yaml", "--out", "own", "--json"], expecting: 70)
    #expect(outcome.errors.contains("8 of 16 runs failed") && outcome.errors.contains("own/logs"), "\(outcome)")
    #expect(outcome.errors.contains("text transformer grammar swa seed 1 failed: the loss became"), "\(outcome)")
    let results = try #require(Document(outcome.output))
    let rows = results["rows"]?.items ?? []
    #expect(
      rows.count == 8
        && rows.prefix(4).allSatisfy {
          $0["test"]?["values"]?.keys?.count == 2 && $0["failures"]?.items.isEmpty == true
        })
    #expect(
      rows.dropFirst(4).allSatisfy {
        $0["failures"]?.items.count == 2 && $0["test"]?["mean"]?.isNull == true && $0["difference"]?.isNull == true
      })
    // The case without results has no effects; the other one has its own.
    #expect(results["effects"]?.items.compactMap { $0["dataset"]?.text } == ["communities"])
    #expect(results["runs"]?.items.filter { $0["status"]?.integer == 70 }.count == 8)
    let report = try String(decoding: space.data("own/report.txt"), as: UTF8.self)
    #expect(report.contains("2 failed") && report.contains("the loss became"))
    #expect(try space.run(["bench", "--resume", "--out", "own", "--quiet"]).ending == .exited(70))
  }

  @Test("where all fail for one reason, that is the exit status")
  func allFailing() throws {
    let space = try Workspace()
    try space.write("", to: "empty/nothing")
    let outcome = try space.run(
      ["bench", "--models", "gcn", "--datasets", "cora", "--seeds", "1", "--data-root", "empty", "--out", "bench"],
      expecting: 66)
    #expect(outcome.errors.contains("3 of 3 runs failed") && outcome.errors.contains("cora"), "\(outcome)")
  }

  @Test(
    "a model of a plug-in that fails leaves the others alone",
    .enabled(if: PluginTests.broken != nil, "skipped: plugins/broken-shapes is not built (./basin-test does)"))
  func brokenPlugin() throws {
    let space = try Workspace()
    let options = "set: {dataset.size: 16, dataset.train: 160, dataset.test: 40}"
    try space.write(
      """
      cases:
        - {model: broken-shapes, dataset: shapes, epochs: 2, batchSize: 16, \(options)}
        - {model: preresnet8, dataset: shapes, epochs: 2, batchSize: 16, \(options)}
      """, to: "own.yaml")
    let outcome = try space.run(
      [
        "bench", "--config", "own.yaml", "--seeds", "1", "--methods", "backbone", "--plugin",
        try #require(PluginTests.broken), "--out", "own", "--json",
      ],
      expecting: 70)
    #expect(outcome.errors.contains("1 of 2 runs failed") && outcome.errors.contains("features.1"), "\(outcome)")
    let rows = Document(outcome.output)?["rows"]?.items ?? []
    #expect(rows.map { $0["test"]?["mean"]?.number == nil } == [true, false])
  }
}
