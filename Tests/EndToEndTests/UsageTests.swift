import Foundation
import Testing

@Suite("usage errors") struct UsageTests {
  static let train = [
    "train", "--quiet", "--out", "run", "--model", "gcn", "--dataset", "communities", "--epochs", "8",
  ]

  /// Arguments and what the message has to name.
  static let wrong: [([String], [String])] = [
    (["train", "--model", "gnc", "--dataset", "communities", "--out", "run"], ["gnc", "'gcn'"]),
    (["train", "--model", "gcn", "--dataset", "comunities", "--out", "run"], ["comunities", "'communities'"]),
    (["train", "--model", "gcn", "--dataset", "grapml:x", "--out", "run"], ["grapml", "'graphml'"]),
    (["train", "--model", "gcn", "--dataset", "graphml", "--out", "run"], ["graphml:PATH"]),
    (["train", "--model", "gcn", "--out", "run"], ["--dataset is missing"]),
    (["train", "--model", "gcn", "--dataset", "shapes", "--out", "run"], ["GraphBatch", "ImageBatch"]),
    (train + ["--domain", "grpah"], ["grpah", "'graph'"]),
    (train + ["--method", "pwsa"], ["pwsa", "'pswa'"]),
    (train + ["--optimizer", "adma"], ["adma", "'adam'"]),
    (train + ["--schedule", "cosin"], ["cosin", "'cosine'"]),
    (train + ["--averaging", "pswaa"], ["pswaa", "'pswa'"]),
    (train + ["--set", "model.hiden=3"], ["model.hiden", "'model.hidden'"]),
    (train + ["--set", "model.hidden=many"], ["hidden", "'many'", "1 to"]),
    (train + ["--set", "model.hidden=0"], ["hidden", "'0'", "1 to"]),
    (train + ["--set", "model.hidden"], ["KEY=VALUE"]),
    (train + ["--select", "bst"], ["bst", "'best'"]),
    (train + ["--monitor", "tset"], ["tset", "'test'"]),
    (train + ["--epoch", "3"], ["'--epochs'"]),
    (train + ["--epochs", "0"], ["--epochs", "'0'"]),
    (train + ["--lr", "-1"], ["lr"]),
    (train + ["--lr", "nan"], ["--lr", "'nan'"]),
    (train + ["--seed", "99999999999999999999"], ["--seed"]),
    (train + ["--batch-size", "0"], ["--batch-size"]),
    (train + ["--threads", "0"], ["--threads"]),
    (train + ["--device", "abacus"], ["--device", "abacus"]),
    (train + ["--fold", "3/2"], ["--fold"]),
    (train + ["--checkpoint-every", "often"], ["--checkpoint-every"]),
    (train + ["--method", "pswa", "--set", "averaging.start=2dur"], ["pswa"]),
    (["plan", "--model", "gnc", "--dataset", "communities"], ["'gcn'"]),
    (["describe", "model", "gnc"], ["'gcn'"]),
    (["describe", "modle", "gcn"], ["model"]),
    (["list", "modles"], ["models"]),
    (["evaluate", ".", "--weights", "avaraged"], ["avaraged", "'averaged'"]),
    (["bench", "--domains", "grpah"], ["'graph'"]),
    (["bench", "--methods", "backbone,pwsa"], ["'pswa'"]),
    (["trian"], ["trian", "'train'"]),
  ]

  @Test("are refused with status 64 and the nearest name, before anything is written", arguments: wrong)
  func refusal(arguments: [String], words: [String]) throws {
    let space = try Workspace()
    let outcome = try space.run(arguments, expecting: 64)
    for word in words { #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)") }
    #expect(outcome.output.isEmpty)
    #expect(space.names(in: ".").filter { $0 != "home" } == [])
  }

  @Test("a configuration file that is wrong is named with the place")
  func configuration() throws {
    let space = try Workspace()
    try space.write("model: gcn\ndataset: communities\nepoks: 3\n", to: "a.yaml")
    try space.refused(["train", "--config", "a.yaml", "--out", "run"], 65, saying: "a.yaml", "line 3", "epochs")
    try space.write("model: [gcn\n", to: "b.yaml")
    try space.refused(["train", "--config", "b.yaml", "--out", "run"], 65, saying: "b.yaml")
    try space.refused(["train", "--config", "c.yaml", "--out", "run"], 66, saying: "c.yaml")
    #expect(!space.exists("run"))
  }

  @Test("help and version are answers")
  func help() throws {
    let space = try Workspace()
    for arguments in [["--help"], ["train", "--help"], ["--version"]] {
      let outcome = try space.run(arguments, expecting: 0)
      #expect(!outcome.output.isEmpty && outcome.errors.isEmpty)
    }
  }
}
