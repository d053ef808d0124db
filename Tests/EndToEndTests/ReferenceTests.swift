import Foundation
import Testing

/// The reference of PluginAPI: docs/plugins/make_reference.sh makes it from the build that is tested, and every symbol of the
/// contract is in it.
@Suite("reference", .serialized) struct ReferenceTests {
  private struct Graph: Decodable {
    struct Symbol: Decodable {
      struct Identifier: Decodable { let precise: String }
      struct Kind: Decodable { let identifier: String }
      struct Comment: Decodable { struct Line: Decodable { let text: String }; let lines: [Line] }
      struct Location: Decodable { let uri: String }
      let identifier: Identifier
      let kind: Kind
      let pathComponents: [String]
      let docComment: Comment?
      let location: Location?
    }
    struct Relationship: Decodable { let source, kind: String }
    let symbols: [Symbol]
    let relationships: [Relationship]
  }

  /// The toolchain's own, which the script takes.
  private static let hasDocC: Bool = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let docc = "test -x \"$(dirname \"$(readlink -f \"$(command -v swift)\")\")/docc\""
    process.arguments = ["sh", "-c", "command -v swift-symbolgraph-extract && \(docc)"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  @Test(
    "is made without a link that leads nowhere, and leaves out nothing of the contract",
    .enabled(if: hasDocC, "skipped: this toolchain has no docc"))
  func made() throws {
    let space = try Workspace()
    let script = BuiltProgram.checkout + "/docs/plugins/make_reference.sh"
    let outcome = try RunningProgram(
      "/usr/bin/env", ["bash", script, space("reference")], environment: ProcessInfo.processInfo.environment, in: space.path
    ).finish(timeout: .seconds(300))
    try #require(outcome.ending == .exited(0), "\(outcome)")
    #expect(space.exists("reference/index.html") && space.exists("reference/data/documentation/pluginapi/contract.json"))
    let graph = try JSONDecoder().decode(Graph.self, from: space.data("reference/symbols.json"))
    let defaults = Set(graph.relationships.filter { $0.kind == "defaultImplementationOf" }.map(\.source))
    // What a case or an initializer does its name and parameters tell.
    let contract = graph.symbols.filter { symbol in
      symbol.location?.uri.contains("/Sources/PluginAPI/PluginAPI/") == true && !defaults.contains(symbol.identifier.precise)
        && !["swift.enum.case", "swift.init"].contains(symbol.kind.identifier)
    }
    #expect(contract.count > 200)
    for symbol in contract {
      let words = symbol.docComment?.lines.map(\.text).joined(separator: " ") ?? ""
      #expect(words.contains { $0.isLetter }, "\(symbol.pathComponents.joined(separator: ".")) has no doc comment")
    }
  }
}
