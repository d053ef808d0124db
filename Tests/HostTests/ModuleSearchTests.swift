import Foundation
import Host
import PluginAPI
import Testing

/// The search reads manifests only, so that any bytes with a manifest do for a library.
@Suite("Module search")
struct ModuleSearchTests {
  private final class Folders {
    let root = NSTemporaryDirectory() + "/basin-search-\(UUID().uuidString)"
    init() throws { try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: root) }

    @discardableResult
    func write(_ content: String, _ path: String) throws -> String {
      let file = root + "/" + path
      try FileManager.default.createDirectory(
        atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try content.write(toFile: file, atomically: true, encoding: .utf8)
      return file
    }

    @discardableResult
    func module(_ name: String, _ path: String) throws -> String {
      try write("\0\0" + ManifestScan.startMark + "{\"name\":\"\(name)\"}" + ManifestScan.endMark, path)
    }

    func search(_ plugins: [String] = [], _ environment: [String: String] = [:]) throws -> ModuleSearch.Result {
      try ModuleSearch(
        programFolder: root + "/program", plugins: plugins,
        environment: ["HOME": root + "/home"].merging(environment) { $1 }
      ).find()
    }
  }

  @Test("bundled modules: only those with a manifest, none of Basin's own libraries")
  func bundled() throws {
    let folders = try Folders()
    try folders.module("vision", "program/libVision.so")
    try folders.module("graph", "program/libGraph.so")
    try folders.module("api", "program/libPluginAPI.so")
    try folders.module("shim", "program/libLibTorchShim.so")
    try folders.module("other", "program/other.so")
    try folders.write("nothing", "program/libz.so")
    let result = try folders.search()
    #expect(result.modules.map(\.manifest.name) == ["graph", "vision"])
    #expect(result.modules.allSatisfy { $0.origin == .bundled })
    #expect(result.notes.isEmpty)
  }

  @Test("--plugin: a file, a folder, a package")
  func option() throws {
    let folders = try Folders()
    let file = try folders.module("one", "files/one.so")
    try folders.module("two", "folder/libTwo.so")
    try folders.module("three", "folder/libThree.so")
    try folders.write("text", "folder/libOther.so")
    try folders.write("", "package/Package.swift")
    try folders.module("four", "package/.build/release/libFour.so")
    try folders.module("api", "package/.build/release/libPluginAPI.so")
    let result = try folders.search([file, folders.root + "/folder", folders.root + "/package/", file])
    #expect(result.modules.map(\.manifest.name) == ["one", "three", "two", "four"])
    #expect(result.modules.allSatisfy { $0.origin == .option })
  }

  @Test("--plugin: what leads to no module")
  func optionErrors() throws {
    let folders = try Folders()
    func refusal(_ path: String) throws -> BasinError { try basinError { try folders.search([path]) } }
    let missing = try refusal(folders.root + "/nothing.so")
    #expect(missing.kind == .missingInput && missing.file == folders.root + "/nothing.so")

    let text = try folders.write("hello", "libText.so")
    #expect(try refusal(text).message.contains("a text file"))

    try folders.write("", "package/Package.swift")
    let package = try refusal(folders.root + "/package")
    #expect(package.message.contains("without a built module") && package.advice?.contains("basin plugin build") == true)

    try folders.write("", "empty/readme.txt")
    #expect(try refusal(folders.root + "/empty").message.contains("no library"))
    try folders.write("hello", "single/libText.so")
    #expect(try refusal(folders.root + "/single").message.contains("a text file"))
    try folders.write("hello", "several/libA.so")
    try folders.write("hello", "several/libB.so")
    #expect(try refusal(folders.root + "/several").message.contains("none of the 2 libraries"))
  }

  @Test("environment and install folder; problems there are notes")
  func others() throws {
    let folders = try Folders()
    try folders.module("a", "env/libA.so")
    let single = try folders.module("b", "single/libB.so")
    try folders.module("c", "home/.local/share/basin/plugins/libC.so")
    try folders.write("text", "home/.local/share/basin/plugins/libText.so")
    try folders.module("d", "data/basin/plugins/libD.so")
    let path = "\(folders.root)/env::\(single):\(folders.root)/nowhere"
    let result = try folders.search([], ["BASIN_PLUGIN_PATH": path])
    #expect(result.modules.map(\.manifest.name) == ["a", "b", "c"])
    #expect(result.modules.map(\.origin) == [.environment, .environment, .installed])
    #expect(result.notes.map(\.file) == [
      folders.root + "/nowhere", folders.root + "/home/.local/share/basin/plugins/libText.so",
    ])
    let data = try folders.search([], ["XDG_DATA_HOME": folders.root + "/data"])
    #expect(data.modules.map(\.manifest.name) == ["d"])
    #expect(try folders.search([], ["XDG_DATA_HOME": "data"]).modules.map(\.manifest.name) == ["c"])
  }

  @Test("a name that is taken is not replaced silently; a file found twice counts once")
  func duplicates() throws {
    let folders = try Folders()
    try folders.module("graph", "program/libGraph.so")
    let own = try folders.module("graph", "own/libMyGraph.so")
    let link = folders.root + "/own/libLink.so"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: own)
    let result = try folders.search([own], ["BASIN_PLUGIN_PATH": link])
    #expect(result.modules.map(\.path) == [own])
    #expect(result.notes.count == 1)
    #expect(result.notes.first?.message.contains("found first, has the same name") == true)
    #expect(result.notes.first?.file == folders.root + "/program/libGraph.so")
  }

  @Test("the folder of this program")
  func ownFolder() {
    #expect(FileManager.default.fileExists(atPath: ModuleSearch.folderOfThisProgram()))
  }
}
