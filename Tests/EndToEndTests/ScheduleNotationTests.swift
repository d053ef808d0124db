import Foundation
import Testing

/// `--schedule A,B@5ep`: schedules one after another. That the sequence is what it should be is tested in Optim.
@Suite("schedules one after another", .serialized) struct ScheduleNotationTests {
  private func rates(_ space: Workspace, _ flags: String...) throws -> [Double] {
    try space.json(["plan"] + SmallRun.graph.arguments + flags)["learningRate"]?.items.compactMap { $0["rate"]?.number }
      ?? []
  }

  @Test("a warm-up in front is the option warmup, to the bit")
  func warmUp() throws {
    let space = try Workspace()
    for length in ["5ep", "7st", "0.1dur"] {
      let option = try rates(
        space, "--schedule", "cosine", "--set", "schedule.warmup=\(length)", "--set", "schedule.floor=0.1")
      #expect(option.count == 40 && option[0] == 0 && Set(option).count > 30)
      #expect(try rates(space, "--schedule", "linear-warmup,cosine:0.1@\(length)") == option)
      #expect(try rates(space, "--schedule", "linear-warmup, cosine:floor=0.1@\(length)") == option)
      #expect(try rates(space, "--schedule", "linear-warmup,cosine@\(length)", "--set", "schedule.floor=0.1") == option)
      #expect(
        try rates(space, "--schedule", "linear-warmup,cosine@\(length)", "--set", "schedule.2.floor=0.1") == option)
    }
    #expect(
      try rates(space, "--schedule", "cosine:0.1")
        == rates(space, "--schedule", "cosine", "--set", "schedule.floor=0.1"))
  }

  @Test("three parts make the paper's schedule")
  func paper() throws {
    let space = try Workspace()
    let paper = try rates(space, "--schedule", "pswa", "--set", "schedule.tail=0.2")
    let parts = try rates(space, "--schedule", "constant,linear:0.2@0.5dur,constant:0.2@0.9dur")
    #expect(parts.count == 40 && zip(paper, parts).allSatisfy { abs($0 - $1) < 1e-15 })
    #expect(try rates(space, "--schedule", "constant,linear:0.2@0.5dur,constant:0.2@0.85dur") != parts)
    // A recipe's tail goes to the parts that have one.
    let plain = try rates(space, "--schedule", "pswa")
    let two = try rates(space, "--schedule", "constant,pswa@20ep")
    #expect(two[19] == plain[0] && two.last == plain.last)
  }

  @Test("training follows it, and config.yaml makes the same run again, resumed or not")
  func training() throws {
    let space = try Workspace()
    let small = SmallRun.graph
    try space.run(
      small.train("swa", to: "option", "--schedule", "cosine", "--set", "schedule.warmup=5ep"), expecting: 0)
    try space.run(
      small.train("swa", to: "parts", "--schedule", "linear-warmup,cosine@5ep", "--observe", "ema:0.9"), expecting: 0)
    let weights = "weights/averaged.safetensors"
    #expect(try space.data("option/\(weights)") == space.data("parts/\(weights)"))
    let text = try String(decoding: space.data("parts/config.yaml"), as: UTF8.self)
    #expect(text.contains("schedule: \"linear-warmup,cosine@5ep\"") && text.contains("  schedule.2.floor: 0.0"))
    #expect(Document(try space.data("parts/summary.json"))?["schedule"]?.text == "linear-warmup,cosine@5ep")
    try space.run(["train", "--config", "parts/config.yaml", "--quiet", "--out", "again"], expecting: 0)
    #expect(try space.results(of: "again") == space.results(of: "parts"))
    #expect(try space.data("again/config.yaml") == space.data("parts/config.yaml"))
    try space.write(
      "model: gcn\ndataset: communities\nschedule: constant, cosine:0.3@0.25dur\nepochs: 8\n", to: "own.yaml")
    let rates = try space.json(["plan", "--config", "own.yaml"])["learningRate"]?.items.compactMap {
      $0["rate"]?.number
    }
    #expect(rates?.prefix(3).allSatisfy { $0 == rates?[0] } == true && rates?.last ?? 1 < 0.5 * (rates?.first ?? 0))
  }

  @Test("describe shows the options of the parts, list how to write them")
  func describing() throws {
    let space = try Workspace()
    let document = try space.json(["describe", "schedule", "linear-warmup,cosine:0.1@5ep"])
    #expect(document["options"]?.items.map { $0["name"]?.text } == ["2.floor", "2.warmup"])
    #expect(document["options"]?[0]?["defaultValue"]?.text == "0.1")
    #expect(try space.json(["describe", "schedule", "cosine"])["options"]?[0]?["name"]?.text == "floor")
    #expect(try space.run(["list", "schedules"], expecting: 0).text.contains("A,B@5ep"))
  }

  @Test(
    "what is wrong names the part and says what to do",
    arguments: [
      (["linear-warmup@5ep,cosine"], ["part 1", "linear-warmup,cosine@5ep"]),
      (["linear-warmup,cosine"], ["part 2", "cosine@5ep"]),
      (["constant,cosin@5ep"], ["part 2", "'cosin'", "'cosine'"]),
      (["constant,,cosine@5ep"], ["part 2", "''"]), ([""], ["no schedule"]),
      (["constant,cosine@5x"], ["part 2", "@5x", "0.5dur"]),
      (["constant,cosine:2@5ep"], ["part 2", "floor", "'2'"]),
      (["constant,cosine:flor=1@5ep"], ["part 2", "'flor'", "'floor'"]),
      (["constant,cosine:0.1:floor=0.2@5ep"], ["part 2", "floor twice"]),
      (["linear-warmup:3,cosine@5ep"], ["part 1", "no options"]),
      (["constant,cosine@30ep,linear@20ep"], ["part 3", "20ep (step 20)", "step 30"]),
      (["constant,cosine@0ep"], ["part 2", "0ep", "part 1 has no step"]),
      (["constant,cosine@0.001dur"], ["part 2", "part 1 has no step"]),
      (["constant,cosine@40ep"], ["part 2", "40 steps"]),
      (["constant,cyclic:9ep@35ep"], ["part 2 (steps 35 to 40)", "schedule.2.cycle"]),
      (["multi-step:0.5dur,0.7dur"], ["part 2", "--set schedule.milestones=LIST"]),
      (["points:0dur:1"], ["--set schedule.points=LIST"]),
      (
        ["constant,cosine@20ep", "--set", "schedule.warmup=2ep"],
        ["schedule.1.warmup (constant)", "schedule.2.warmup (cosine)"]
      ),
      (["constant,cosine@20ep", "--set", "schedule.tail=2ep"], ["'schedule.tail'"]),
      (["constant,cosine@20ep", "--set", "schedule.3.floor=0"], ["'schedule.3.floor'", "'schedule.2.floor'"]),
      (["constant,cosine:0.1@20ep", "--set", "schedule.floor=0.2"], ["0.1", "0.2", "once"]),
    ] as [([String], [String])])
  func badInput(flags: [String], words: [String]) throws {
    let space = try Workspace()
    for command in [["plan"], ["train", "--quiet", "--out", "run"]] {
      let outcome = try space.refused(command + SmallRun.graph.arguments + ["--schedule"] + flags, 64)
      for word in words { #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)") }
    }
    #expect(!space.exists("run"))
  }
}
