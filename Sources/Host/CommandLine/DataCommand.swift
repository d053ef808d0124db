import ArgumentParser
import Foundation
import PluginAPI

/// `basin data`: fetches data sets, looks at them, and converts them.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Fetches published data sets, looks at data sets and files, converts them, and writes what is learned from them.",
    subcommands: [FetchCommand.self, InspectCommand.self, ConvertCommand.self, FitCommand.self])

  /// A bare path becomes FORMAT:PATH by its ending, where a module has a format of that name.
  static func named(_ name: String, in catalog: Catalog) -> String {
    let formats = catalog.modules.flatMap(\.manifest.formats)
    let isKnown = catalog.modules.contains { $0.manifest.datasets.contains(name) }
    let ending = ending(of: name)
    if !isKnown, !formats.contains(where: { name.hasPrefix($0 + ":") }), formats.contains(ending) { return "\(ending):\(name)" }
    return name
  }

  /// `dataset.size=32` and so on, without `dataset.`.
  static func options(_ settings: [String], of entry: DatasetEntry) throws -> [String: String] {
    var given = RunRequest()
    for setting in settings { try given.set(setting) }
    var options: [String: String] = [:]
    for (key, value) in given.settings {
      guard key.hasPrefix("dataset.") else { throw BasinError.unknown("option", key, among: entry.options.map { "dataset." + $0.name }) }
      options[String(key.dropFirst(8))] = value
    }
    return options
  }

  /// The ending of a name, without the point, in lower case; that of `graph.gexf.gz` is `gexf`.
  static func ending(of name: String) -> String {
    let name = name.lowercased() as NSString
    return name.pathExtension == "gz" ? (name.deletingPathExtension as NSString).pathExtension : name.pathExtension
  }
}
