import Foundation
import Testing

/// The store of a benchmark: what a run is known by, going on, merging.
@Suite("bench store", .serialized) struct BenchStoreTests {
  private static let graph = "{model: gcn, dataset: communities, epochs: 8, set: {model.hidden: 8}}"
  private static let wide = "{model: gcn, dataset: communities, epochs: 8, set: {model.hidden: 12}}"
  private static let text = """
    {model: transformer, dataset: grammar, epochs: 2, batchSize: 16, set: {model.size: 16, model.layers: 1,
       dataset.trainCount: 160, dataset.testCount: 40}}
    """

  private func file(_ methods: String, _ cases: String..., seeds: Int = 2) -> String {
    "methods: [\(methods)]\nseeds: \(seeds)\ncases:\n" + cases.map { "  - \($0)\n" }.joined()
  }

  @Test("a run is the same run in whichever order and company it is planned")
  func order() throws {
    let space = try Workspace()
    try space.write(file("backbone, swa", Self.graph, Self.text), to: "a.yaml")
    try space.write(file("swa, ema, backbone", Self.text, Self.wide, Self.graph, seeds: 3), to: "b.yaml")
    try space.run(["bench", "--config", "a.yaml", "--out", "a", "--quiet"], expecting: 0)
    try space.run(["bench", "--config", "b.yaml", "--out", "b", "--jobs", "1", "--quiet"], expecting: 0)
    let a = try StoredRuns(space, "a").results, b = try StoredRuns(space, "b").results
    #expect(a.count == 8 && b.count == 27)
    for (hash, results) in a { #expect(b[hash] == results, "\(hash)") }
    // What determines a run makes another of it.
    try space.run(["bench", "--config", "a.yaml", "--out", "threads", "--threads", "2", "--quiet"], expecting: 0)
    #expect(Set(try StoredRuns(space, "threads").results.keys).isDisjoint(with: a.keys))
    try space.run(["bench", "--config", "a.yaml", "--set", "batches.lengths=any", "--out", "default", "--quiet"], expecting: 0)
    #expect(try StoredRuns(space, "default").results.keys.sorted() == a.keys.sorted())
  }

  @Test("what is done is passed over when other cases and methods come and go, wherever they stand")
  func others() throws {
    let space = try Workspace()
    try space.write(file("backbone, swa", Self.graph, Self.text), to: "a.yaml")
    try space.run(["bench", "--config", "a.yaml", "--out", "a", "--quiet"], expecting: 0)
    let before = try StoredRuns(space, "a").column("endedAt")
    // The graph's folders get other names, since its case now has a label.
    try space.write(file("swa, pswa, backbone", Self.text, Self.wide, Self.graph), to: "b.yaml")
    let outcome = try space.run(["bench", "--config", "b.yaml", "--resume", "--out", "a"], expecting: 0)
    #expect(outcome.errors.contains("18 runs, 8 of them done"), "\(outcome)")
    let after = try StoredRuns(space, "a")
    #expect(after.runs.count == 18)
    let ended = Set(after.runs.compactMap { $0["endedAt"]?.text })
    #expect(before.values.allSatisfy { ended.contains($0.text ?? "") })
    let again = try space.run(["bench", "--config", "a.yaml", "--resume", "--out", "a"], expecting: 0)
    #expect(again.errors.contains("8 runs, 8 of them done"), "\(again)")
  }

  @Test("data that change make other runs, data elsewhere do not")
  func data() throws {
    let space = try Workspace()
    let lines = (0..<60).map { #"{"text": "word\#($0 % 7) word\#($0 % 3) word\#($0 % 2)", "label": "\#($0 % 2)"}"# }
    try space.write(lines.joined(separator: "\n") + "\n", to: "one/train.jsonl")
    try space.write(lines.joined(separator: "\n") + "\n", to: "two/train.jsonl")
    func flags(_ folder: String) -> [String] {
      [
        "bench", "--models", "textcnn", "--datasets", "jsonl:\(folder)/train.jsonl", "--methods", "backbone", "--seeds", "1", "--epochs", "1",
        "--batch-size", "16",
      ]
    }
    try space.run(flags("one") + ["--out", "a", "--quiet"], expecting: 0)
    try space.run(flags("two") + ["--out", "b", "--quiet"], expecting: 0)
    let a = try StoredRuns(space, "a"), b = try StoredRuns(space, "b")
    #expect(a.results == b.results && a.runs.first?["dataSHA256"]?.text?.count == 64)
    try space.write((lines + [lines[0]]).joined(separator: "\n") + "\n", to: "one/train.jsonl")
    let outcome = try space.run(["bench", "--resume", "--out", "a"], expecting: 0)
    #expect(!outcome.errors.contains("of them done"), "\(outcome)")
    let changed = try StoredRuns(space, "a")
    #expect(changed.runs.count == 2 && Set(changed.runs.map { $0["cell"]?.text }).count == 1 && Set(changed.runs.map { $0["dataSHA256"]?.text }).count == 2)
  }

  @Test("runs are listed and chosen")
  func runs() throws {
    let space = try Workspace()
    try space.write(file("backbone, swa", Self.graph, Self.text), to: "a.yaml")
    try space.run(["bench", "--config", "a.yaml", "--out", "a", "--quiet"], expecting: 0)
    #expect(try StoredRuns(space, "a", "--where", "method=swa").runs.count == 4)
    #expect(try StoredRuns(space, "a", "--where", "method=swa", "--where", "domain=graph", "--where", "seed=1").runs.count == 1)
    let best = try StoredRuns(space, "a", "--where", "test>=0", "--sort", "test", "--limit", "3")
    let values = best.runs.compactMap { $0["test"]?.number }
    #expect(values.count == 3 && values == values.sorted())
    let table = try space.run(["bench", "runs", "a/results.sqlite", "--where", "seed=0"], expecting: 0)
    #expect(table.text.split(separator: "\n").count == 5 && table.text.contains("transformer"))
    let run = try #require(best.runs.first)
    #expect(run["attempts"]?.items.count == 1 && run["configuration"]?["configuration"]?["threads"]?.text == "1")
    try space.refused(["bench", "runs", "a", "--where", "mehtod=swa"], 64, saying: "'method'")
    try space.refused(["bench", "runs", "a", "--where", "test>high"], 64, saying: "number")
    try space.refused(["bench", "runs", "nowhere"], 66, saying: "nowhere/results.sqlite")
  }

  @Test("benchmarks come together in one file")
  func merge() throws {
    let space = try Workspace()
    try space.write(file("backbone, swa", Self.graph), to: "a.yaml")
    try space.write(file("swa, pswa", Self.graph), to: "b.yaml")
    try space.run(["bench", "--config", "a.yaml", "--out", "a", "--quiet"], expecting: 0)
    try space.run(["bench", "--config", "b.yaml", "--out", "b", "--quiet"], expecting: 0)
    let report = try space.json(["bench", "merge", "all", "a", "b"])
    #expect(report["runs"]?.integer == 6 && report["same"]?.integer == 2 && report["conflicts"]?.items.isEmpty == true)
    let all = try StoredRuns(space, "all").results
    for folder in ["a", "b"] {
      for (hash, results) in try StoredRuns(space, folder).results { #expect(all[hash] == results) }
    }
    #expect(try space.json(["bench", "merge", "all", "b"])["added"]?.integer == 0)
    // What is wrong with a file is told, and nothing is written.
    try space.write("no database", to: "text.sqlite")
    let before = try space.data("all/results.sqlite")
    for (source, status, word) in [("nowhere", 66, "is not there"), ("text.sqlite", 65, "not a file of benchmark results")] as [(String, Int32, String)] {
      try space.refused(["bench", "merge", "all", source], status, saying: word)
      try space.refused(["bench", "merge", "new", "a", source], status, saying: word)
      #expect(!space.exists("new"))
    }
    var damaged = try space.data("a/results.sqlite")
    for index in stride(from: 4096, to: damaged.count, by: 32) { damaged[index] ^= 0xFF }
    try space.write(damaged, to: "damaged/results.sqlite")
    try space.refused(["bench", "merge", "all", "damaged"], 65, saying: "damaged")
    var later = try space.data("a/results.sqlite")
    later[63] = 200
    try space.write(later, to: "later/results.sqlite")
    try space.refused(["bench", "merge", "all", "later"], 65, saying: "later version")
    try space.refused(["bench", "merge", "all", "a", "a"], 64, saying: "twice")
    // Flags of `bench` itself are refused, not passed over: this would have merged into `a`.
    try space.refused(["bench", "merge", "a", "b", "--out", "all"], 64, saying: "bench merge has no --out")
    try space.refused(["bench", "runs", "all", "--seeds", "3"], 64, saying: "bench runs has no --seeds")
    try space.refused(["bench", "merge", "all", "a", "--any-code"], 64, saying: "--any-code")
    #expect(try space.data("all/results.sqlite") == before)
  }

  @Test("a store that is lost or damaged is told of; lost ones are made again from the runs' folders")
  func lost() throws {
    let space = try Workspace()
    try space.write(file("backbone, wa", Self.graph), to: "a.yaml")
    try space.run(["bench", "--config", "a.yaml", "--out", "a", "--quiet"], expecting: 0)
    let whole = try StoredRuns(space, "a").results
    let good = try space.data("a/results.sqlite")
    try space.write(good.prefix(100), to: "a/results.sqlite")
    try space.refused(["bench", "--resume", "--out", "a"], 65, saying: "results.sqlite")
    try FileManager.default.removeItem(atPath: space("a/results.sqlite"))
    let summaries = try space.names(in: "a/runs").map { try space.data("a/runs/\($0)/summary.json") }
    let outcome = try space.run(["bench", "--resume", "--out", "a"], expecting: 0)
    #expect(!outcome.errors.contains("of them done"), "\(outcome)")
    #expect(try StoredRuns(space, "a").results == whole)
    #expect(try space.names(in: "a/runs").map { try space.data("a/runs/\($0)/summary.json") } == summaries)
  }

  @Test("two benchmarks do not work in one folder")
  func locked() throws {
    let space = try Workspace()
    let flags = ["bench", "--models", "gcn", "--datasets", "communities", "--methods", "backbone", "--seeds", "1", "--epochs", "4000", "--out", "a"]
    let program = try space.start(flags)
    let deadline = ContinuousClock.now + .seconds(60)
    while program.isRunning, ContinuousClock.now < deadline, !space.exists("a/runs/graph-gcn-communities-backbone-0/metrics.jsonl") { usleep(2000) }
    try space.refused(["bench", "--resume", "--out", "a"], 73, saying: "another process is working in this folder")
    program.signal(SIGINT)
    #expect(try program.finish().ending == .exited(130))
  }
}
