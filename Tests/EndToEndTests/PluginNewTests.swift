import Foundation
import Testing

/// What `basin plugin new` writes: it builds, passes every check and trains before anyone changes a line.
@Suite("plugin new", .serialized) struct PluginNewTests {
  struct Template: Sendable, CustomTestStringConvertible {
    let kind: String
    let input: String?
    /// Trains with it in a few seconds.
    let train: [String]

    var testDescription: String { kind + (input.map { " \($0)" } ?? "") }
    var name: String { "try-" + kind + (input.map { "-\($0)" } ?? "") }
    /// `TryModelImage`, as the package's target is called.
    var target: String { name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined() }
  }

  static let templates = [
    Template(
      kind: "model", input: "image",
      train: ["--model", "try-model-image", "--set", "model.width=4"] + Self.shapes),
    Template(kind: "model", input: "graph", train: ["--model", "try-model-graph", "--dataset", "communities", "--epochs", "20"]),
    Template(
      kind: "model", input: "tokens",
      train: ["--model", "try-model-tokens", "--dataset", "grammar", "--epochs", "3", "--set", "dataset.trainCount=300"]),
    Template(
      kind: "dataset", input: "image",
      train: ["--model", "preresnet8", "--set", "model.width=8", "--dataset", "try-dataset-image", "--epochs", "3", "--batch-size", "32"]),
    Template(kind: "dataset", input: "graph", train: ["--model", "gcn", "--dataset", "try-dataset-graph", "--epochs", "20"]),
    Template(
      kind: "dataset", input: "tokens",
      train: ["--model", "textcnn", "--dataset", "try-dataset-tokens", "--epochs", "3", "--set", "model.filters=8"]),
    Template(
      kind: "optimizer", input: nil,
      train: ["--model", "gcn", "--dataset", "communities", "--epochs", "20", "--optimizer", "try-optimizer"]),
    Template(
      kind: "averaging", input: nil, train: ["--model", "gcn", "--dataset", "communities", "--epochs", "20", "--method", "try-averaging"]),
    Template(
      kind: "domain", input: nil,
      train: ["--model", "try-domain-net", "--dataset", "try-domain-waves", "--epochs", "3", "--set", "model.width=8"]),
  ]

  private static let shapes = [
    "--dataset", "shapes", "--set", "dataset.size=16", "--set", "dataset.train=200", "--set", "dataset.test=50", "--epochs", "3",
    "--batch-size", "32",
  ]

  @Test("builds, passes every check, installs and trains", arguments: templates)
  func template(_ template: Template) throws {
    let space = try PluginWorkspace()
    let written = try space.json(
      ["plugin", "new", template.name, "--kind", template.kind] + (template.input.map { ["--input", $0] } ?? []))
    let files = written["files"]?.items.compactMap(\.text) ?? []
    #expect(Set(files).isSuperset(of: [
      ".gitignore", "Package.swift", "README.md", "Sources/\(template.target)/Module.swift",
      "Tests/\(template.target)Tests/ConformanceTests.swift",
    ]))
    for file in files {
      let text = String(decoding: try space.data("\(template.name)/\(file)"), as: UTF8.self)
      #expect(!text.contains("__"), "\(file) has a placeholder left")
    }
    try space.run(["plugin", "build", template.name], expecting: 0)
    #expect(space.exists("\(template.name)/.build/basin/lib\(template.target).so"))
    let report = try space.json(["plugin", "check", template.name, "--steps", "100"])
    #expect(report["passed"]?.flag == true)
    for check in report["checks"]?.items ?? [] {
      let name = "\(check["subject"]?.text ?? "") \(check["check"]?.text ?? ""): \(check["message"]?.text ?? "")"
      #expect(check["outcome"]?.text == "passed" || check["outcome"]?.text == "skipped", "\(name)")
    }
    #expect((report["checks"]?.items.count ?? 0) >= 10)

    try space.run(["plugin", "install", template.name], expecting: 0)
    let summary = try space.json(["train", "--threads", "1", "--out", "run", "--quiet"] + template.train)
    let module = summary["modules"]?.items.first { $0["name"]?.text == template.name }
    #expect(module?["version"]?.text == "0.1.0" && module?["origin"]?.text == "installed", "\(summary)")
    #expect(module?["sha256"]?.text?.count == 64)
    #expect((summary["train"]?["loss"]?.number).map { $0.isFinite } == true)
  }

  @Test("the package's own tests pass, and fail where a check fails")
  func ownTests() throws {
    let space = try PluginWorkspace()
    try space.run(["plugin", "new", "Own-tests", "--kind", "model", "--input", "image"], expecting: 0)
    let passed = try space.run(["plugin", "test", "Own-tests"], timeout: .seconds(600))
    #expect(passed.ending == .exited(0), "\(passed)")
    #expect((passed.errors + passed.text).contains("passes every check"), "\(passed)")
    // A layer that no gradient reaches.
    try space.edit("Own-tests/Sources/OwnTests/OwnTestsModel.swift", "dropout(globalAveragePool(features), mode)", "dropout(globalAveragePool(features.detached()), mode)")
    let failed = try space.run(["plugin", "test", "Own-tests"], timeout: .seconds(600))
    #expect(failed.ending == .exited(70), "\(failed)")
    #expect((failed.errors + failed.text).contains("no gradient reaches"), "\(failed)")
  }

  @Test("refusals: folders that are there, bad names, names that are taken, an input that says nothing")
  func refusals() throws {
    let space = try PluginWorkspace()
    try space.run(["plugin", "new", "first", "--kind", "averaging"], expecting: 0)
    try space.refused(["plugin", "new", "first", "--kind", "averaging"], 73, saying: "is there already", "--out")
    for name in ["1st", "a_b", "a--b", "-a", "a/b", "", "ä", String(repeating: "a", count: 49)] {
      let outcome = try space.run(["plugin", "new", "--kind", "model", "--", name], expecting: 64)
      if !name.isEmpty, name != "-a" { #expect(outcome.errors.contains("letters and digits"), "\(outcome)") }
    }
    try space.refused(["plugin", "new", "gcn", "--kind", "model"], 64, saying: "taken by module graph")
    try space.refused(["plugin", "new", "swift", "--kind", "model"], 64, saying: "something that plug-ins use")
    try space.refused(["plugin", "new", "x", "--kind", "optimizer", "--input", "graph"], 64, saying: "--input")
    try space.run(["plugin", "new", "x", "--kind", "modell"], expecting: 64)
    try space.refused(["plugin", "build", "nowhere"], 66, saying: "no such folder")
    try space.write("", to: "empty/readme")
    try space.refused(["plugin", "build", "empty"], 66, saying: "Package.swift")
    #expect(space.names(in: ".").filter { !$0.hasPrefix(".") } == ["empty", "first", "home"])
  }

  @Test("a name may be written as a type is")
  func spelling() throws {
    let space = try PluginWorkspace()
    let written = try space.json(["plugin", "new", "GPTMixer2", "--kind", "averaging", "--out", "deep/er"])
    #expect(written["module"]?.text == "gpt-mixer2" && space.exists("deep/er/Sources/GPTMixer2/Module.swift"))
  }

  @Test("a change of one line is built in seconds, without PluginAPI or the shim")
  func rebuild() throws {
    let space = try PluginWorkspace()
    try space.run(["plugin", "new", "quick", "--kind", "model", "--input", "image"], expecting: 0)
    try space.run(["plugin", "build", "quick"], expecting: 0)
    try space.edit("quick/Sources/Quick/QuickModel.swift", "public var width = 16", "public var width = 24")
    let outcome = try space.run(["plugin", "build", "quick"], expecting: 0)
    for word in ["LibTorchShim", "PluginAPI"] { #expect(!outcome.errors.contains("Compiling \(word) "), "\(outcome)") }
    // The machine may be busy; 5 s where it is not.
    #expect(outcome.seconds < 40, "\(outcome)")
    let described = try space.json(["describe", "model", "quick", "--plugin", "quick"])
    #expect(described["options"]?.items.first { $0["name"]?.text == "width" }?["defaultValue"]?.text == "24")
  }
}

/// A workspace whose plug-ins are built in the checkout's shared folder.
final class PluginWorkspace: Workspace {
  /// Replaces text in a file that must have it.
  func edit(_ file: String, _ old: String, _ new: String) throws {
    let text = String(decoding: try data(file), as: UTF8.self)
    try #require(text.contains(old), "\(file) has no \(old)")
    try write(text.replacingOccurrences(of: old, with: new), to: file)
  }
}
