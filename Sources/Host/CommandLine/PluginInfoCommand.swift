import ArgumentParser
import Foundation
import PluginAPI

/// `basin plugin list`: what is there besides what came with Basin, and whether it can be used.
struct PluginListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists the plug-ins that are found, and whether this program can use them.",
    discussion: "Reads the libraries without loading them. `basin list plugins` also names the modules that came with Basin.")

  @Flag(help: "One JSON document on standard output.") var json = false
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    // Not the catalog, which loads what --plugin names and ends where that cannot be.
    let found = try ModuleSearch(plugins: plugins.plugins).find()
    let host = try Catalog.hostStamp()
    let all = try found.modules.filter { $0.origin != .bundled }.map {
      try PluginDescription($0.path, origin: $0.origin, among: found.modules, host: host, probe: nil, hashing: false)
    }
    for note in found.notes { Terminal.say("basin: note: \(note)") }
    if json { return try Terminal.print(["plugins": .array(all.map { try $0.json() })]) }
    guard !all.isEmpty else { return print("no plug-ins; `basin plugin new` begins one") }
    let rows = all.map { plugin in
      [
        plugin.manifest?.name ?? "", plugin.manifest?.version ?? "", plugin.origin?.description ?? "", plugin.path,
        plugin.problem.map { "cannot be used: \($0.message)" } ?? plugin.manifest?.summary ?? "",
      ]
    }
    print(Terminal.table(rows, indent: ""))
  }
}

/// `basin plugin info`.
struct PluginInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Shows what a module says of itself, where it is from, and whether this program can use it.",
    discussion: "The library is tried in a process of its own, never loaded here.")

  @Argument(help: ArgumentHelp("A module's name, its library, or the folder of its package.", valueName: "name or file")) var name: String
  @Flag(help: "One JSON document on standard output.") var json = false
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    var found = try ModuleSearch(plugins: plugins.plugins).find()
    var match = found.modules.first { $0.manifest.name == name }
    let isNamed = match != nil
    if match == nil, FileManager.default.fileExists(atPath: name) {
      found = try ModuleSearch(plugins: [name] + plugins.plugins).find()
      match = found.modules.first
    }
    guard let module = match else { throw BasinError.unknown("module", name, among: found.modules.map(\.manifest.name)) }
    let plugin = try PluginDescription(
      module.path, origin: isNamed ? module.origin : nil, among: found.modules, host: Catalog.hostStamp(),
      probe: module.origin == .bundled ? nil : .ofThisProgram, hashing: true)
    if json { return try Terminal.print(plugin.json()) }
    print(plugin.text())
  }
}
