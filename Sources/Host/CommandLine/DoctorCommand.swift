import ArgumentParser
import Foundation
import PluginAPI

/// `basin doctor`: everything the set-up did, tried out.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Checks the set-up: LibTorch, the shim, modules, folders.")

  @Flag(help: "One JSON document on standard output.") var json = false
  @OptionGroup var plugins: PluginOptions

  struct Check {
    let name: String
    let passed: Bool
    let text: String
  }

  func run() throws {
    var checks: [Check] = []
    func check(_ name: String, _ body: () throws -> String) {
      do { checks.append(Check(name: name, passed: true, text: try body())) } catch {
        checks.append(Check(name: name, passed: false, text: "\(error)"))
      }
    }
    check("program") { "basin \(RunSummary.version), \(BuildStamp.compiler)" }
    check("stamp") { BuildStamp.symbol }
    check("set-up") { try setup() }
    check("shim") {
      guard FileManager.default.isReadableFile(atPath: LibTorch.shimPath) else {
        throw BasinError.missing("is not there", file: LibTorch.shimPath, advice: "Run ./basin doctor in the checkout: it builds the shim")
      }
      return LibTorch.shimPath
    }
    check("LibTorch") {
      let version = try LibTorch.version()
      let sum = try Tensor([Float(1), 2, 3]).sum().item()
      guard sum == 6 else { throw BasinError.internalError("adds 1 + 2 + 3 to \(sum)") }
      return "\(version), \(try LibTorch.threads()) threads"
    }
    check("devices") {
      let names = try [Device.cpu, .cuda(0), .mps].filter { try LibTorch.isAvailable($0) }.map(\.description)
      return names.joined(separator: ", ")
    }
    do {
      let catalog = try plugins.catalog()
      for module in catalog.modules { check("module \(module.manifest.name)") { try catalog.load(module); return module.path } }
      for note in catalog.notes { checks.append(Check(name: "note", passed: true, text: "\(note)")) }
    } catch {
      checks.append(Check(name: "modules", passed: false, text: "\(error)"))
    }
    check("data root") {
      guard let root = DataRoot.ofEnvironment else { return "not set (BASIN_DATA)" }
      guard FileManager.default.fileExists(atPath: root) else { throw BasinError.missing("is not there", file: root, advice: "Correct BASIN_DATA") }
      return root
    }
    check("cache") { CacheFolder.path }

    let passed = checks.allSatisfy(\.passed)
    if json {
      try Terminal.print([
        "passed": .bool(passed),
        "checks": .array(checks.map { ["name": .string($0.name), "passed": .bool($0.passed), "text": .string($0.text)] }),
      ])
    } else {
      print(Terminal.table(checks.map { [$0.passed ? "ok" : "FAILED", $0.name, $0.text] }))
    }
    if !passed { throw BasinError.missing("something of the set-up is missing", advice: "The lines marked FAILED say what to do") }
  }

  /// What the set-up wrote down, beside the build folder of this program.
  private func setup() throws -> String {
    var folder = ModuleSearch.folderOfThisProgram()
    for _ in 0..<4 {
      let file = folder + "/setup-state.json"
      if FileManager.default.fileExists(atPath: file) {
        let state = try JSONValue.read(file)
        let libtorch = state["libtorch"]?["path"]?.text ?? "LibTorch missing"
        return "\(libtorch) (\(state["libtorch"]?["source"]?.text ?? "no source"))"
      }
      folder = (folder as NSString).deletingLastPathComponent
    }
    return "no record (this program was not built by ./basin)"
  }
}
