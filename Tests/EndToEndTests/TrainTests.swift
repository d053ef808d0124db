import Foundation
import Testing

@Suite("train", .serialized) struct TrainTests {
  @Test("writes everything a run promises", arguments: SmallRun.all, ["backbone", "swa", "pswa"])
  func contract(small: SmallRun, method: String) throws {
    let space = try Workspace()
    let summary = try space.json(small.train(method, to: "run", "--seed", "3"))
    let written = try #require(Document(space.data("run/summary.json")))
    #expect(summary == written)
    try Self.checkSummary(summary, small, method)

    let lines = try String(decoding: space.data("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
    let metrics = lines.compactMap { Document(Data($0.utf8)) }
    #expect(metrics.count == lines.count)
    #expect(metrics.map { $0["epoch"]?.integer } == (1...small.epochs).map { $0 })
    #expect(metrics.last?["step"]?.integer == small.steps)
    #expect(metrics.allSatisfy { $0["train"]?["loss"]?.number != nil && $0["validation"]?["accuracy"]?.number != nil })

    let configuration = try String(decoding: space.data("run/config.yaml"), as: UTF8.self)
    for line in ["model: \(small.model)", "method: \(method)", "seed: 3", "epochs: \(small.epochs)", "threads: 1"] {
      #expect(configuration.contains("\n\(line)\n"), "\(configuration)")
    }
    #expect(
      space.names(in: "run/weights") == (method == "backbone" ? [] : ["averaged.safetensors"]) + ["last.safetensors"])
    #expect(space.tree("run").allSatisfy { !$0.contains(".part") })
  }

  private static func checkSummary(_ summary: Document, _ small: SmallRun, _ method: String) throws {
    let keys: Set<String> = [
      "domain", "model", "dataset", "method", "seed", "epochs", "steps", "parameters", "device", "threads", "train",
      "validation",
      "test", "selected", "averaged", "observed", "seconds", "stepMilliseconds", "examplesPerSecond", "peakMemoryBytes",
      "versions",
      "data",
    ]
    #expect(keys.subtracting(summary.keys ?? []).isEmpty)
    let texts = [
      "domain": small.domain, "model": small.model, "dataset": small.dataset, "method": method, "device": "cpu",
    ]
    for (key, value) in texts { #expect(summary[key]?.text == value, "\(key)") }
    let numbers = ["seed": 3, "epochs": small.epochs, "steps": small.steps, "threads": 1]
    for (key, value) in numbers { #expect(summary[key]?.integer == value, "\(key)") }
    for key in ["parameters", "peakMemoryBytes"] { #expect((summary[key]?.integer ?? 0) > 0, "\(key)") }
    #expect((summary["examplesPerSecond"]?.number ?? 0) > 0)
    let parts =
      ["train", "validation", "test"].map { ($0, summary[$0]) }
      + ["validation", "test"].map { ("selected.\($0)", summary["selected"]?[$0]) }
    for (name, metrics) in parts { checkMetrics(metrics, name) }
    #expect(summary["selected"]?["epoch"]?.integer == small.epochs)
    // `--select last` is the default.
    #expect(summary["selected"]?["test"] == summary["test"])
    #expect(summary["observed"]?.keys == [])
    for key in ["total", "train", "data", "evaluate", "average", "bnUpdate"] {
      #expect((summary["seconds"]?[key]?.number ?? -1) >= 0, "seconds.\(key)")
    }
    #expect((summary["stepMilliseconds"]?["median"]?.number ?? 0) > 0)
    #expect((summary["stepMilliseconds"]?["p90"]?.number ?? 0) >= summary["stepMilliseconds"]?["median"]?.number ?? 0)
    for key in ["basin", "libtorch", "swift"] {
      #expect(summary["versions"]?[key]?.text?.isEmpty == false, "versions.\(key)")
    }
    let hash = try #require(summary["data"]?["sha256"])
    #expect(hash.isNull || hash.text?.count == 64)

    let averaged = try #require(summary["averaged"])
    guard method != "backbone" else {
      #expect(averaged.isNull)
      return
    }
    checkMetrics(averaged["validation"], "averaged.validation")
    checkMetrics(averaged["test"], "averaged.test")
    let samples = averaged["samples"]?.integer ?? 0, total = averaged["totalSamples"]?.integer ?? 0
    #expect(samples > 0)
    #expect(method == "pswa" ? (averaged["restarts"]?.integer ?? 0) >= 3 : averaged["restarts"]?.integer == 0)
    #expect(method == "pswa" ? total > samples : total == samples)
  }

  private static func checkMetrics(_ metrics: Document?, _ name: String) {
    #expect(metrics?["loss"]?.number != nil, "\(name)")
    #expect((0...1).contains(metrics?["accuracy"]?.number ?? -1), "\(name)")
  }

  @Test("the same seed gives the same bits, another seed others", arguments: SmallRun.all)
  func determinism(small: SmallRun) throws {
    let space = try Workspace()
    for (out, seed) in [("a", "5"), ("b", "5"), ("c", "6")] {
      try space.run(small.train("pswa", to: out, "--seed", seed), expecting: 0)
    }
    let a = try space.results(of: "a")
    #expect(a.keys.sorted() == ["averaged.safetensors", "last.safetensors", "metrics.jsonl"])
    #expect(try a == space.results(of: "b"))
    #expect(try a["last.safetensors"] != space.data("c/weights/last.safetensors"))
    // The configuration of a run is all it takes to repeat it.
    try space.run(["train", "--quiet", "--config", "a/config.yaml", "--out", "d"], expecting: 0)
    #expect(try a == space.results(of: "d"))
  }

  @Test("--quiet says nothing, and without it standard output is for people")
  func output() throws {
    let space = try Workspace()
    let quiet = try space.run(SmallRun.graph.train("backbone", to: "a"), expecting: 0)
    #expect(quiet.output.isEmpty && quiet.errors.isEmpty, "\(quiet)")
    let loud = try space.run(
      SmallRun.graph.train("swa", to: "b", "--observe", "lawa:3").filter { $0 != "--quiet" }, expecting: 0)
    #expect(loud.text.contains("average of") && loud.text.contains("run: b"), "\(loud)")
    #expect(loud.text.contains("observed lawa:3 of 40"), "\(loud)")
    #expect(!loud.errors.contains("\u{1B}"), "a progress bar without a terminal: \(loud)")
  }

  @Test("--select best reports and keeps the best epoch")
  func selection() throws {
    let space = try Workspace()
    let summary = try space.json(SmallRun.text.train("backbone", to: "run", "--select", "best"))
    let epochs = try String(decoding: space.data("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
      .compactMap { Document(Data($0.utf8)) }
    let best = epochs.compactMap { $0["validation"]?["accuracy"]?.number }.max()
    let chosen = try #require(epochs.first { $0["epoch"] == summary["selected"]?["epoch"] })
    #expect(chosen["validation"]?["accuracy"]?.number == best)
    #expect(summary["selected"]?["validation"]?["accuracy"]?.number == best)
    #expect(space.exists("run/weights/best.safetensors"))
  }

  @Test("--init starts from the weights of another run")
  func initialWeights() throws {
    let space = try Workspace()
    try space.run(SmallRun.graph.train("backbone", to: "a"), expecting: 0)
    // At so low a rate the new run ends where the first one did, which is far from where a fresh one starts.
    let first = try space.json(["evaluate", "a"])
    try space.run(
      SmallRun.graph.train("backbone", to: "b", "--init", "a", "--lr", "1e-12", "--seed", "9"), expecting: 0)
    let second = try space.json(["evaluate", "b"])
    #expect(first["test"]?["accuracy"] == second["test"]?["accuracy"])
    try space.refused(
      SmallRun.vision.train("backbone", to: "c", "--init", "a"), 65, saying: "a/weights/last.safetensors",
      "of another model")
    #expect(!space.exists("c"))
  }
}
