import ArgumentParser
import Foundation
import PluginAPI

extension DataCommand {
  /// `basin data inspect`.
  struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "inspect", abstract: "Reads a data set or file and tells what is in it.",
      discussion: """
        Example: basin data inspect graphml:network.graphml --json
        A sheet of training pictures, beside each what a run makes of it: basin data inspect mnist --sheet mnist.png
        """)

    @Argument(help: ArgumentHelp("A data set's name, FORMAT:PATH, or a file whose ending tells the format.", valueName: "set")) var name: String
    @Option(help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
    @Option(name: .customLong("set"), help: ArgumentHelp("An option of the data set, such as dataset.size=32.", valueName: "key=value"))
    var settings: [String] = []
    @Option(help: ArgumentHelp("Draws what a model sees into this PNG file, with the classes.", valueName: "out.png")) var sheet: String?
    @Option(help: "Which examples the sheet shows: train (augmented, beside the originals), validation or test.")
    var sheetSplit = "train"
    @Option(help: ArgumentHelp("How many it shows.", valueName: "rowsxcolumns")) var sheetSize = "4x8"
    @Option(help: "The seed of the run whose first step it shows.") var seed = 0
    @Flag(help: "One JSON document on standard output.") var json = false
    @OptionGroup var plugins: PluginOptions

    func run() throws {
      let catalog = try plugins.catalog()
      let root = dataRoot ?? DataRoot.ofEnvironment
      let (entry, source) = try catalog.dataset(DataCommand.named(name, in: catalog), root: root)
      let options = try DataCommand.options(settings, of: entry)
      let request = try sheetRequest()
      let dataset = try entry.make(options, source: source, random: Random(seed: 0)["data"])
      let drawn = try request.map { try ContactSheet(of: dataset, named: name, $0) }
      if drawn == nil { try dataset.fit(training: Array(0..<dataset.count(.train))) }
      let inspection = try dataset.inspection()
      if let drawn, let sheet { try AtomicFile.write(drawn.png(), to: sheet) }
      guard json else {
        let line = drawn.map { ["sheet", "\(sheet ?? ""): \($0.title)"] }
        return DataCommand.show(inspection, line)
      }
      guard case .object(var document) = try JSONValue(encoding: inspection).filled(with: Self.keys) else { return }
      if let drawn, let sheet { document["sheet"] = drawn.json(path: sheet) }
      try Terminal.print(.object(document))
    }

    /// What the sheet's flags say; nil where none is wanted.
    private func sheetRequest() throws -> ContactSheet.Request? {
      guard let sheet else { return nil }
      guard sheet.lowercased().hasSuffix(".png") else {
        throw BasinError.usage("--sheet \(sheet) is not called a PNG file", advice: "End its name in .png")
      }
      guard let split = Split(rawValue: sheetSplit) else {
        throw BasinError.unknown("split", sheetSplit, among: Split.allCases.map(\.rawValue))
      }
      let sides = sheetSize.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      guard sides.count == 2, sides.allSatisfy({ 1...100 ~= $0 }) else {
        throw BasinError.usage("--sheet-size \(sheetSize) is not rows and columns, each from 1 to 100", advice: "Write it as 4x8")
      }
      guard seed >= 0 else { throw BasinError.usage("--seed \(seed) is below 0", advice: "Give a whole number from 0") }
      return ContactSheet.Request(split: split, rows: sides[0], columns: sides[1], seed: seed)
    }

    private static let keys = [
      "format", "graphs", "nodes", "edges", "directed", "nodeAttributes", "edgeAttributes", "classes", "examples", "warnings",
    ]
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
