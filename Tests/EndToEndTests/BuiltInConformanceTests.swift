import Foundation
import Testing

/// The checks that plug-ins must pass, made of the modules that come with Basin, at sizes that take seconds.
@Suite("conformance of the built-in modules", .serialized) struct BuiltInConformanceTests {
  private static let pictures = ["--set", "dataset.size=16", "--set", "dataset.train=200", "--set", "dataset.test=50"]

  private func check(_ module: String, _ names: [String], _ more: [String] = [], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let space = try Workspace()
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

  @Test("the embedded graph")
  func communities() throws { try check("graph", ["communities"]) }

  @Test("networks for sentences", arguments: ["transformer", "textcnn", "bilstm"])
  func sentences(model: String) throws { try check("text", [model], ["--set", "dataset.trainCount=200", "--set", "dataset.testCount=40"]) }

  @Test("optimizers, schedules, averaging policies and methods")
  func own() throws {
    try check("optim", [])
    let all = try Workspace().json(["plugin", "check", "optim", "--only", "pswa", "--steps", "10"])["checks"]?.items ?? []
    #expect(Set(all.compactMap { $0["subject"]?.text }) == ["schedule pswa", "averaging pswa", "method pswa"])
  }

  @Test("generated sentences")
  func grammar() throws { try check("text", ["grammar"], ["--set", "dataset.trainCount=400", "--set", "dataset.testCount=100"]) }
}
