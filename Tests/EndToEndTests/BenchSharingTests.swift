import Foundation
import Testing

/// Passive averages share the trajectory of their backbone.
@Suite("bench sharing", .serialized) struct BenchSharingTests {
  private static let methods = ["backbone", "backbone-chc", "wa", "swa", "ema", "lawa", "swag", "suffix", "pswa"]

  @Test("runs that share a trajectory are those that are run alone, to the bit", arguments: SmallRun.all)
  func same(small: SmallRun) throws {
    let space = try Workspace()
    let settings = stride(from: 0, to: small.more.count, by: 2).filter { small.more[$0] == "--set" }.flatMap { ["--set", small.more[$0 + 1]] }
    let batch = small.more.contains("--batch-size") ? ["--batch-size", "16"] : []
    let flags = [
      "bench", "--models", small.model, "--datasets", small.dataset, "--epochs", "\(small.epochs * 2)", "--seeds", "1", "--methods",
      Self.methods.joined(separator: ","),
    ] + settings + batch
    let shared = try space.run(flags + ["--out", "shared"], expecting: 0)
    #expect(shared.errors.contains("9 in 3 trajectories"), "\(shared)")
    try space.run(flags + ["--out", "alone", "--independent", "--quiet"], expecting: 0)
    let one = try StoredRuns(space, "shared"), other = try StoredRuns(space, "alone")
    #expect(one.runs.count == 9 && one.results == other.results)
    #expect(one.runs.allSatisfy { $0["digest"]?.text?.count == 64 })
    #expect(
      one.column("sharedBy").mapValues(\.integer) == Dictionary(
        uniqueKeysWithValues: Self.methods.map { method in
          let title = "\(small.domain) \(small.model) \(small.dataset) \(method) 0"
          return (title, method == "pswa" ? 1 : method.hasSuffix("chc") || method == "swa" ? 2 : 6)
        }))
    #expect(Set(other.column("sharedBy").values.map(\.integer)) == [1])
    // Weights, metrics and configuration are where they are for a run alone.
    for name in space.names(in: "alone/runs") {
      let mine = try space.results(of: "shared/runs/\(name)"), its = try space.results(of: "alone/runs/\(name)")
      for (file, bytes) in its { #expect(mine[file] == bytes, "\(name) \(file)") }
      // The trajectory's own run also keeps what it observed for the others.
      #expect(Set(mine.keys).subtracting(its.keys).allSatisfy { $0.hasPrefix("observed-") }, "\(name)")
      let seconds = Document(try space.data("shared/runs/\(name)/summary.json"))?["seconds"]
      #expect((seconds?["total"]?.number ?? 0) > 0)
    }
    let evaluated = try space.json(["evaluate", "shared/runs/\(small.domain)-\(small.model)-\(small.dataset)-lawa-0", "--weights", "averaged"])
    let summary = try #require(one.runs.first { $0["method"]?.text == "lawa" }?["summary"])
    #expect(evaluated["test"] == summary["averaged"]?["test"])
  }

  @Test("costs are those of each method by itself; what passed is divided")
  func costs() throws {
    let space = try Workspace()
    let flags = ["bench", "--models", "gcn", "--datasets", "communities", "--epochs", "200", "--seeds", "1", "--methods"]
    try space.run(flags + ["backbone,swag,wa", "--out", "shared", "--quiet"], expecting: 0)
    let runs = try StoredRuns(space, "shared").runs
    func seconds(_ method: String) -> Document? { runs.first { $0["method"]?.text == method }?["summary"]?["seconds"] }
    let backbone = try #require(seconds("backbone")), swag = try #require(seconds("swag")), wa = try #require(seconds("wa"))
    func number(_ document: Document, _ part: String) -> Double { document[part]?.number ?? .nan }
    // One training, but each its own averages and evaluations: swag evaluates thirty draws.
    #expect(number(backbone, "train") == number(swag, "train") && number(backbone, "average") == 0)
    #expect(number(swag, "evaluate") > number(wa, "evaluate") && number(wa, "evaluate") > number(backbone, "evaluate"))
    #expect(number(swag, "total") > number(wa, "total") && number(wa, "total") > number(backbone, "total"))
    // What passed is divided among them: its parts are equal, and together no less than the trajectory took.
    let wall = Set(runs.compactMap { $0["wallSeconds"]?.number })
    let whole = try #require(runs[0]["summary"]?["shared"]?["seconds"]?.number)
    #expect(wall.count == 1 && (wall.first ?? 0) * 3 >= whole)
  }

  @Test("what is added later is run alone, and what a case observes stays its own")
  func later() throws {
    let space = try Workspace()
    try space.write(
      """
      methods: [backbone, wa]
      seeds: 1
      cases:
        - {model: gcn, dataset: communities, epochs: 20, observe: "lawa:3"}
      """, to: "own.yaml")
    try space.run(["bench", "--config", "own.yaml", "--out", "own", "--quiet"], expecting: 0)
    let first = try StoredRuns(space, "own")
    for run in first.runs { #expect(run["summary"]?["observed"]?.keys == ["lawa:3"]) }
    let more = try space.run(["bench", "--resume", "--out", "own", "--methods", "backbone,wa,ema"], expecting: 0)
    #expect(more.errors.contains("3 runs, 2 of them done"), "\(more)")
    let all = try StoredRuns(space, "own")
    #expect(all.runs.count == 3 && all.column("sharedBy")["graph gcn communities ema 0"]?.integer == 1)
    try space.run(["bench", "--config", "own.yaml", "--methods", "backbone,wa,ema", "--out", "whole", "--independent", "--quiet"], expecting: 0)
    #expect(try StoredRuns(space, "whole").results == all.results)
  }
}
