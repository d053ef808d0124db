import Foundation
import Testing

@Suite("modules", .serialized) struct ModuleTests {
  /// Runs it under the dynamic linker's own log, in this process and all it starts.
  ///
  /// - Returns: the lines that say which libraries were opened and whose code was run.
  private func linkerLog(_ space: Workspace, _ arguments: [String], expecting status: Int32) throws -> String {
    space.environment["LD_DEBUG"] = "files"
    space.environment["LD_DEBUG_OUTPUT"] = space("linker")
    try space.run(arguments, expecting: status)
    return try space.names(in: ".").filter { $0.hasPrefix("linker.") }
      .map { String(decoding: try space.data($0), as: UTF8.self) }.joined()
  }

  @Test("list is quick, and loads neither modules nor LibTorch")
  func list() throws {
    let space = try Workspace()
    let times = try (0..<3).map { _ in try space.run(["list"], expecting: 0).seconds }
    #expect((times.min() ?? 9) < 2)
    let log = try linkerLog(space, ["list", "--json"], expecting: 0)
    #expect(log.contains("libPluginAPI.so"))
    for name in ["libtorch", "libLibTorchShim", "libGraph", "libVision", "libText"] {
      #expect(!log.contains(name), "\(name) was opened")
    }
  }

  @Test("a command loads the modules it needs and no others")
  func onDemand() throws {
    let log = try linkerLog(Workspace(), ["plan"] + SmallRun.graph.arguments, expecting: 0)
    #expect(log.contains("libGraph.so"))
    for name in ["libVision", "libText", "libtorch"] { #expect(!log.contains(name), "\(name) was opened") }
  }

  /// A library is refused, by `list` and by `train`, without any of its code having run.
  private func refused(
    _ space: Workspace, _ file: String, _ status: Int32, saying words: [String], alsoByList: Bool = true
  ) throws {
    let commands = [["train", "--out", "run"] + SmallRun.graph.arguments] + (alsoByList ? [["list"]] : [])
    for command in commands {
      let outcome = try space.run(command + ["--plugin", file], expecting: status)
      for word in words + [file] { #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)") }
    }
    #expect(!space.exists("run"))
    let log = try linkerLog(space, commands[0] + ["--plugin", file], expecting: status)
    #expect(log.contains("libPluginAPI.so"))
    #expect(!log.contains("calling init: \(space(file))"), "code of \(file) was run")
  }

  @Test("a file that is not there, empty, or text")
  func notALibrary() throws {
    let space = try Workspace()
    try refused(space, "none.so", 66, saying: ["no such file"])
    try space.write("", to: "empty.so")
    try refused(space, "empty.so", 65, saying: ["empty"])
    try space.write(
      "This is not a library, whatever its name says. It is a text of some length, longer than a header.\n",
      to: "text.so")
    try refused(space, "text.so", 65, saying: ["ELF"])
    try space.write("", to: "folder/readme")
    try refused(space, "folder", 66, saying: ["no library"])
  }

  @Test("a truncated library", arguments: [1, 40, 64, 1000, 100_000, -5000, -1])
  func truncated(length: Int) throws {
    let space = try Workspace()
    let whole = try #require(FileManager.default.contents(atPath: BuiltProgram.library("Graph")))
    try space.write(whole.prefix(length > 0 ? length : whole.count + length), to: "libCut.so")
    try refused(space, "libCut.so", 65, saying: ["truncated"])
  }

  @Test("a library with another stamp", arguments: [("api", "another PluginAPI"), ("compiler", "another compiler")])
  func otherStamp(part: String, reason: String) throws {
    let space = try Workspace()
    var bytes = try #require(FileManager.default.contents(atPath: BuiltProgram.library("Graph")))
    let prefix = Data("basin_abi_".utf8)
    var start = bytes.startIndex
    var places = 0
    while let range = bytes.range(of: prefix, in: start..<bytes.endIndex) {
      let digit = range.upperBound + (part == "api" ? 0 : 17)
      bytes[digit] = bytes[digit] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
      start = range.upperBound
      places += 1
    }
    try #require(places > 0)
    try space.write(bytes, to: "libOther.so")
    // `list` reads manifests alone and names it; whatever would load it does not.
    try refused(space, "libOther.so", 65, saying: ["module graph", reason], alsoByList: false)
  }

  @Test("PluginAPI itself, and the shim, are not modules", arguments: ["PluginAPI", "LibTorchShim"])
  func ownLibraries(name: String) throws {
    let space = try Workspace()
    let copy = "lib\(name)-copy.so"
    try FileManager.default.copyItem(atPath: BuiltProgram.library(name), toPath: space(copy))
    try refused(space, copy, 65, saying: ["not a"])
    try space.refused(["list", "--plugin", BuiltProgram.library(name)], 65, saying: "lib\(name).so")
  }

  @Test("a damaged library in BASIN_PLUGIN_PATH is passed over with a note")
  func note() throws {
    let space = try Workspace()
    try space.write("text", to: "plugins/libBad.so")
    space.environment["BASIN_PLUGIN_PATH"] = space("plugins") + ":" + space("nowhere")
    let outcome = try space.run(["list"], expecting: 0)
    #expect(outcome.errors.contains("libBad.so") && outcome.text.contains("gcn"), "\(outcome)")
  }
}
