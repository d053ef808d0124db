import ArgumentParser
import Foundation
import PluginAPI

/// `basin data`: looks at data sets, and converts them.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Looks at data sets and files, and converts them.",
    subcommands: [InspectCommand.self, ConvertCommand.self])

  struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "inspect", abstract: "Reads a data set or file and tells what is in it.",
      discussion: "Example: basin data inspect graphml:network.graphml --json")

    @Argument(help: ArgumentHelp("A data set's name, FORMAT:PATH, or a file whose ending tells the format.", valueName: "set")) var name: String
    @Option(help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
    @Option(name: .customLong("set"), help: ArgumentHelp("An option of the data set, such as dataset.size=32.", valueName: "key=value"))
    var settings: [String] = []
    @Flag(help: "One JSON document on standard output.") var json = false
    @OptionGroup var plugins: PluginOptions

    func run() throws {
      let catalog = try plugins.catalog()
      let root = dataRoot ?? ProcessInfo.processInfo.environment["BASIN_DATA"]
      let (entry, source) = try catalog.dataset(DataCommand.named(name, in: catalog), root: root)
      var request = RunRequest()
      for setting in settings { try request.set(setting) }
      var options: [String: String] = [:]
      for (key, value) in request.settings {
        guard key.hasPrefix("dataset.") else { throw BasinError.unknown("option", key, among: entry.options.map { "dataset." + $0.name }) }
        options[String(key.dropFirst(8))] = value
      }
      let dataset = try entry.make(options, source: source, random: Random(seed: 0)["data"])
      try dataset.fit(training: Array(0..<dataset.count(.train)))
      let inspection = try dataset.inspection()
      if json { return try Terminal.print(JSONValue(encoding: inspection).filled(with: Self.keys)) }
      DataCommand.show(inspection)
    }

    private static let keys = [
      "format", "graphs", "nodes", "edges", "directed", "nodeAttributes", "edgeAttributes", "classes", "examples", "warnings",
    ]
  }

  /// A bare path becomes FORMAT:PATH by its ending, where a module has a format of that name.
  static func named(_ name: String, in catalog: Catalog) -> String {
    let formats = catalog.modules.flatMap(\.manifest.formats)
    let isKnown = catalog.modules.contains { $0.manifest.datasets.contains(name) }
    let ending = ending(of: name)
    if !isKnown, !formats.contains(where: { name.hasPrefix($0 + ":") }), formats.contains(ending) { return "\(ending):\(name)" }
    return name
  }

  /// The ending of a name, without the point, in lower case; that of `graph.gexf.gz` is `gexf`.
  static func ending(of name: String) -> String {
    let name = name.lowercased() as NSString
    return name.pathExtension == "gz" ? (name.deletingPathExtension as NSString).pathExtension : name.pathExtension
  }

  /// The first names of many: a matrix of features has hundreds. `--json` gives all.
  private static func listed(_ names: [String]?) -> String? {
    names.map { $0.prefix(12).joined(separator: ", ") + ($0.count > 12 ? " and \($0.count - 12) more" : "") }
  }

  /// Prints a table, and the warnings below it.
  static func show(_ inspection: DataInspection, _ last: [String]? = nil) {
    var rows = [["format", inspection.format]]
    func row(_ name: String, _ value: (some CustomStringConvertible)?) { if let value { rows.append([name, "\(value)"]) } }
    row("graphs", inspection.graphs)
    row("nodes", inspection.nodes)
    row("edges", inspection.edges)
    row("directed", inspection.directed)
    row("node attributes", listed(inspection.nodeAttributes))
    row("edge attributes", listed(inspection.edgeAttributes))
    row("classes", inspection.classes)
    row("shape", inspection.shape)
    for split in Split.allCases { row("\(split.rawValue) examples", inspection.examples?[split.rawValue]) }
    if let last { rows.append(last) }
    print(Terminal.table(rows))
    for warning in inspection.warnings {
      let place = warning.line.map { "line \($0)" + (warning.column.map { ", column \($0)" } ?? "") + ": " } ?? ""
      print("  warning: \(place)\(warning.message)")
    }
  }
}

extension JSONValue {
  /// The object with null for every key it lacks.
  func filled(with keys: [String]) -> JSONValue {
    guard case .object(var object) = self else { return self }
    for key in keys where object[key] == nil { object[key] = .null }
    return .object(object)
  }
}
