import Foundation
import Testing

/// Plug-ins that are broken, stale or in each other's way: the program survives all of them and says what is wrong.
@Suite("plug-ins that are broken", .serialized) struct PluginSafetyTests {
  private func plugin(_ space: PluginWorkspace, _ name: String, kind: String = "averaging", input: String? = nil) throws {
    try space.run(["plugin", "new", name, "--kind", kind] + (input.map { ["--input", $0] } ?? []), expecting: 0)
  }

  private static let small = [
    "--dataset", "shapes", "--set", "dataset.size=16", "--set", "dataset.train=100", "--set", "dataset.test=40", "--epochs", "1",
    "--batch-size", "16", "--threads", "1", "--quiet",
  ]

  @Test("a module whose registration traps: told by check, info, install and train")
  func registrationTraps() throws {
    let space = try PluginWorkspace()
    try plugin(space, "trap")
    try space.edit(
      "trap/Sources/Trap/Module.swift", "    registry.add(averaging", "    fatalError(\"no registration today\")\n    registry.add(averaging")
    try space.run(["plugin", "build", "trap"], expecting: 0)
    let report = try space.run(["plugin", "check", "trap", "--json"], expecting: 65)
    let checks = try #require(Document(report.output))["checks"]?.items ?? []
    #expect(checks.contains { $0["check"]?.text == "loading" && $0["message"]?.text?.contains("no registration today") == true }, "\(report)")
    let info = try space.json(["plugin", "info", "trap"])
    #expect(info["compatible"]?.flag == false && info["reason"]?.text?.contains("no registration today") == true)
    try space.refused(["plugin", "install", "trap", "--quiet"], 65, saying: "crashed with signal", "no registration today")
    #expect(space.names(in: "home/basin/plugins").isEmpty)
    try space.refused(
      ["train", "--model", "gcn", "--dataset", "communities", "--method", "trap", "--plugin", "trap", "--out", "run"], 65,
      saying: "module trap cannot be used", "crashed with signal")
    // In BASIN_PLUGIN_PATH it is in nobody's way until it is asked for.
    space.environment["BASIN_PLUGIN_PATH"] = space("trap")
    try space.run(["list"], expecting: 0)
    try space.run(["plan"] + SmallRun.graph.arguments, expecting: 0)
  }

  @Test("a check that crashes costs that check alone")
  func checkCrashes() throws {
    let space = try PluginWorkspace()
    try plugin(space, "brittle", kind: "model", input: "image")
    try space.edit(
      "brittle/Sources/Brittle/BrittleModel.swift", "    let features = try blocks",
      "    if input.count == 3 { fatalError(\"three is a crowd\") }\n    let features = try blocks")
    let report = try space.run(["plugin", "check", "brittle", "--json", "--steps", "20"], expecting: 65)
    let checks = try #require(Document(report.output))["checks"]?.items ?? []
    let failed = checks.filter { $0["outcome"]?.text == "failed" }
    #expect(failed.count == 1 && failed.first?["check"]?.text == "ragged batch", "\(failed)")
    #expect(failed.first?["message"]?.text?.contains("three is a crowd") == true)
    #expect(checks.last?["check"]?.text == "memory" && checks.count == 16)
  }

  @Test("a plug-in that crashes in a step costs that run of a benchmark alone")
  func crashInStep() throws {
    let space = try PluginWorkspace()
    try plugin(space, "crasher", kind: "model", input: "image")
    try space.edit(
      "crasher/Sources/Crasher/CrasherModel.swift", "    let features = try blocks",
      "    if mode.isTraining, try head.bias?.detached().abs().max().item() ?? 0 > 0 { fatalError(\"in a step\") }\n    let features = try blocks")
    try space.run(["plugin", "install", "crasher", "--quiet"], expecting: 0)
    try space.write(
      """
      methods: [backbone]
      seeds: 1
      cases:
        - {model: crasher, dataset: shapes, epochs: 1, set: {dataset.size: 16, dataset.train: 100, dataset.test: 40}}
        - {model: gcn, dataset: communities, epochs: 3}
      """, to: "bench.yaml")
    let outcome = try space.run(["bench", "--config", "bench.yaml", "--out", "bench", "--json"], expecting: 70)
    let rows = try #require(Document(outcome.output))["rows"]?.items ?? []
    #expect(rows.first { $0["model"]?.text == "gcn" }?["test"]?["values"]?["0"]?.number != nil, "\(outcome)")
    let failure = rows.first { $0["model"]?.text == "crasher" }?["failures"]?[0]?.text ?? ""
    #expect(failure.contains("ended by signal"), "\(failure)")
    let text = String(decoding: try space.data("bench/report.txt"), as: UTF8.self)
    #expect(text.contains("Failed, and left out above") && text.contains("crasher"))
    let log = try space.names(in: "bench/logs").filter { $0.contains("crasher") }
      .map { String(decoding: try space.data("bench/logs/\($0)"), as: UTF8.self) }.joined()
    #expect(log.contains("in a step"), "\(log)")
  }

  @Test("install, list, info, remove; results tell of the plug-in")
  func installed() throws {
    let space = try PluginWorkspace()
    try plugin(space, "kept", kind: "model", input: "image")
    let installed = try space.json(["plugin", "install", "kept"])
    let path = try #require(installed["installed"]?[0]?["path"]?.text)
    #expect(path == space("home/basin/plugins/libKept.so"))
    #expect(space.names(in: "home/basin/plugins") == ["libKept.so"], "flat, without a copy of PluginAPI")
    let listed = try space.json(["plugin", "list"])["plugins"]?.items ?? []
    #expect(listed.count == 1 && listed[0]["name"]?.text == "kept" && listed[0]["compatible"]?.flag == true)
    #expect(listed[0]["origin"]?.text == "installed")
    let info = try space.json(["plugin", "info", "kept"])
    #expect(info["manifest"]?["models"]?.items == [.text("kept")] && info["sha256"]?.text?.count == 64)
    #expect(info["stamp"]?.text?.hasPrefix("basin_abi_") == true && info["compatible"]?.flag == true)
    #expect(info["needed"]?.items.contains(.text("libPluginAPI.so")) == true)

    try space.write(
      """
      methods: [backbone]
      seeds: 1
      cases:
        - {model: kept, dataset: shapes, epochs: 1, set: {dataset.size: 16, dataset.train: 100, dataset.test: 40}}
      """, to: "bench.yaml")
    try space.run(["bench", "--config", "bench.yaml", "--out", "bench"], expecting: 0)
    let results = try #require(Document(space.data("bench/results.json")))
    let modules = results["modules"]?.items ?? []
    #expect(modules.contains { $0["name"]?.text == "kept" && $0["sha256"] == info["sha256"] }, "\(modules)")
    #expect(modules.contains { $0["name"]?.text == "vision" && $0["origin"]?.text == "bundled" })
    #expect(String(decoding: try space.data("bench/report.txt"), as: UTF8.self).contains("Plug-ins\n  kept  0.1.0  installed"))

    // --no-plugins: as if it were not there.
    try space.refused(["describe", "model", "kept", "--no-plugins"], 64, saying: "unknown model")
    try space.refused(["list", "--no-plugins", "--plugin", path], 64, saying: "--no-plugins")
    try space.run(["list", "--no-plugins"], expecting: 0)
    space.environment["BASIN_NO_PLUGINS"] = "1"
    try space.refused(["describe", "model", "kept"], 64, saying: "unknown model")
    space.environment["BASIN_NO_PLUGINS"] = nil

    // An older build of the same module makes way, also where its file had another name.
    try FileManager.default.moveItem(atPath: path, toPath: space("home/basin/plugins/libOld.so"))
    try space.run(["plugin", "install", "kept", "--quiet"], expecting: 0)
    #expect(space.names(in: "home/basin/plugins") == ["libKept.so"])
    try space.run(["plugin", "remove", "kept"], expecting: 0)
    #expect(space.names(in: "home/basin/plugins").isEmpty)
    try space.refused(["plugin", "remove", "kept"], 66, saying: "unknown plug-in")
    try space.refused(["plugin", "remove", "graph"], 64, saying: "came with Basin")
  }

  @Test("a stale plug-in: list and info tell the reason and the command, install and train refuse")
  func stale() throws {
    let space = try PluginWorkspace()
    try plugin(space, "stale")
    try space.run(["plugin", "build", "stale"], expecting: 0)
    var bytes = try space.data("stale/.build/basin/libStale.so")
    let prefix = Data("basin_abi_".utf8)
    var start = bytes.startIndex
    while let range = bytes.range(of: prefix, in: start..<bytes.endIndex) {
      bytes[range.upperBound] = bytes[range.upperBound] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
      start = range.upperBound
    }
    try space.write(bytes, to: "old/libStale.so")
    space.environment["BASIN_PLUGIN_PATH"] = space("old")
    let listed = try space.json(["plugin", "list"])["plugins"]?[0]
    #expect(listed?["compatible"]?.flag == false)
    // What is in it is not there to be chosen.
    let all = try space.json(["list"])
    #expect(all["methods"]?.items.contains { $0["name"]?.text == "stale" } == false)
    #expect(all["plugins"]?.items.first { $0["name"]?.text == "stale" }?["problem"]?.text?.contains("another PluginAPI") == true)
    #expect(try space.run(["list", "plugins"], expecting: 0).text.contains("cannot be used: module stale was built against another PluginAPI"))
    let reason = try space.json(["plugin", "info", "stale"])["reason"]?.text ?? ""
    #expect(reason.contains("another PluginAPI") && reason.contains("basin plugin build"), "\(reason)")
    try space.refused(["plugin", "install", "old/libStale.so"], 65, saying: "another PluginAPI", "basin plugin build")
    try space.refused(["plugin", "check", "old/libStale.so"], 65, saying: "another PluginAPI")
    try space.refused(
      ["train", "--model", "gcn", "--dataset", "communities", "--method", "stale", "--out", "run"], 65, saying: "another PluginAPI")
  }

  @Test("names that two modules have: both origins are told, and module/name tells them apart")
  func duplicates() throws {
    let space = try PluginWorkspace()
    try plugin(space, "double", kind: "model", input: "graph")
    try space.edit("double/Sources/Double/Module.swift", #""models": ["double"]"#, #""models": ["gcn"]"#)
    try space.edit("double/Sources/Double/Module.swift", #"model: "double""#, #"model: "gcn""#)
    let outcome = try space.run(["plugin", "install", "double", "--quiet"], expecting: 0)
    #expect(outcome.errors.contains("model 'gcn' is offered by module graph too: write double/gcn or graph/gcn"), "\(outcome)")
    let run = ["--dataset", "communities", "--epochs", "2", "--threads", "1"]
    try space.refused(
      ["train", "--model", "gcn", "--out", "run"] + run, 64, saying: "graph (came with Basin)", "double (installed, ", "double/gcn")
    for name in ["graph/gcn", "double/gcn"] {
      let summary = try space.json(["train", "--model", name, "--out", "run-\(name.prefix(5))", "--quiet"] + run)
      #expect(summary["modules"]?.items.contains { $0["name"]?.text == String(name.dropLast(4)) } == true, "\(summary)")
    }
    // The same module found twice: the first is used, and both places are told.
    try space.run(["plugin", "build", "double", "--quiet"], expecting: 0)
    let note = try space.run(["list", "--plugin", "double"], expecting: 0)
    #expect(note.errors.contains("module double (installed) is not used") && note.errors.contains("(named by --plugin), found first"), "\(note)")
    // A module called as one of Basin's own.
    try space.edit("double/Sources/Double/Module.swift", #"{"name": "double""#, #"{"name": "graph""#)
    try space.refused(["plugin", "install", "double", "--quiet"], 64, saying: "would never be used", "libGraph.so")
  }

  @Test("a plug-in's optimizer of a name that Basin has: recipes mean Basin's own, a person must say which")
  func ownOptimizerName() throws {
    let space = try PluginWorkspace()
    try plugin(space, "other-adam", kind: "optimizer")
    try space.edit("other-adam/Sources/OtherAdam/Module.swift", #""optimizers": ["other-adam"]"#, #""optimizers": ["adam"]"#)
    try space.edit("other-adam/Sources/OtherAdam/Module.swift", #"optimizer: "other-adam""#, #"optimizer: "adam""#)
    try space.run(["plugin", "install", "other-adam", "--quiet"], expecting: 0)
    let run = ["train", "--quiet", "--model", "gcn", "--dataset", "communities", "--epochs", "2", "--threads", "1"]
    let usual = try space.json(run + ["--out", "usual"])
    #expect(usual["optimizer"]?.text == "optim/adam" && usual["modules"]?.items.count == 1, "\(usual)")
    try space.refused(run + ["--out", "which", "--optimizer", "adam"], 64, saying: "optim (Basin's own)", "other-adam/adam")
    let other = try space.json(run + ["--out", "other", "--optimizer", "other-adam/adam"])
    #expect(other["modules"]?.items.contains { $0["name"]?.text == "other-adam" } == true, "\(other)")
    let again = try space.json(["evaluate", "other"])
    #expect(again["test"] == other["test"])
  }

  @Test("a module that needs another one that is not there")
  func requires() throws {
    let space = try PluginWorkspace()
    try plugin(space, "needy")
    try space.edit("needy/Sources/Needy/Module.swift", #""version": "0.1.0""#, #""version": "0.1.0", "requires": ["absent"]"#)
    try space.run(["plugin", "build", "needy", "--quiet"], expecting: 0)
    let reason = try space.json(["plugin", "info", "needy"])["reason"]?.text ?? ""
    #expect(reason.contains("needs module absent, which is not there"), "\(reason)")
    try space.refused(["list", "--plugin", "needy"], 66, saying: "needs module absent")
  }

  /// A model over the input type of another plug-in.
  private static let guest = """
    import PluginAPI
    IMPORT

    final class Guest: Model {
      let head: Linear
      init(_ options: NoOptions, shape: HostsBatch.Shape, task: Task) throws { head = try Linear(shape.length, task.outputs) }
      func callAsFunction(_ input: HostsBatch, _ mode: Mode) throws -> Output { Output(try head(input.values)) }
    }

    struct GuestModule: DomainModule {
      static let manifest: StaticString = #\"""
        BASIN-MODULE-MANIFEST {"name": "guest", "version": "0.1.0", "summary": "a guest", "domain": "hosts", "requires": REQUIRES,
          "models": ["guest"]} END-BASIN-MODULE-MANIFEST
        \"""#
      func register(in registry: inout Registry) {
        registry.add(
          model: "guest", Guest.self, "a guest",
          recipe: Recipe(epochs: 2, batchSize: 32, learningRate: 0.01, optimizer: "sgd", tail: 0.2))
      }
    }

    @_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(GuestModule.self) }

    """

  private func guest(_ space: PluginWorkspace, importing: String, requiring: String) throws {
    let text = Self.guest.replacingOccurrences(of: "IMPORT", with: importing).replacingOccurrences(of: "REQUIRES", with: requiring)
    try space.write(text, to: "guest/Sources/Guest/GuestModel.swift")
  }

  @Test("a module that uses another module's type: with it, without it, and with a copy of its own")
  func typesOfAnother() throws {
    let space = try PluginWorkspace()
    try plugin(space, "hosts", kind: "domain")
    try plugin(space, "guest", kind: "model", input: "image")
    try FileManager.default.removeItem(atPath: space("guest/Sources/Guest/Module.swift"))
    try guest(space, importing: "import Hosts", requiring: #"["hosts"]"#)
    try space.edit("guest/Package.swift", "dependencies: [.package(", #"dependencies: [.package(path: "../hosts"), .package("#)
    try space.edit(
      "guest/Package.swift", #".target(name: "Guest", dependencies: [api]"#,
      #".target(name: "Guest", dependencies: [api, .product(name: "Hosts", package: "hosts")]"#)
    let run = ["train", "--quiet", "--model", "guest", "--dataset", "hosts-waves", "--epochs", "1", "--threads", "1"]
    // Libraries find each other in the folder that both are installed in.
    try space.refused(["plugin", "install", "guest", "--quiet"], 66, saying: "needs module hosts, which is not there")
    for name in ["hosts", "guest"] { try space.run(["plugin", "install", name, "--quiet"], expecting: 0) }
    let summary = try space.json(run + ["--out", "together"])
    #expect(summary["modules"]?.items.compactMap { $0["name"]?.text } == ["guest", "hosts"], "\(summary)")
    #expect(try space.json(["plugin", "info", "guest"])["compatible"]?.flag == true)
    try space.run(["plugin", "remove", "hosts"], expecting: 0)
    try space.refused(["describe", "model", "guest"], 66, saying: "needs module hosts, which is not there")
    // One that does not say what it needs is refused by the loader, in a process of its own.
    try guest(space, importing: "import Hosts", requiring: "[]")
    try space.refused(["plugin", "install", "guest", "--quiet"], 65, saying: "libHosts.so", "which is not there")
    // A copy of the type is another type, whatever it is called.
    try guest(space, importing: "", requiring: "[]")
    try FileManager.default.copyItem(
      atPath: space("hosts/Sources/Hosts/HostsBatch.swift"), toPath: space("guest/Sources/Guest/HostsBatch.swift"))
    for name in ["hosts", "guest"] { try space.run(["plugin", "install", name, "--quiet"], expecting: 0) }
    try space.refused(run + ["--out", "copy"], 64, saying: "two copies of a library", "HostsBatch")
  }

  @Test("ten plug-ins add little to list")
  func ten() throws {
    let space = try PluginWorkspace()
    try plugin(space, "many", kind: "model", input: "image")
    try space.run(["plugin", "build", "many", "--quiet"], expecting: 0)
    let bytes = try space.data("many/.build/basin/libMany.so")
    for number in 0..<10 {
      var copy = bytes
      // Names of the same length, in the manifest alone.
      while let range = copy.range(of: Data(#"{"name": "many""#.utf8)) {
        copy.replaceSubrange(range, with: Data(#"{"name": "man\#(number)""#.utf8))
      }
      try space.write(copy, to: "home/basin/plugins/libMany\(number).so")
    }
    #expect(try space.json(["list", "plugins"])["plugins"]?.items.count { $0["origin"]?.text == "installed" } == 10)
    func fastest(_ arguments: [String]) throws -> Double {
      try (0..<7).map { _ in try space.run(arguments, expecting: 0).seconds }.min() ?? 9
    }
    let without = try fastest(["list", "--no-plugins"]), with = try fastest(["list"])
    print("list: \(without) s, with ten plug-ins \(with) s")
    // 100 ms and 50 ms where the machine is at rest.
    #expect(without < 0.5 && with - without < 0.25, "\(without) and \(with) s")
  }
}
