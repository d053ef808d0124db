import Foundation
import Testing

/// The worked examples in plugins/, by the built program: each as its README says, in small.
@Suite("plug-in examples", .serialized) struct PluginExampleTests {
  /// A package in plugins/ and its library.
  struct Example: Sendable, CustomTestStringConvertible {
    let package, library: String
    var testDescription: String { package }
    var path: String? { PluginTests.library(library, package: package) }
    /// Its own tests, which ./basin-test builds beside the library.
    var tests: String? {
      path.map { ($0 as NSString).deletingLastPathComponent + "/\(package)PackageTests.xctest" }
        .flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
    }

    static let convMixer = Example(package: "conv-mixer", library: "ConvMixer")
    static let graphTransformer = Example(package: "graph-transformer", library: "GraphTransformer")
    static let tabular = Example(package: "tabular", library: "Tabular")
    static let adan = Example(package: "adan", library: "Adan")
    static let cyclicSWA = Example(package: "cyclic-swa", library: "CyclicSWA")
    static let gatedMixer = Example(package: "gated-mixer", library: "GatedMixer")
    static let all = [convMixer, graphTransformer, tabular, adan, cyclicSWA, gatedMixer]
  }

  static let areBuilt = Example.all.allSatisfy { $0.path != nil && $0.tests != nil }

  private func plugin(_ example: Example) throws -> [String] { ["--plugin", try #require(example.path)] }

  @Test(
    "the package's own tests pass", .enabled(if: areBuilt, "skipped: the packages in plugins/ are not built (./basin-test does)"),
    arguments: Example.all)
  func ownTests(example: Example) throws {
    let space = try Workspace()
    space.environment["BASIN_LIBTORCH_SHIM"] = BuiltProgram.folder + "/libLibTorchShim.so"
    let outcome = try space.run(program: try #require(example.tests), ["--testing-library", "swift-testing"])
    #expect(outcome.ending == .exited(0), "\(outcome.text.suffix(3000))\n\(outcome)")
    #expect((outcome.text + outcome.errors).contains("passed after"), "no test was run: \(outcome)")
  }

  @Test(
    "passes `basin plugin check`", .enabled(if: areBuilt, "skipped: the packages in plugins/ are not built (./basin-test does)"),
    arguments: Example.all)
  func conformance(example: Example) throws {
    let space = try Workspace()
    // The published sizes of ConvMixer would take hours.
    let small = example.package == "conv-mixer" ? ["--only", "convmixer", "--set", "model.width=16", "--set", "model.depth=2"] : []
    let report = try space.json(["plugin", "check", try #require(example.path), "--steps", "200"] + small)
    #expect(report["passed"]?.flag == true)
    for check in report["checks"]?.items ?? [] where check["outcome"]?.text == "failed" {
      Issue.record("\(check["subject"]?.text ?? ""), \(check["check"]?.text ?? ""): \(check["message"]?.text ?? "")")
    }
    #expect((report["checks"]?.items.count ?? 0) >= 10)
  }

  // MARK: Models

  private static let pictures = [
    "--dataset", "shapes", "--set", "dataset.size=16", "--set", "dataset.train=600", "--set", "dataset.test=150", "--set",
    "dataset.augment=false", "--threads", "1", "--quiet", "--batch-size", "32",
  ]

  @Test("convmixer learns, exports timm's names and takes them back", .enabled(if: Example.convMixer.path != nil))
  func convMixer() throws {
    let space = try Workspace(), plugin = try plugin(.convMixer)
    let small = ["--set", "model.width=24", "--set", "model.depth=2", "--set", "model.patch=4"]
    let described = try space.json(["describe", "model", "convmixer"] + small + plugin)
    // The stem, two blocks and ten classes.
    #expect(described["parameters"]?.integer == 24 * (3 * 16 + 3) + 2 * 24 * (25 + 24 + 6) + 250)
    let summary = try space.json(
      ["train", "--model", "convmixer", "--method", "swa", "--epochs", "10", "--out", "run"] + small + Self.pictures + plugin)
    #expect((summary["train"]?["accuracy"]?.number ?? 0) > 0.3, "\(summary)")
    #expect(summary["averaged"]?["test"]?["accuracy"]?.number != nil)
    try space.run(["export", "run", "--to", "out.safetensors"], expecting: 0)
    let names = try Set(TensorFile(space.data("out.safetensors")).tensors.keys)
    #expect(names.contains("blocks.1.0.fn.0.weight") && names.contains("stem.2.running_var") && names.contains("head.bias"))
    let again = try space.json(
      ["train", "--model", "convmixer", "--epochs", "1", "--lr", "1e-6", "--init", "out.safetensors", "--out", "again"] + small
        + Self.pictures + plugin)
    #expect(again["parameters"] == summary["parameters"])
    try space.refused(
      ["train", "--model", "convmixer", "--set", "model.kernel=4", "--out", "bad"] + Self.pictures + plugin, 64, saying: "kernel", "5")
  }

  @Test("graph-transformer learns nodes and graphs, and refuses pictures", .enabled(if: Example.graphTransformer.path != nil))
  func graphTransformer() throws {
    let space = try Workspace(), plugin = try plugin(.graphTransformer)
    let train = ["train", "--model", "graph-transformer", "--threads", "1", "--quiet", "--set", "model.heads=2"] + plugin
    let summary = try space.json(train + ["--dataset", "communities", "--method", "pswa", "--epochs", "60", "--out", "run"])
    #expect((summary["test"]?["accuracy"]?.number ?? 0) > 0.6, "\(summary)")
    let evaluated = try space.json(["evaluate", "run", "--weights", "averaged"])
    #expect(evaluated["test"] == summary["averaged"]?["test"])
    try space.refused(train + ["--dataset", "shapes", "--out", "bad"], 64, saying: "graph-transformer", "GraphBatch", "ImageBatch")
    // Whole graphs: rings and stars, from a file of one's own.
    try space.write(Self.ringsAndStars(40), to: "graphs.graphml")
    let graphs = try space.json(
      train + ["--dataset", "graphml:graphs.graphml", "--epochs", "60", "--lr", "0.01", "--batch-size", "8", "--out", "graphs"])
    #expect((graphs["train"]?["accuracy"]?.number ?? 0) > 0.9, "\(graphs)")
  }

  /// GraphML of rings and stars of five nodes, with a class a graph.
  private static func ringsAndStars(_ count: Int) -> String {
    var text = """
      <?xml version="1.0"?>
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
      <key id="c" for="graph" attr.name="class" attr.type="string"/>
      <key id="x" for="node" attr.name="x" attr.type="double"/>

      """
    for graph in 0..<count {
      text += "<graph id=\"g\(graph)\" edgedefault=\"undirected\"><data key=\"c\">\(graph % 2 == 0 ? "ring" : "star")</data>\n"
      for node in 0..<5 {
        // A star's centre has another number than its rays; a ring's nodes are alike.
        let isCentre = graph % 2 == 1 && node == 0
        text += "<node id=\"g\(graph)n\(node)\"><data key=\"x\">\(isCentre ? 2 : 1)</data></node>\n"
      }
      for node in 0..<5 where graph % 2 == 0 || node > 0 {
        text += "<edge source=\"g\(graph)n\(node)\" target=\"g\(graph)n\(graph % 2 == 0 ? (node + 1) % 5 : 0)\"/>\n"
      }
      text += "</graph>\n"
    }
    return text + "</graphml>\n"
  }

  @Test("gated-mixer's kernel and its twin learn alike", .enabled(if: Example.gatedMixer.path != nil))
  func gatedMixer() throws {
    let space = try Workspace(), plugin = try plugin(.gatedMixer)
    let losses = try ["fused", "plain"].map { activation in
      let summary = try space.json(
        ["train", "--model", "gated-mixer", "--epochs", "8", "--out", activation, "--set", "model.activation=\(activation)", "--set",
          "model.width=24", "--set", "model.depth=2"] + Self.pictures + plugin)
      #expect((summary["train"]?["accuracy"]?.number ?? 0) > 0.3, "\(summary)")
      return try #require(summary["train"]?["loss"]?.number)
    }
    #expect(abs(losses[0] - losses[1]) < 0.1 * losses[1], "\(losses)")
  }

  // MARK: Tables

  /// Flats: the price follows area and city; a few areas are missing.
  private static func flats(_ count: Int, first: Int = 0) -> String {
    "name,area,city,note,price\n"
      + (first..<first + count).map { index in
        let area = 30 + (index * 37) % 90, city = ["Rome", "Oslo", "Bern"][index % 3]
        let price = Double(area) * [3.0, 5.0, 8.0][index % 3] + Double((index * 13) % 7)
        return "flat \(index),\(index % 17 == 0 ? "" : "\(area)"),\(city),\"quiet, \"\"sunny\"\"\",\(price)"
      }.joined(separator: "\n") + "\n"
  }

  @Test("a table of one's own is learned, evaluated and predicted", .enabled(if: Example.tabular.path != nil))
  func tables() throws {
    let space = try Workspace(), plugin = try plugin(.tabular)
    try space.write(Self.flats(400), to: "flats.csv")
    let data = ["--dataset", "table:flats.csv", "--set", "dataset.ignore=name,note", "--threads", "1", "--quiet"] + plugin
    let inspected = try space.json(
      ["data", "inspect", "table:flats.csv", "--set", "dataset.ignore=name,note"] + plugin)
    #expect(inspected["examples"]?["train"]?.integer == 320, "\(inspected)")
    #expect(inspected["shape"]?.text == "2 numbers, 1 categories (4 values)", "\(inspected)")
    for model in ["tabular-mlp", "ft-transformer"] {
      let small = model == "ft-transformer" ? ["--set", "model.size=16", "--set", "model.blocks=1"] : []
      let summary = try space.json(
        ["train", "--model", model, "--method", "pswa", "--epochs", "40", "--batch-size", "32", "--lr", "0.005", "--out", model]
          + small + data)
      let r2 = try #require(summary["test"]?["r2"]?.number), rmse = try #require(summary["test"]?["rmse"]?.number)
      #expect(r2 > 0.9 && rmse < 80, "\(summary)")
      // Everything in the units of the table: the loss is the square of the root mean squared error.
      let loss = try #require(summary["test"]?["loss"]?.number)
      #expect(abs(loss - rmse * rmse) < 0.01 * loss)
      #expect(summary["metric"]?.text == "rmse")
      #expect(try space.json(["evaluate", model, "--weights", "averaged"])["test"] == summary["averaged"]?["test"])
    }
    // Without the target, columns in another order, a city nobody knows.
    try space.write("city,area,note,name\nOslo,100,,a\nBern,50,,b\nLima,,,c\n", to: "new.csv")
    try space.run(["predict", "tabular-mlp", "new.csv", "--to", "out.csv"], expecting: 0)
    let rows = String(decoding: try space.data("out.csv"), as: UTF8.self).split(separator: "\n").map { $0.split(separator: ",") }
    #expect(rows.count == 4 && rows[0] == ["index", "prediction"])
    let prices = rows.dropFirst().compactMap { Double($0[1]) }
    #expect(prices.count == 3 && abs(prices[0] - 503) < 120 && abs(prices[1] - 403) < 120, "\(prices)")
  }

  @Test("a damaged table is refused with its file, line and column", .enabled(if: Example.tabular.path != nil))
  func damagedTables() throws {
    let space = try Workspace(), plugin = try plugin(.tabular)
    func train(_ dataset: String, _ more: String...) -> [String] {
      ["train", "--model", "tabular-mlp", "--dataset", dataset, "--out", "run", "--quiet"] + more + plugin
    }
    let good = Self.flats(60)
    try space.write(good + "flat 60,\"31,Rome,x,9\n", to: "quote.csv")
    try space.refused(train("table:quote.csv"), 65, saying: "quote.csv", "line 62, field 2", "never ends")
    try space.write(good + "flat 60,31,Rome\n", to: "short.csv")
    try space.refused(train("table:short.csv"), 65, saying: "short.csv", "line 62", "3 fields")
    try space.write(good + "flat 60,3l,Rome,x,9\n", to: "letter.csv")
    try space.refused(train("table:letter.csv"), 65, saying: "letter.csv", "line 62, column area", "'3l'", "dataset.categorical")
    try space.refused(train("table:none.csv"), 66, saying: "none.csv")
    try space.write(good, to: "good.csv")
    try space.refused(train("table:good.csv", "--set", "dataset.target=prise"), 64, saying: "'price'")
    try space.refused(train("table"), 64, saying: "table:PATH")
    #expect(!space.exists("run"))
  }

  @Test("generated tables: a transformer and a perceptron beat the linear model", .enabled(if: Example.tabular.path != nil))
  func generatedTables() throws {
    let space = try Workspace(), plugin = try plugin(.tabular)
    func summary(_ model: String, _ dataset: String) throws -> Document {
      try space.json(
        ["train", "--model", model, "--dataset", dataset, "--epochs", "8", "--lr", "0.003", "--threads", "1", "--quiet", "--out",
          "\(model)-\(dataset)", "--set", "dataset.train=2000"] + (model == "ft-transformer" ? ["--set", "model.size=32"] : []) + plugin)
    }
    func error(_ model: String) throws -> Double { try #require(summary(model, "made-up-prices")["test"]?["rmse"]?.number) }
    let linear = try error("tabular-linear")
    #expect(try error("tabular-mlp") < linear && error("ft-transformer") < linear)
    let credit = try summary("tabular-mlp", "made-up-credit")
    #expect((credit["test"]?["accuracy"]?.number ?? 0) > 0.75 && credit["test"]?["macroF1"]?.number != nil, "\(credit)")
  }

  // MARK: Methods

  @Test("adan trains, inside of wrappers too, and a killed run ends in the same bits", .enabled(if: Example.adan.path != nil))
  func adan() throws {
    let space = try Workspace(), plugin = try plugin(.adan)
    let small = SmallRun.graph
    for optimizer in ["adan", "sam:adan", "lookahead:adan"] {
      let flags = ["--optimizer", optimizer, "--lr", "0.01", "--json"] + plugin
      let summary = try #require(Document(space.run(small.train("pswa", to: optimizer) + flags, expecting: 0).output))
      #expect(summary["optimizer"]?.text == optimizer && (summary["train"]?["accuracy"]?.number ?? 0) > 0.4, "\(summary)")
    }
    try checkResume(space, ["--optimizer", "adan", "--lr", "0.01"] + plugin, method: "backbone")
  }

  @Test("cyclic-swa restarts where the rate does, and a killed run ends in the same bits", .enabled(if: Example.cyclicSWA.path != nil))
  func cyclicSWA() throws {
    let space = try Workspace(), plugin = try plugin(.cyclicSWA)
    let small = SmallRun.graph
    let settings = [
      [], ["schedule.cycle=7st", "averaging.cycle=7st"],
      ["schedule.cycle=5ep", "averaging.cycle=5ep", "schedule.multiplier=1.5", "averaging.multiplier=1.5"],
      ["schedule.cycle=0.3dur", "averaging.cycle=0.3dur", "schedule.warmup=3ep", "averaging.warmup=3ep"],
    ]
    for values in settings {
      let flags = ["--method", "cyclic-swa", "--lr", "0.01"] + values.flatMap { ["--set", $0] }
      let plan = try space.json(["plan"] + flags + small.arguments + plugin)
      // An epoch is a step: the rates are those of every step.
      let rates = plan["learningRate"]?.items.compactMap { $0["rate"]?.number } ?? []
      let restarts = plan["events"]?.items.filter { $0["kind"]?.text == "restart" }.compactMap { $0["step"]?.integer } ?? []
      let warmup = values.contains("averaging.warmup=3ep") ? 3 : 0
      let jumps = rates.indices.filter { $0 > warmup && rates[$0] > rates[$0 - 1] }
      #expect(restarts.count >= 2 && restarts == jumps, "\(values): restarts \(restarts), the rate rises at \(jumps)")
      #expect(restarts.allSatisfy { abs(rates[$0] - 0.01) < 1e-12 })
      #expect(plan["events"]?.items.last?["step"]?.integer == 40)
    }
    try checkResume(space, plugin, method: "cyclic-swa")
  }

  /// A run that is killed half-way ends in the bits of one that is not.
  private func checkResume(_ space: Workspace, _ flags: [String], method: String) throws {
    let small = SmallRun.graph
    try space.run(small.train(method, to: "whole") + flags, expecting: 0)
    for attempt in 1...5 {
      let out = "cut\(attempt)"
      let program = try space.start(small.train(method, to: out, "--checkpoint-every", "1st") + flags)
      let deadline = ContinuousClock.now + .seconds(60)
      func newest() -> Int {
        space.names(in: "\(out)/checkpoints").compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }.max() ?? 0
      }
      while program.isRunning, ContinuousClock.now < deadline, newest() < 17 { usleep(200) }
      program.signal(SIGKILL)
      _ = try program.finish()
      if space.exists("\(out)/summary.json") { continue }
      try space.run(["train", "--quiet", "--resume", out], expecting: 0)
      #expect(try space.results(of: out) == space.results(of: "whole"), "resumed after step \(newest())")
      return
    }
    Issue.record("the run was finished before the signal each time")
  }

  // MARK: Benchmark

  @Test(
    "a benchmark takes models, data sets, optimizers and methods of plug-ins by name",
    .enabled(if: areBuilt, "skipped: the packages in plugins/ are not built (./basin-test does)"))
  func benchmark() throws {
    let space = try Workspace()
    try space.write(
      """
      methods:
        - backbone
        - cyclic-swa
        - {name: adan, method: backbone, optimizer: adan, lr: 0.01}
      seeds: 2
      cases:
        - {model: gcn, dataset: communities, epochs: 20, set: {model.hidden: 8}}
        - {model: graph-transformer, dataset: communities, epochs: 12, set: {model.heads: 1}}
        - {model: tabular-mlp, dataset: made-up-credit, epochs: 4, set: {dataset.train: 400, dataset.test: 100}}
      """, to: "all.yaml")
    let plugins = try [Example.graphTransformer, .tabular, .adan, .cyclicSWA].flatMap { try plugin($0) }
    let results = try space.json(["bench", "--config", "all.yaml", "--out", "all", "--jobs", "2"] + plugins)
    #expect(results["rows"]?.items.count == 9 && results["runs"]?.items.count == 18)
    #expect(Set(results["rows"]?.items.compactMap { $0["domain"]?.text } ?? []) == ["graph", "tabular"])
    for run in results["runs"]?.items ?? [] {
      #expect(run["summary"]?["test"]?["accuracy"]?.number != nil, "\(run)")
    }
  }

  @Test("every example's benchmark file runs, for one epoch and seed of its first method", .enabled(if: areBuilt), arguments: Example.all)
  func benchmarkFiles(example: Example) throws {
    let space = try Workspace()
    let file = "\(BuiltProgram.checkout)/plugins/\(example.package)/benchmark.yaml"
    let results = try space.json(
      ["bench", "--config", file, "--out", "one", "--seeds", "1", "--epochs", "1", "--methods",
        example.package == "adan" ? "adan" : "backbone"] + plugin(example))
    #expect((results["rows"]?.items.count ?? 0) >= 1)
    for run in results["runs"]?.items ?? [] { #expect(run["summary"]?["steps"]?.integer != nil, "\(run)") }
  }
}
