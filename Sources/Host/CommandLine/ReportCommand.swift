import ArgumentParser
import Foundation
import PluginAPI
import Report

/// `basin report DIR`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Writes the report of a benchmark: HTML, Markdown, CSV and JSON.",
    discussion: """
      Example: basin report results
      The HTML file needs nothing else and no network. It can be written while the benchmark runs; `basin serve` shows it live.
      """)

  @Argument(help: "The folder of a benchmark or of merged results, or its file of results.") var benchmark: String
  @Option(help: ArgumentHelp("The folder that gets the files (default: the benchmark's).", valueName: "dir")) var out: String?
  @Option(help: ArgumentHelp("Also write every figure as an SVG file of its own to this folder.", valueName: "dir")) var figures: String?
  @Flag(help: "Print report.json on standard output.") var json = false

  func run() throws {
    let source = try ReportSource(benchmark)
    let report = BenchmarkReport(try source.document())
    let folder = out ?? (source.folder.isEmpty ? "." : source.folder)
    try AtomicFile.makeFolder(folder)
    var written = try Self.write(report, to: folder)
    if let figures {
      try AtomicFile.makeFolder(figures)
      let files = report.figureFiles()
      for (name, svg) in files { try AtomicFile.write(Data(svg.utf8), to: "\(figures)/\(name)") }
      written.append("\(files.count) figures in \(figures)")
    }
    if json {
      FileHandle.standardOutput.write(try report.json() + Data("\n".utf8))
    } else {
      print(report.summary.all.map(\.plain).joined(separator: "\n\n"))
      print("\nreport: " + written.joined(separator: ", "))
    }
  }

  /// - Returns: the paths of the files.
  static func write(_ report: BenchmarkReport, to folder: String) throws -> [String] {
    // What takes longest begins first.
    let files: [(String, @Sendable () throws -> Data)] = [
      ("report.json", { try report.json() }), ("report.csv", { Data(report.csv().utf8) }),
      ("report.md", { Data(report.markdown().utf8) }), ("report.html", { Data(report.html().utf8) }),
    ]
    return try files.mapInParallel { name, data in
      let path = "\(folder)/\(name)"
      try AtomicFile.write(data(), to: path)
      return path
    }.reversed()
  }
}
