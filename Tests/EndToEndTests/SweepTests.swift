import Foundation
import Testing

@Suite("sweep", .serialized) struct SweepTests {
  private static let base = ["sweep", "--model", "gcn", "--dataset", "communities", "--quiet"]

  private func trials(_ sweep: Document?, rung: Int = 0) -> [Document] { sweep?["rungs"]?[rung]?["trials"]?.items ?? [] }

  @Test("a grid tries every combination and chooses by validation")
  func grid() throws {
    let space = try Workspace()
    let flags = Self.base + [
      "--method", "swa", "--epochs", "40", "--seeds", "2", "--try", "lr=0.001,0.01,0.03", "--try", "model.hidden=8,16",
    ]
    let sweep = try space.json(flags + ["--out", "grid"])
    let found = trials(sweep)
    #expect(found.count == 6 && Set(found.map { $0["values"] }).count == 6)
    #expect(found.allSatisfy { $0["validation"]?.items.count == 2 && $0["test"] == nil })
    let means = found.compactMap { $0["mean"]?.number }
    #expect(means == means.sorted(by: >) && sweep["best"]?["name"] == found[0]["name"])
    // The command trains the chosen run: with seed 0 its first validation figure comes out again.
    let command = try #require(sweep["best"]?["command"]?.text)
    let summary = try space.json(command.split(separator: " ").dropFirst().map(String.init) + ["--seed", "0", "--out", "again"])
    #expect(summary["averaged"]?["validation"]?["accuracy"]?.number == sweep["best"]?["validation"]?[0]?.number)
    // The table says no word of tests but for the chosen one.
    let again = try space.run(flags + ["--out", "grid", "--resume"], expecting: 0)
    #expect(again.text.contains("Chosen by validation") && again.text.components(separatedBy: "test ").count == 2)
    #expect(try StoredRuns(space, "grid").runs.count == 12)
    // One more value: what is done is not done again.
    let more = try space.run(
      ["sweep"] + flags.dropFirst().filter { $0 != "--quiet" }.map { $0 == "lr=0.001,0.01,0.03" ? "lr=0.1,0.001,0.01,0.03" : $0 }
        + ["--out", "grid", "--resume"], expecting: 0)
    #expect(more.errors.contains("16 runs, 12 of them done"), "\(more)")
  }

  @Test("random draws from the seed alone; more trials begin with the same")
  func random() throws {
    let space = try Workspace()
    func flags(_ count: Int, _ seed: Int) -> [String] {
      Self.base + [
        "--epochs", "8", "--try", "lr=1e-3..1e-1:log", "--try", "model.hidden=4..32", "--try", "model.dropout=0.1..0.6", "--trials",
        "\(count)", "--sweep-seed", "\(seed)",
      ]
    }
    let one = try space.json(flags(5, 3) + ["--out", "one"]), same = try space.json(flags(5, 3) + ["--out", "same"])
    #expect(one["plan"] == same["plan"] && trials(one).map { $0["validation"] } == trials(same).map { $0["validation"] })
    let more = try space.json(flags(7, 3) + ["--out", "one", "--resume"])
    #expect(more["plan"]?["trials"]?.items.prefix(5).map { $0 } == one["plan"]?["trials"]?.items)
    let other = try space.json(flags(5, 4) + ["--out", "other"])
    #expect(other["plan"]?["trials"] != one["plan"]?["trials"])
    for trial in trials(more) {
      let values = try #require(trial["values"])
      let rate = try #require(values["learningRate"]?.text.flatMap { Double($0) })
      let hidden = try #require(values["model.hidden"]?.text.flatMap { Int($0) })
      #expect((1e-3...1e-1).contains(rate) && (4...32).contains(hidden))
    }
  }

  @Test("halving gives the better part more epochs, and goes on where it was cut off")
  func halving() throws {
    let space = try Workspace()
    let flags = Self.base + [
      "--method", "pswa", "--epochs", "72", "--try", "lr=1e-3..1e-1:log", "--try", "model.hidden=4..32", "--strategy", "halving", "--trials", "9",
    ]
    let sweep = try space.json(flags + ["--out", "whole"])
    let rungs = sweep["rungs"]?.items ?? []
    #expect(rungs.map { $0["epochs"]?.integer } == [8, 24, 72] && rungs.map { $0["trials"]?.items.count } == [9, 3, 1])
    for index in 1..<rungs.count {
      let better = Set(trials(sweep, rung: index - 1).prefix(trials(sweep, rung: index).count).map { $0["name"] })
      #expect(Set(trials(sweep, rung: index).map { $0["name"] }) == better)
    }
    let program = try space.start(flags + ["--out", "cut", "--jobs", "1"])
    let deadline = ContinuousClock.now + .seconds(60)
    while program.isRunning, ContinuousClock.now < deadline, space.names(in: "cut/runs").count < 4 { usleep(2000) }
    program.signal(SIGKILL)
    #expect(try program.finish().ending == .killed(signal: SIGKILL))
    let resumed = try space.json(flags + ["--out", "cut", "--resume"])
    for key in ["plan", "best"] {
      #expect(resumed[key]?["name"] == sweep[key]?["name"] && resumed[key]?["values"] == sweep[key]?["values"])
    }
    #expect(try StoredRuns(space, "cut").results == StoredRuns(space, "whole").results)
  }

  @Test("trials of an average's options share a trajectory")
  func shared() throws {
    let space = try Workspace()
    let outcome = try space.run(
      ["sweep", "--model", "gcn", "--dataset", "communities", "--method", "ema", "--epochs", "20", "--try", "averaging.decay=0.5,0.9,0.99", "--out",
        "ema"], expecting: 0)
    #expect(outcome.errors.contains("3 in 1 trajectory"), "\(outcome)")
  }

  @Test(
    "what makes no sense is refused before anything runs",
    arguments: [
      ([], ["--try"]), (["--try", "lr"], ["KEY=VALUES"]), (["--try", "lr=2..1"], ["empty"]), (["--try", "rate=1,2"], ["rate"]),
      (["--try", "lr=0.1,0.1"], ["twice"]), (["--try", "lr=0..1:log"], ["above 0"]), (["--try", "lr=0.1,fast"], ["--lr", "fast"]),
      (["--try", "model.hiden=1,2"], ["'model.hidden'"]), (["--try", "lr=0.1..0.2", "--strategy", "grid"], ["range"]),
      (["--try", "lr=0.1,0.2", "--strategy", "halfing"], ["'halving'"]), (["--try", "epochs=8,16", "--strategy", "halving"], ["epochs"]),
      (["--try", "lr=0.1,0.2", "--try", "lr=0.3"], ["twice"]), (["--try", "lr=0.1,0.2", "--seed", "3"], ["--seeds"]),
      (["--try", "seed=1,2"], ["seed"]), (["--try", "lr=0.1,0.2", "--resume"], ["--out"]),
    ] as [([String], [String])])
  func bad(flags: [String], words: [String]) throws {
    let space = try Workspace()
    let outcome = try space.refused(Self.base + flags, 64)
    for word in words { #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)") }
    #expect(!space.exists("runs"))
  }

  @Test("there is nothing to choose by without validation data")
  func noValidation() throws {
    let space = try Workspace()
    let small = SmallRun.vision
    try space.refused(
      ["sweep", "--quiet", "--model", small.model, "--dataset", small.dataset, "--epochs", "1", "--try", "lr=0.1,0.2",
        "--validation-fraction", "0", "--out", "none"] + small.more, 64, saying: "validation")
  }
}
