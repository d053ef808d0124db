import Foundation
import Testing

@Suite("bad input and output", .serialized) struct BadInputTests {
  @Test(
    "a data root without the set is told with the files looked for",
    arguments: [
      ("gcn", "cora", ["ind.cora.", "planetoid/cora"]), ("preresnet8", "mnist", ["train-images-idx3-ubyte"]),
      ("preresnet8", "cifar10", ["cifar-10-batches-bin", "data fetch"]), ("transformer", "trec", ["TREC"]),
      ("transformer", "sst2", ["train.tsv"]),
    ])
  func missingSet(model: String, dataset: String, words: [String]) throws {
    let space = try Workspace()
    try space.write("", to: "root/other")
    let outcome = try space.run(
      ["train", "--model", model, "--dataset", dataset, "--data-root", "root", "--out", "run"], expecting: 66)
    for word in words + ["root"] { #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)") }
    // A run that never began leaves nothing in the way of the next try.
    #expect(!space.exists("run"))
    try space.refused(
      ["train", "--model", model, "--dataset", dataset, "--out", "run"], 66, saying: "--data-root", "BASIN_DATA")
    try space.refused(
      ["train", "--model", model, "--dataset", dataset, "--data-root", "nowhere", "--out", "run"], 66, saying: "nowhere"
    )
  }

  private static let graphFile = BuiltProgram.folder + "/basin_Graph.resources/communities.graphml"

  @Test("truncated GraphML", arguments: [0, 50, 3000, 100_000])
  func truncatedGraph(length: Int) throws {
    let space = try Workspace()
    try space.write(
      try #require(FileManager.default.contents(atPath: Self.graphFile)).prefix(length), to: "cut.graphml")
    for command in [["train", "--model", "gcn", "--out", "run", "--dataset"], ["data", "inspect"]] {
      let outcome = try space.refused(command + ["graphml:cut.graphml"], 65, saying: "cut.graphml")
      #expect(length < 3000 || outcome.errors.contains("line "), "\(outcome)")
    }
    #expect(!space.exists("run"))
  }

  @Test("an edge to a node that is not there")
  func edgeToNowhere() throws {
    let space = try Workspace()
    let text = """
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns">
      <key id="c" for="node" attr.name="class" attr.type="string"/>
      <graph edgedefault="undirected"><node id="a"><data key="c">x</data></node>
      <edge source="a" target="zebra"/></graph></graphml>
      """
    try space.write(text, to: "edge.graphml")
    try space.refused(
      ["train", "--model", "gcn", "--dataset", "graphml:edge.graphml", "--out", "run"], 65, saying: "edge.graphml",
      "zebra")
  }

  @Test("a table with a ragged row, and one that is not text")
  func tables() throws {
    let space = try Workspace()
    try space.write("text,label\nhello there,a\n\"x\",b,c,d\ngood,a\n", to: "ragged.csv")
    let train = ["train", "--model", "transformer", "--out", "run", "--dataset"]
    try space.refused(train + ["csv:ragged.csv"], 65, saying: "ragged.csv", "line 3", "2", "4")
    try space.write(Data("text,label\nhel".utf8) + Data([0xFF, 0xFE, 0x00]) + Data(",a\n".utf8), to: "bytes.csv")
    try space.refused(train + ["csv:bytes.csv"], 65, saying: "bytes.csv", "UTF-8")
    try space.refused(train + ["csv:none.csv"], 66, saying: "none.csv")
    #expect(!space.exists("run"))
  }

  @Test("damaged gzip and a picture file of the wrong kind")
  func pictures() throws {
    let space = try Workspace()
    for name in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
      try space.write(
        Data([0x1F, 0x8B, 8, 0]) + Data("garbage garbage garbage".utf8), to: "root/mnist/\(name)-ubyte.gz")
    }
    let train = ["train", "--model", "preresnet8", "--out", "run", "--dataset"]
    try space.refused(train + ["mnist", "--data-root", "root"], 65, saying: "ubyte.gz", "gzip", "byte 0")
    for kind in ["cat", "dog"] { try space.write("not a picture", to: "pets/\(kind)/one.png") }
    try space.refused(train + ["images:pets"], 65, saying: "one.png")
    #expect(!space.exists("run"))
  }

  @Test("a loss that is not a number ends the run with its step", arguments: [SmallRun.graph, .text])
  func divergence(small: SmallRun) throws {
    let space = try Workspace()
    try space.refused(small.train("backbone", to: "run", "--lr", "1e30"), 70, saying: "loss", "at step ", "--lr")
    #expect(!space.exists("run/summary.json") && !space.exists("run/weights"))
  }

  @Test("the last good checkpoint of a run that diverged is kept and named, and can be gone on from")
  func divergedCheckpoint() throws {
    let space = try Workspace()
    let flags = SmallRun.graph.train("backbone", to: "run", "--lr", "1e30", "--checkpoint-every", "1st")
    let outcome = try space.refused(
      flags, 70, saying: "the loss became nan at step ", "the last good checkpoint is run/checkpoints/step-")
    let kept = try #require(space.names(in: "run/checkpoints").last)
    #expect(outcome.errors.contains(kept))
    try space.run(["export", "run/checkpoints/\(kept)", "--to", "last.safetensors"], expecting: 0)
  }

  @Test(
    "plans that cannot be meant are refused before training, with what to change",
    arguments: [
      (
        ["--method", "pswa", "--set", "averaging.period=50ep"],
        ["period, 50ep (50 steps)", "run of 40 steps", "Set averaging.period"]
      ),
      (["--method", "pswa", "--set", "averaging.start=41ep"], ["start, 41ep (step 41)", "Set averaging.start"]),
      (["--method", "pswa", "--set", "averaging.period=0.2st"], ["no sample", "Set averaging.period"]),
      (["--method", "swa", "--set", "averaging.start=1dur"], ["start, 1dur (step 40)", "Set averaging.start"]),
      (["--method", "lawa", "--set", "averaging.every=50ep"], ["no sample", "Set averaging.every"]),
      (["--method", "ema", "--set", "averaging.halfLife=50ep"], ["half-life", "Set averaging.halfLife"]),
      (
        ["--schedule", "points", "--set", "schedule.points=0dur:1,10ep:0.1"],
        ["step 10", "Set the last of schedule.points"]
      ),
      (["--schedule", "multi-step", "--set", "schedule.milestones=50ep"], ["50ep", "Set schedule.milestones"]),
      (["--observe", "swa:41ep"], ["--observe swa:41ep", "step 41", "In --observe set start"]),
      (["--observe", "ema:0.9,swa:every=50ep"], ["--observe swa:every=50ep", "In --observe set every"]),
      (["--observe", "pswa"], ["--observe pswa", "restarts", "observe swa"]),
    ] as [([String], [String])])
  func impossiblePlans(flags: [String], words: [String]) throws {
    let space = try Workspace()
    for command in [["train", "--quiet", "--out", "run"], ["plan"]] where command != ["plan"] || flags.last != "pswa" {
      let outcome = try space.refused(command + SmallRun.graph.arguments + flags, 64)
      for word in words { #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)") }
    }
    #expect(!space.exists("run"))
  }

  @Test("an --out that holds a run, or cannot be made")
  func outputFolder() throws {
    let space = try Workspace()
    try space.run(SmallRun.graph.train("backbone", to: "run"), expecting: 0)
    let before = try space.results(of: "run")
    try space.refused(SmallRun.graph.train("swa", to: "run"), 73, saying: "run", "--resume")
    #expect(try space.results(of: "run") == before)
    try space.write("", to: "file")
    try space.refused(SmallRun.graph.train("swa", to: "file/run"), 73, saying: "file/run")
    try space.refused(SmallRun.graph.train("swa", to: "file"), 73, saying: "file")
    try space.refused(SmallRun.graph.train("swa", to: "/proc/run"), 73, saying: "/proc/run")
    try space.refused(["export", "run", "--to", "file/weights.safetensors"], 73, saying: "file/weights")
    #expect(space.names(in: ".").filter { $0 != "home" } == ["file", "run"])
  }

  /// Full after half a megabyte; nil where this user may not mount.
  private func smallDisk(_ space: Workspace) throws -> (() throws -> Void)? {
    try FileManager.default.createDirectory(atPath: space("disk"), withIntermediateDirectories: false)
    let mount = try? space.run(program: "/bin/mount", ["-t", "tmpfs", "-o", "size=400k", "none", space("disk")])
    guard mount?.ending == .exited(0) else { return nil }
    return { _ = try space.run(program: "/bin/umount", ["-l", space("disk")]) }
  }

  @Test("a full disk leaves nothing half-written")
  func fullDisk() throws {
    let space = try Workspace()
    guard let unmount = try smallDisk(space) else {
      print("skipped: a small file system cannot be mounted here (needs root)")
      return
    }
    defer { try? unmount() }
    let small = SmallRun.vision
    let outcome = try space.refused(
      small.train("pswa", to: "disk/run", "--checkpoint-every", "2st"), 74, saying: "disk/run",
      "No space left on device")
    #expect(!space.exists("disk/run/summary.json"))
    #expect(space.tree("disk").allSatisfy { !$0.contains(".part") }, "\(space.tree("disk"))")
    // What is there is whole: elsewhere, with room, the run goes on to what it would have been.
    #expect(!space.names(in: "disk/run/checkpoints").isEmpty, "\(outcome)")
    try FileManager.default.copyItem(atPath: space("disk/run"), toPath: space("run"))
    try space.run(["train", "--quiet", "--resume", "run"], expecting: 0)
    try space.run(small.train("pswa", to: "whole"), expecting: 0)
    #expect(try space.results(of: "run") == space.results(of: "whole"))
  }
}
