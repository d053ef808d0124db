import Foundation
import Testing

/// Batches made ahead by a thread of their own (`--data-threads`) change nothing but time.
@Suite("data threads", .serialized) struct DataThreadsTests {
  @Test("a run ends in the same bits whoever makes its batches", arguments: SmallRun.all)
  func sameBits(run: SmallRun) throws {
    let space = try Workspace()
    try space.run(run.train("pswa", to: "inline", "--data-threads", "0"), expecting: 0)
    let expected = try space.results(of: "inline")
    for (name, flags) in [("one", ["--data-threads", "1"]), ("three", ["--data-threads", "3"]), ("automatic", [])] {
      try space.run(run.train("pswa", to: name) + flags, expecting: 0)
      #expect(try space.results(of: name) == expected, "\(name)")
    }
  }

  @Test("accumulated batches and two passes see the batches of their step")
  func accumulation() throws {
    let space = try Workspace()
    let flags = ["--optimizer", "sam:sgd", "--set", "gradient.accumulate=2"]
    try space.run(SmallRun.vision.train("swa", to: "inline", "--data-threads", "0") + flags, expecting: 0)
    try space.run(SmallRun.vision.train("swa", to: "ahead", "--data-threads", "2") + flags, expecting: 0)
    #expect(try space.results(of: "ahead") == space.results(of: "inline"))
  }

  @Test("mixed examples are trained on, and their batches are the same whoever makes them", arguments: ["mixup", "cutmix"])
  func mixed(option: String) throws {
    let space = try Workspace()
    let flags = ["--set", "dataset.\(option)=1", "--set", "loss.labelSmoothing=0.1", "--set", "dataset.cutout=4"]
    try space.run(SmallRun.vision.train("backbone", to: "plain", "--data-threads", "0"), expecting: 0)
    try space.run(SmallRun.vision.train("backbone", to: "inline", "--data-threads", "0") + flags, expecting: 0)
    try space.run(SmallRun.vision.train("backbone", to: "ahead", "--data-threads", "2") + flags, expecting: 0)
    #expect(try space.results(of: "ahead") == space.results(of: "inline"))
    let plain = Document(try space.data("plain/summary.json")), mixed = Document(try space.data("inline/summary.json"))
    // The loss of mixed examples is over the entropy of their targets; a part of them is predicted right all the same.
    #expect(try #require(mixed?["train"]?["loss"]?.number) > #require(plain?["train"]?["loss"]?.number))
    #expect(try #require(mixed?["train"]?["accuracy"]?.number) > 0)
  }

  @Test("a run that is killed and resumed goes on with the batch of its step")
  func resumed() throws {
    let space = try Workspace()
    try space.run(SmallRun.vision.train("backbone", to: "whole", "--data-threads", "0"), expecting: 0)
    let expected = try space.results(of: "whole")
    let program = try space.start(
      SmallRun.vision.train("backbone", to: "cut", "--data-threads", "1", "--checkpoint-every", "1st"))
    let deadline = ContinuousClock.now + .seconds(30)
    while program.isRunning, ContinuousClock.now < deadline, space.names(in: "cut/checkpoints").count < 2 { usleep(200) }
    program.signal(SIGKILL)
    _ = try program.finish()
    try space.run(["train", "--quiet", "--resume", "cut"], expecting: 0)
    #expect(try space.results(of: "cut") == expected)
  }

  @Test("Ctrl-C and an early end leave no thread waiting")
  func interrupted() throws {
    let space = try Workspace()
    let program = try space.start(
      SmallRun.vision.train("backbone", to: "cut", "--data-threads", "2", "--epochs", "100000", "--checkpoint-every", "1st"))
    let deadline = ContinuousClock.now + .seconds(30)
    while program.isRunning, ContinuousClock.now < deadline, space.names(in: "cut/checkpoints").isEmpty { usleep(200) }
    program.signal(SIGINT)
    #expect(try program.finish().ending == .exited(130))
    let out = try space.json(
      ["train", "--threads", "1", "--out", "early", "--data-threads", "2", "--patience", "1", "--lr", "1e-9"]
        + SmallRun.vision.arguments)
    #expect(out["stopped"]?.text?.contains("no improvement") == true)
  }

  @Test("nonsense is refused", arguments: ["-1", "many", "65", ""])
  func nonsense(value: String) throws {
    try Workspace().refused(
      SmallRun.graph.train("backbone", to: "run", "--data-threads=\(value)"), 64, saying: "--data-threads", "auto")
  }
}
