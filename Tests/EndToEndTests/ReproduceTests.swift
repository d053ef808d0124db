import Foundation
import Testing

@Suite("the paper's experiments", .serialized) struct ReproduceTests {
  @Test("are listed with what each needs, and whether it is there")
  func list() throws {
    let space = try Workspace()
    try FileManager.default.createDirectory(atPath: space("data"), withIntermediateDirectories: true)
    let experiments = try space.json(["reproduce", "--data-root", "data"])["experiments"]?.items ?? []
    func experiment(_ name: String) -> Document? { experiments.first { $0["name"]?.text == name } }
    for name in ["paper-disentangle", "paper-early"] {
      let own = try #require(experiment(name))
      #expect(own["ready"]?.flag == true && own["datasets"]?.items.count == 3)
    }
    // The four methods of the 2x2 walk on two trajectories.
    #expect(experiment("paper-disentangle")?["runs"]?.integer == 120 && experiment("paper-disentangle")?["trajectories"]?.integer == 60)
    for (name, sets) in [("paper-cifar10", ["cifar10"]), ("paper-graph", ["cora", "citeseer", "dd", "nci1", "proteins", "mutag"])] {
      let paper = try #require(experiment(name))
      #expect(paper["ready"]?.flag == false && paper["datasets"]?.items.compactMap { $0["name"]?.text } == sets)
      for set in paper["datasets"]?.items ?? [] {
        // Not of every set a digest is published, without which nothing is fetched.
        #expect(set["problem"]?.text != nil && set["fetch"]?.text?.hasPrefix("basin data fetch \(set["name"]?.text ?? "") ") ?? true)
      }
      #expect(paper["datasets"]?[0]?["fetch"]?.text != nil)
    }
    // A folder that an option names is needed as data are.
    let files = experiment("paper-glue")?["files"]?.items ?? []
    #expect(files.map { $0["option"]?.text } == ["dataset.tokenizer", "model.checkpoint"] && files.allSatisfy { $0["present"]?.flag == false })
    let text = try space.run(["reproduce", "--data-root", "data"], expecting: 0).text
    #expect(text.contains("missing: cifar10 - basin data fetch cifar10 --data-root data") && text.contains("there: "))
    #expect(text.contains("missing: roberta-base - here, or elsewhere with --set model.checkpoint=PATH"))
    try space.refused(["reproduce", "paper-cifar11"], 64, saying: "'paper-cifar10'")
  }

  @Test("run by their names")
  func early() throws {
    let space = try Workspace()
    let results = try space.json(["bench", "--preset", "paper-early", "--domains", "graph", "--epochs", "40", "--seeds", "2", "--out", "early"])
    #expect(results["rows"]?.items.compactMap { $0["method"]?.text } == ["backbone", "pswa"])
    for run in results["runs"]?.items ?? [] {
      // Half of the run, at the rate it began with, which both share.
      #expect(run["summary"]?["epochs"]?.integer == 20 && run["summary"]?["stopped"]?.text?.contains("0.5dur") == true)
    }
    let name = "early/runs/graph-gcn-communities-pswa-0"
    let lines = String(decoding: try space.data("\(name)/metrics.jsonl"), as: UTF8.self).split(separator: "\n").compactMap { Document(Data($0.utf8)) }
    #expect(lines.count == 20 && Set(lines.map { $0["learningRate"] }).count == 1)
    // It is the first half of the whole run, to the bit.
    try space.run(["train", "--model", "gcn", "--dataset", "communities", "--method", "pswa", "--epochs", "40", "--threads", "1", "--quiet", "--out", "run"], expecting: 0)
    let whole = String(decoding: try space.data("run/metrics.jsonl"), as: UTF8.self)
    #expect(whole.hasPrefix(String(decoding: try space.data("\(name)/metrics.jsonl"), as: UTF8.self)))
    let outcome = try space.run(["reproduce", "paper-early", "--seeds", "1", "--jobs", "2", "--data-root", "none", "--quiet", "--out", "half", "--plugin", "missing"])
    #expect(outcome.ending == .exited(66), "\(outcome)")
  }

  @Test("the cases of one preset with the methods of another")
  func cases() throws {
    let space = try Workspace()
    let outcome = try space.run([
      "bench", "--preset", "paper-early", "--cases", "standard", "--datasets", "cora", "--seeds", "1", "--data-root", "none", "--out", "bench", "--quiet",
    ])
    #expect(outcome.ending == .exited(66), "\(outcome)")
    let plan = Document(try space.data("bench/plan.json"))
    #expect(plan?["cases"]?.items.compactMap { $0["dataset"]?.text } == ["cora"] && plan?["methods"]?.items.compactMap(\.text) == ["backbone", "pswa"])
  }
}
