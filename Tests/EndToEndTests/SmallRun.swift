import Testing

/// Runs of each domain that take well under a second.
struct SmallRun: Sendable, CustomTestStringConvertible {
  let domain, model, dataset: String
  let epochs, stepsPerEpoch: Int
  let more: [String]

  var testDescription: String { domain }
  var steps: Int { epochs * stepsPerEpoch }

  /// The flags of `train` and `plan`, without a method.
  var arguments: [String] {
    ["--domain", domain, "--model", model, "--dataset", dataset, "--epochs", "\(epochs)"] + more
  }

  func train(_ method: String, to out: String, _ extra: String...) -> [String] {
    ["train", "--method", method, "--threads", "1", "--quiet", "--out", out] + arguments + extra
  }

  static let graph = SmallRun(
    domain: "graph", model: "gcn", dataset: "communities", epochs: 40, stepsPerEpoch: 1,
    more: ["--set", "model.hidden=8"])
  static let vision = SmallRun(
    domain: "vision", model: "preresnet8", dataset: "shapes", epochs: 5, stepsPerEpoch: 9,
    more: [
      "--batch-size", "16", "--set", "model.width=8", "--set", "dataset.size=16", "--set", "dataset.train=160",
      "--set", "dataset.test=40",
    ])
  static let text = SmallRun(
    domain: "text", model: "transformer", dataset: "grammar", epochs: 5, stepsPerEpoch: 9,
    more: [
      "--batch-size", "16", "--set", "model.size=16", "--set", "model.layers=1", "--set", "dataset.trainCount=160",
      "--set", "dataset.testCount=40",
    ])
  static let all = [graph, vision, text]
}
