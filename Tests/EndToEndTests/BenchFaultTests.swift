import Foundation
import Testing

/// Runs that crash, hang or eat memory.
@Suite("bench faults", .serialized) struct BenchFaultTests {
  static let plugin = PluginTests.library("FaultInjection", package: "fault-injection")
  private static let options = "dataset.size: 16, dataset.train: 160, dataset.test: 40"

  private func file(_ faults: [String], limits: String = "") -> String {
    "methods: [backbone, wa]\nseeds: 2\n\(limits)cases:\n"
      + faults.map { "  - {model: fault-injection, dataset: shapes, epochs: 4, set: {\(Self.options), model.fault: \($0)}}\n" }.joined()
      + "  - {model: preresnet8, dataset: shapes, epochs: 2, batchSize: 16, set: {\(Self.options), model.width: 8}}\n"
  }

  @Test(
    "a crash, a hang and a run that eats memory cost themselves alone, and are told plainly",
    .enabled(if: plugin != nil, "skipped: plugins/fault-injection is not built (./basin-test does)"))
  func three() throws {
    let space = try Workspace()
    let plugin = try #require(Self.plugin)
    try space.write(
      file(["none", "crash", "hang", "memory"], limits: "memoryLimit: 900M\nstuckAfter: 15s\n"), to: "own.yaml")
    let outcome = try space.run(["bench", "--config", "own.yaml", "--plugin", plugin, "--out", "own", "--json"], expecting: 70)
    #expect(outcome.errors.contains("12 of 20 runs failed"), "\(outcome)")
    let stored = try StoredRuns(space, "own").runs
    #expect(stored.count == 20)
    func runs(_ fault: String) -> [Document] {
      stored.filter { $0["configuration"]?["configuration"]?["set"]?["model.fault"]?.text == fault }
    }
    for (fault, status, words) in [
      ("crash", "crashed", "signal 11"), ("hang", "stuck", "without a step"), ("memory", "out of memory", "the limit is 900 MiB"),
    ] {
      let failed = runs(fault)
      #expect(failed.count == 4 && failed.allSatisfy { $0["status"]?.text == status }, "\(fault): \(failed.map { $0["status"] })")
      for run in failed {
        // Both attempts are there.
        #expect(run["attempts"]?.items.compactMap { $0["status"]?.text } == [status, status])
        #expect(run["reason"]?.text?.contains(words) == true, "\(run["reason"]?.text ?? "")")
      }
      #expect(outcome.errors.contains("seed 1 failed: \(status)"), "\(outcome)")
    }
    // Every other run is what it is alone.
    #expect(runs("none").count == 4)
    let intact = stored.filter { $0["status"]?.text == "finished" }
    #expect(intact.count == 8)
    try space.write(file(["none"]), to: "good.yaml")
    try space.run(["bench", "--config", "good.yaml", "--plugin", plugin, "--out", "good", "--quiet"], expecting: 0)
    let good = try StoredRuns(space, "good").column("digest")
    let digests = Set(good.values.compactMap(\.text))
    #expect(digests.count == 8 && Set(intact.compactMap { $0["digest"]?.text }) == digests)
    let report = String(decoding: try space.data("own/report.txt"), as: UTF8.self)
    #expect(report.contains("crashed, ended by signal 11") && report.contains("before that, stuck") && report.contains("out of memory"))
  }

  @Test(
    "what goes well the second time is finished, and its first attempt is told",
    .enabled(if: plugin != nil, "skipped: plugins/fault-injection is not built (./basin-test does)"), arguments: ["crash", "spin"])
  func secondAttempt(fault: String) throws {
    let space = try Workspace()
    space.environment["FAULT_MARKER"] = space("marker")
    try space.write(file([fault], limits: "stuckAfter: 20s\n"), to: "own.yaml")
    let outcome = try space.run(
      ["bench", "--config", "own.yaml", "--plugin", try #require(Self.plugin), "--jobs", "1", "--out", "own"], expecting: 0)
    #expect(outcome.errors.contains("is tried again (\(fault == "spin" ? "stuck" : "crashed"): "), "\(outcome)")
    let runs = try StoredRuns(space, "own").runs
    #expect(runs.count == 8 && runs.allSatisfy { $0["status"]?.text == "finished" })
    #expect(runs.filter { $0["attempts"]?.items.count == 2 }.count == 2)
  }

  @Test("a run that takes too long is ended at the limit")
  func timeLimit() throws {
    let space = try Workspace()
    let outcome = try space.run(
      [
        "bench", "--models", "gcn", "--datasets", "communities", "--methods", "backbone", "--seeds", "1", "--epochs", "1000000", "--time-limit",
        "2s", "--out", "own",
      ], expecting: 70)
    #expect(outcome.errors.contains("timed out, ended at the time limit of 0:02"), "\(outcome)")
    #expect(outcome.seconds < 30)
    let run = try #require(try StoredRuns(space, "own").runs.first)
    #expect(run["status"]?.text == "timed out" && run["attempts"]?.items.count == 2)
    // A limit is no part of what a run is: with more time it is the same one.
    let plan = Document(try space.data("own/plan.json"))
    #expect(plan?["limits"]?["time"]?.number == 2)
    try space.refused(["bench", "--time-limit", "soon"], 64, saying: "--time-limit", "90s")
    try space.refused(["bench", "--memory-limit", "-3G"], 64, saying: "--memory-limit", "800M")
  }

  @Test("killed with all its runs at any instant, it goes on to the same content", arguments: [0.05, 0.4, 0.8])
  func killed(part: Double) throws {
    let space = try Workspace()
    try space.write(
      """
      methods: [backbone, wa, swa, pswa]
      seeds: 2
      jobs: 2
      cases:
        - {model: gcn, dataset: communities, epochs: 60, set: {model.hidden: 8}}
        - {model: transformer, dataset: grammar, epochs: 16, batchSize: 16,
           set: {model.size: 16, model.layers: 1, dataset.trainCount: 160, dataset.testCount: 40}}
      """, to: "own.yaml")
    let whole = try space.run(["bench", "--config", "own.yaml", "--out", "whole", "--quiet"], expecting: 0)
    let program = try space.start(["bench", "--config", "own.yaml", "--out", "cut", "--quiet"])
    usleep(UInt32(part * whole.seconds * 1_000_000))
    // Again until none is left: a run may just be starting. One that is dead but not yet waited for has no folder any more.
    while case let living = space.processes, !living.isEmpty { for process in living { kill(process, SIGKILL) } }
    _ = try program.finish()
    let resume = space.exists("cut") ? ["--resume"] : []
    try space.run(["bench", "--config", "own.yaml", "--out", "cut", "--quiet"] + resume, expecting: 0)
    let results = try StoredRuns(space, "cut").results
    #expect(try results.count == 16 && results == StoredRuns(space, "whole").results)
    for name in space.names(in: "whole/runs") {
      let mine = try space.results(of: "cut/runs/\(name)")
      for (file, bytes) in try space.results(of: "whole/runs/\(name)") where !file.hasPrefix("observed-") {
        #expect(mine[file] == bytes, "\(name) \(file)")
      }
    }
  }
}
