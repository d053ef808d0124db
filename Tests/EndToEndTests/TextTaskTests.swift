import Foundation
import Testing

/// Metrics that a data set states, through whole runs.
@Suite("Text tasks")
struct TextTaskTests {
  @Test func matthewsSelects() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.cola()
    let summary = try tasks.train("cola", to: "run", "--method", "swa", "--select", "best", "--observe", "ema:0.9")
    #expect(summary["metric"]?.text == "matthews")
    for part in ["validation", "test"] {
      let value = try #require(summary[part]?["matthews"]?.number)
      #expect((-1...1).contains(value) && summary[part]?["accuracy"]?.number != nil)
      #expect(summary["averaged"]?[part]?["matthews"]?.number != nil && summary["selected"]?[part]?["matthews"]?.number != nil)
    }
    #expect((summary["test"]?["matthews"]?.number ?? 0) > 0.8, "\(summary)")
    let evaluated = try workspace.json(["evaluate", "run", "--weights", "last"])
    #expect(evaluated["test"] == summary["test"])
  }

  /// What is selected has the greatest correlation on validation, not the greatest accuracy or the lowest loss.
  @Test func notTheAccuracySelects() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.unlearnableCola()
    let summary = try tasks.train("cola", to: "run", epochs: 20, "--select", "best")
    let lines = String(decoding: try workspace.data("run/metrics.jsonl"), as: UTF8.self).split(separator: "\n")
      .compactMap { Document(Data($0.utf8)) }
    let values = lines.compactMap { $0["validation"]?["matthews"]?.number }
    #expect(values.count == 20 && Set(values).count > 3)
    #expect(values.max() == summary["best"]?["validation"]?["matthews"]?.number)
    #expect(summary["selected"]?["validation"] == summary["best"]?["validation"])
  }

  @Test func correlationsOfNumbers() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.similarity()
    let summary = try tasks.train("stsb", to: "run", epochs: 10)
    #expect(summary["metric"]?.text == "pearson" && summary["test"]?["accuracy"]?.isNull == true)
    #expect((summary["test"]?["pearson"]?.number ?? 0) > 0.5, "\(summary)")
    #expect(summary["test"]?["spearman"]?.number != nil)
    let outcome = try workspace.run(["evaluate", "run"], expecting: 0)
    #expect(outcome.text.contains("pearson 0."), "\(outcome)")
  }

  @Test func furtherTestsStandBesideTheTest() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.mnli()
    let summary = try tasks.train("mnli", to: "run", epochs: 3)
    #expect(summary["examples"]?["test"]?.integer == 30)
    let further = try #require(summary["test"]?["mismatched"])
    #expect(further["accuracy"]?.number != nil && further["loss"]?.number != nil)
    #expect(summary["validation"]?["mismatched"] == nil)
  }

  /// A run that is killed and goes on compares with the same best as one that was not.
  @Test func resumedRunsSelectTheSame() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.unlearnableCola()
    let whole = try tasks.train("cola", to: "whole", epochs: 20, "--select", "best")
    let flags = ["train", "--quiet", "--out", "cut", "--checkpoint-every", "1ep", "--select", "best"]
      + tasks.arguments("cola", epochs: 20)
    let run = try workspace.start(flags)
    var hasCheckpoint = false
    while run.isRunning, !hasCheckpoint {
      hasCheckpoint = workspace.names(in: "cut/checkpoints").contains { $0.hasPrefix("step-") }
      usleep(1000)
    }
    run.signal(SIGKILL)
    _ = try run.finish()
    let resumed = try workspace.json(["train", "--resume", "cut"])
    #expect(resumed["selected"] == whole["selected"] && resumed["test"] == whole["test"] && resumed["best"] == whole["best"])
  }

  @Test func aBenchmarkComparesByTheMainFigure() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.cola()
    let file = """
      cases:
        - model: transformer
          dataset: cola
          epochs: 2
          set: {model.size: 16, model.layers: 1, dataset.minimumCount: 1}
      """
    try workspace.write(file, to: "bench.yaml")
    let outcome = try workspace.json([
      "bench", "--config", "bench.yaml", "--data-root", workspace("data"), "--methods", "backbone,swa", "--seeds", "2", "--out", "bench",
    ])
    let rows = outcome["rows"]?.items ?? []
    #expect(rows.count == 2 && rows.allSatisfy { $0["metric"]?.text == "matthews" }, "\(outcome)")
    let report = String(decoding: try workspace.data("bench/report.txt"), as: UTF8.self)
    #expect(report.contains("matthews"), "\(report)")
  }
}
