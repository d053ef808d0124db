import Foundation
import Testing

/// The checks that plug-ins must pass, made of the modules that come with Basin, at sizes that take seconds.
@Suite("conformance of the built-in modules", .serialized) struct BuiltInConformanceTests {
  private static let pictures = ["--set", "dataset.size=16", "--set", "dataset.train=200", "--set", "dataset.test=50"]

  /// - Parameter files: of data sets that `more` names, by their paths in the folder of the check.
  private func check(
    _ module: String, _ names: [String], _ more: [String] = [], files: [String: String] = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let space = try Workspace()
    for (path, text) in files { try space.write(text, to: path) }
    let outcome = try space.run(
      ["plugin", "check", module, "--json", "--steps", "200"] + names.flatMap { ["--only", $0] } + more, timeout: .seconds(900))
    let report = try #require(Document(outcome.output), "\(outcome)", sourceLocation: sourceLocation)
    let checks = report["checks"]?.items ?? []
    #expect(checks.count >= 8 * names.count, "\(outcome)", sourceLocation: sourceLocation)
    for check in checks where check["outcome"]?.text == "failed" {
      Issue.record(
        "\(check["subject"]?.text ?? ""), \(check["check"]?.text ?? ""): \(check["message"]?.text ?? "")", sourceLocation: sourceLocation)
    }
    #expect(outcome.ending == .exited(0), sourceLocation: sourceLocation)
  }

  @Test("residual networks for pictures, and drawn shapes")
  func residual() throws { try check("vision", ["preresnet8", "shapes"], ["--set", "model.width=8"] + Self.pictures) }

  @Test("other networks for pictures", arguments: ["vgg11-bn", "densenet-bc"])
  func pictures(model: String) throws {
    try check("vision", [model], ["--steps", "20", "--set", "dataset.train=100", "--set", "dataset.test=20"])
  }

  @Test("large networks for pictures, on small ones", arguments: ["resnet18", "wrn16-4", "mobilenetv2", "convnext-tiny", "vit-tiny"])
  func large(model: String) throws {
    try check("vision", [model], ["--steps", "10", "--set", "dataset.size=16", "--set", "dataset.train=100", "--set", "dataset.test=20"])
  }

  @Test("a model that no embedded data set is for is skipped with the reason, not passed")
  func noData() throws {
    let report = try Workspace().json(["plugin", "check", "graph", "--only", "sagpool-g"])
    let checks = report["checks"]?.items ?? []
    #expect(checks.contains { $0["outcome"]?.text == "skipped" && $0["message"]?.text?.contains("name one with --dataset") == true })
    #expect(!checks.contains { $0["check"]?.text == "gradients" && $0["outcome"]?.text == "passed" })
  }

  @Test(
    "graph networks on nodes",
    arguments: ["gcn", "gat", "gatv2", "graphsage", "gcnii", "appnp", "sgc", "mlp"])
  func nodes(model: String) throws { try check("graph", [model], ["--set", "model.layers=3"]) }

  /// 60 rings and stars of four to nine nodes, in the layout of the TU collection.
  private static let wholeGraphs: [String: String] = {
    var parts: [String: [String]] = [:]
    var nodes = 0
    for graph in 0..<60 {
      let size = 4 + graph % 6, isStar = graph % 2 == 0
      for node in 0..<size {
        let ends = isStar ? (0, node) : (node, (node + 1) % size)
        parts["graph_indicator", default: []].append("\(graph + 1)")
        parts["node_labels", default: []].append("\(node % 3)")
        guard ends.0 != ends.1 else { continue }
        for (from, to) in [ends, (ends.1, ends.0)] {
          parts["A", default: []].append("\(nodes + from + 1), \(nodes + to + 1)")
          parts["edge_labels", default: []].append("\(node % 2)")
        }
      }
      parts["graph_labels", default: []].append(isStar ? "1" : "-1")
      nodes += size
    }
    return Dictionary(uniqueKeysWithValues: parts.map { ("S/S_\($0).txt", $1.joined(separator: "\n") + "\n") })
  }()

  @Test("graph networks on whole graphs", arguments: ["gin", "gine", "sagpool-g", "sagpool-h", "mincutpool"])
  func wholeGraphs(model: String) throws {
    try check("graph", [model], ["--dataset", "tu:S", "--set", "model.hidden=16"], files: Self.wholeGraphs)
  }

  @Test("the embedded graph")
  func communities() throws { try check("graph", ["communities"]) }

  @Test("networks for sentences", arguments: ["transformer", "textcnn", "bilstm"])
  func sentences(model: String) throws { try check("text", [model], ["--set", "dataset.trainCount=200", "--set", "dataset.testCount=40"]) }

  private static let small = ["--set", "model.size=16", "--set", "model.layers=2", "--set", "model.heads=2"]

  @Test("pretrained encoders, from fresh weights", arguments: ["roberta", "bert", "distilbert", "albert"])
  func encoders(model: String) throws {
    try check("text", [model], Self.small + ["--set", "dataset.trainCount=200", "--set", "dataset.testCount=40"])
  }

  @Test("a language model")
  func languageModel() throws {
    let text = (0..<300).map { "the \(["cat", "dog", "bird"][$0 % 3]) saw the \(["tree", "house"][$0 % 2]) number \($0 % 7)\n" }.joined()
    try check(
      "text", ["gpt2"], Self.small + ["--dataset", "corpus:words", "--set", "dataset.length=8"],
      files: ["words/train.txt": text, "words/valid.txt": text, "words/test.txt": text])
  }

  @Test("optimizers, schedules, averaging policies and methods")
  func own() throws {
    try check("optim", [])
    let all = try Workspace().json(["plugin", "check", "optim", "--only", "pswa", "--steps", "10"])["checks"]?.items ?? []
    #expect(Set(all.compactMap { $0["subject"]?.text }) == ["schedule pswa", "averaging pswa", "method pswa"])
  }

  @Test("generated sentences")
  func grammar() throws { try check("text", ["grammar"], ["--set", "dataset.trainCount=400", "--set", "dataset.testCount=100"]) }
}
