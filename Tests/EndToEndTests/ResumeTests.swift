import Foundation
import Testing

@Suite("resume", .serialized) struct ResumeTests {
  /// Starts a run and stops it with a signal as soon as it has a checkpoint of `step` or later.
  ///
  /// - Returns: how it ended; nil where it was finished before the signal came.
  private func interrupt(_ space: Workspace, _ arguments: [String], out: String, at step: Int, _ signal: Int32) throws
    -> Outcome?
  {
    let program = try space.start(arguments)
    let deadline = ContinuousClock.now + .seconds(60)
    while program.isRunning, ContinuousClock.now < deadline, newestCheckpoint(space, out) < step { usleep(500) }
    program.signal(signal)
    let outcome = try program.finish()
    return space.exists("\(out)/summary.json") ? nil : outcome
  }

  private func newestCheckpoint(_ space: Workspace, _ out: String) -> Int {
    space.names(in: "\(out)/checkpoints").compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }.max() ?? 0
  }

  private func hasLogged(_ space: Workspace, _ out: String) -> Bool {
    FileManager.default.contents(atPath: space("\(out)/metrics.jsonl"))?.isEmpty == false
  }

  /// A machine that is busy elsewhere may let the run finish before the signal comes: then again, up to four times.
  private func interrupted(_ space: Workspace, _ small: SmallRun, at step: Int, _ signal: Int32) throws -> (
    out: String, Outcome
  ) {
    for attempt in 1...4 {
      let out = "run-\(step)-\(signal)-\(attempt)"
      let arguments = small.train("pswa", to: out, "--checkpoint-every", "3st")
      if let outcome = try interrupt(space, arguments, out: out, at: step, signal) { return (out, outcome) }
    }
    throw Failure(description: "the run was finished before signal \(signal) each time")
  }

  private struct Failure: Error, CustomStringConvertible { let description: String }

  @Test("a killed or interrupted run goes on to the same bits", arguments: SmallRun.all)
  func sameBits(small: SmallRun) throws {
    let space = try Workspace()
    try space.run(small.train("pswa", to: "whole"), expecting: 0)
    let expected = try space.results(of: "whole")
    let summary = try #require(Document(space.data("whole/summary.json")))
    let plan = try space.json(["plan", "--method", "pswa"] + small.arguments)
    let restarts =
      plan["events"]?.items.filter { $0["kind"]?.text == "restart" }.compactMap { $0["step"]?.integer } ?? []
    #expect(restarts.count >= 3)

    // Before the first sample, then within cycles of the average.
    for (step, signal) in [(3, SIGKILL), (small.steps / 2, SIGINT), (small.steps * 7 / 10, SIGKILL)] {
      let (out, outcome) = try interrupted(space, small, at: step, signal)
      #expect(outcome.ending == (signal == SIGINT ? .exited(130) : .killed(signal: SIGKILL)), "\(outcome)")
      let kept = newestCheckpoint(space, out)
      #expect(kept >= step && kept < small.steps)
      if signal == SIGINT { #expect(outcome.errors.contains("--resume \(out)"), "\(outcome)") }
      try space.run(["train", "--quiet", "--resume", out], expecting: 0)
      #expect(try space.results(of: out) == expected, "stopped after checkpoint \(kept) by signal \(signal)")
      let resumed = try #require(Document(space.data("\(out)/summary.json")))
      for key in ["train", "validation", "test", "selected", "averaged", "best", "steps", "epochs"] {
        #expect(resumed[key] == summary[key], "\(key)")
      }
    }
  }

  @Test("an interrupted run has a checkpoint of the very step it stopped at")
  func interruptWithoutCheckpoint() throws {
    let space = try Workspace()
    let small = SmallRun.text
    let whole = small.train("pswa", to: "whole", "--epochs", "30")
    let program = try space.start(small.train("pswa", to: "run", "--epochs", "30", "--checkpoint-every", "10000st"))
    let deadline = ContinuousClock.now + .seconds(30)
    while program.isRunning, ContinuousClock.now < deadline, !hasLogged(space, "run") { usleep(500) }
    program.signal(SIGINT)
    let outcome = try program.finish()
    #expect(outcome.ending == .exited(130), "\(outcome)")
    #expect(space.names(in: "run/checkpoints").count == 1)
    try space.run(["train", "--quiet", "--resume", "run"], expecting: 0)
    try space.run(whole, expecting: 0)
    #expect(try space.results(of: "run") == space.results(of: "whole"))
  }

  @Test("two processes never train in one folder")
  func locked() throws {
    let space = try Workspace()
    let first = try space.start(SmallRun.text.train("swa", to: "run", "--epochs", "200"))
    let deadline = ContinuousClock.now + .seconds(30)
    while first.isRunning, ContinuousClock.now < deadline, !hasLogged(space, "run") { usleep(500) }
    try space.refused(["train", "--quiet", "--resume", "run"], 73, saying: "another process")
    first.signal(SIGINT)
    #expect(try first.finish().ending == .exited(130))
  }

  @Test("a finished run is left as it is")
  func finished() throws {
    let space = try Workspace()
    try space.run(SmallRun.graph.train("swa", to: "run"), expecting: 0)
    let before = try space.results(of: "run"), summary = try space.data("run/summary.json")
    let again = try space.json(["train", "--resume", "run"])
    #expect(try space.data("run/summary.json") == summary)
    #expect(again == Document(summary))
    #expect(try space.results(of: "run") == before)
  }

  @Test(
    "a damaged checkpoint is passed over for the one before",
    arguments: ["model.safetensors", "averager.safetensors", "state.json"])
  func damage(file: String) throws {
    let space = try Workspace()
    let small = SmallRun.graph
    try space.run(small.train("pswa", to: "whole"), expecting: 0)
    let (out, _) = try interrupted(space, small, at: 21, SIGKILL)
    let names = space.names(in: "\(out)/checkpoints").filter { $0.hasPrefix("step-") }
    #expect(names.count >= 2)
    let newest = "\(out)/checkpoints/\(try #require(names.last))/\(file)"
    let bytes = try space.data(newest)
    try space.write(bytes.prefix(bytes.count / 2), to: newest)
    let outcome = try space.run(["train", "--quiet", "--resume", out], expecting: 0)
    #expect(outcome.errors.contains(file) && outcome.errors.contains("the one before"), "\(outcome)")
    #expect(try space.results(of: out) == space.results(of: "whole"))
  }

  @Test("without a checkpoint it begins again at step 0", arguments: [true, false])
  func noCheckpoint(damaged: Bool) throws {
    let space = try Workspace()
    let small = SmallRun.graph
    try space.run(small.train("pswa", to: "whole"), expecting: 0)
    let (out, _) = try interrupted(space, small, at: 12, SIGKILL)
    if damaged {
      for name in space.names(in: "\(out)/checkpoints") {
        try space.write("", to: "\(out)/checkpoints/\(name)/state.json")
      }
    } else {
      try FileManager.default.removeItem(atPath: space("\(out)/checkpoints"))
    }
    try space.run(["train", "--quiet", "--resume", out], expecting: 0)
    #expect(try space.results(of: out) == space.results(of: "whole"))
  }

  @Test("the configuration cannot be changed on the way")
  func changedFlags() throws {
    let space = try Workspace()
    let (out, _) = try interrupted(space, .graph, at: 12, SIGKILL)
    let before = space.tree(out)
    for flags in [
      ["--lr", "0.5"], ["--epochs", "80"], ["--method", "swa"], ["--seed", "1"], ["--set", "model.hidden=9"],
    ] {
      try space.refused(["train", "--resume", out] + flags, 64, saying: flags[0])
    }
    #expect(space.tree(out) == before)
    try space.run(["train", "--quiet", "--resume", out, "--keep", "5"], expecting: 0)
    try space.refused(["train", "--resume", "nowhere"], 66, saying: "nowhere")
  }
}
