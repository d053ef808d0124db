import Foundation
import Testing

/// docs/plugins/tutorial.md: its files are written, its commands are run.
@Suite("tutorial", .serialized) struct TutorialTests {
  /// What a reader does, in the order of the text.
  enum Step: Equatable {
    case write(file: String, text: String)
    case run(arguments: [String], status: Int32)
  }

  static let path = BuiltProgram.checkout + "/docs/plugins/tutorial.md"

  /// A file is a fenced block behind a line that names it, "`PATH`:"; a command is an indented line behind `$`, and may end in
  /// `# exit STATUS`.
  static func steps(of text: String) -> [Step] {
    var steps: [Step] = [], name: String?, block: [Substring]?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        guard let lines = block else {
          block = []
          continue
        }
        if let file = name { steps.append(.write(file: file, text: lines.joined(separator: "\n") + "\n")) }
        (name, block) = (nil, nil)
      } else if block != nil {
        block?.append(line)
      } else if line.hasPrefix("`"), line.hasSuffix("`:") {
        name = String(line.dropFirst().dropLast(2))
      } else if line.hasPrefix("    $ basin ") {
        let parts = line.dropFirst("    $ basin ".count).components(separatedBy: "# exit ")
        steps.append(
          .run(arguments: parts[0].split(separator: " ").map(String.init), status: parts.count > 1 ? Int32(parts[1]) ?? -1 : 0))
      }
    }
    return steps
  }

  @Test("its blocks are found")
  func blocks() throws {
    let steps = Self.steps(of: try String(contentsOfFile: Self.path, encoding: .utf8))
    let files = steps.compactMap { if case .write(let file, _) = $0 { file } else { nil } }
    #expect(files == [
      "patch-votes/Sources/PatchVotes/PatchVotesModel.swift", "patch-votes/Sources/PatchVotes/Module.swift",
      "patch-votes/Tests/PatchVotesTests/ModelTests.swift", "votes.yaml",
    ])
    #expect(steps.contains(.run(arguments: ["plugin", "check", "patch-votes"], status: 0)))
    #expect(steps.count { if case .run(_, 64) = $0 { true } else { false } } == 2)
    #expect(Self.steps(of: "`a/b`:\n\n```\nx\n```\n    $ basin list   # exit 3\n") == [
      .write(file: "a/b", text: "x\n"), .run(arguments: ["list"], status: 3),
    ])
  }

  @Test("a reader who follows it ends with a benchmark of a model of their own")
  func followed() throws {
    let space = try Workspace()
    var benchmark: Document?
    for step in Self.steps(of: try String(contentsOfFile: Self.path, encoding: .utf8)) {
      switch step {
      case .write(let file, let text): try space.write(text, to: file)
      case .run(let arguments, let status):
        // The first build compiles PluginAPI.
        let outcome = try space.run(arguments, timeout: .seconds(600))
        try #require(outcome.ending == .exited(status), "\(outcome)")
        if arguments.first == "bench" { benchmark = Document(try space.data("runs/bench/results.json")) }
        if arguments == ["list", "models"] { #expect(outcome.text.contains("patch-votes")) }
      }
    }
    let rows = try #require(benchmark)["rows"]?.items ?? []
    #expect(Set(rows.compactMap { $0["model"]?.text }) == ["patch-votes", "preresnet8"] && rows.count == 6)
    #expect(try Document(space.data("runs/votes/summary.json"))?["averaged"]?["samples"]?.integer == 3)
    #expect(try TensorFile(space.data("votes.safetensors")).tensors.keys.contains("norm.running_mean"))
    #expect(!space.exists("runs/bad"))
    // Removed in the end.
    #expect(try !space.run(["list", "models"], expecting: 0).text.contains("patch-votes"))
  }
}
