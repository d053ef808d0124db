import ArgumentParser
import Foundation
import PluginAPI
import ResultStore

/// `basin bench merge OUT A B ...`.
struct BenchMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Puts the results of several benchmarks into one file.",
    discussion: """
      OUT is made, or gets what it lacks. Runs of the same configuration, data, code and seed are one run: the first is kept, and where
      another came out differently that is told. The folders named after OUT are not changed; weights and logs stay in them.
      --json prints one JSON document.
      """)

  @Argument(help: "The folder that gets them all.") var out: String
  @Argument(help: "Folders of benchmarks, or files of results.") var sources: [String]
  // Its --json is the whole command's: a flag of both would be read as the parent's.
  @ParentCommand private var bench: BenchCommand

  func run() throws {
    try bench.refuseFlags(of: "merge")
    guard !sources.isEmpty else { throw BasinError.usage("there is nothing to merge", advice: "Name the folders after OUT") }
    let target = Self.file(out)
    do {
      // Looked through before anything is written.
      let others = try sources.map { try ResultStore.read(Self.file($0), thoroughly: true) }
      let paths = [target] + sources.map(Self.file)
      let real = paths.compactMap { FileSnapshot.resolve($0) }
      if let twice = Dictionary(grouping: real, by: { $0 }).first(where: { $0.value.count > 1 })?.key {
        throw BasinError.usage("\(twice) is named twice", advice: "Name each folder once")
      }
      try AtomicFile.makeFolder((target as NSString).deletingLastPathComponent)
      let store = try ResultStore.open(target)
      let report = try store.merge(others)
      let count = try store.count()
      try store.close()
      try tell(report, count, target)
    } catch let error as StoreError { throw BasinError(error) }
  }

  /// A folder's file of results, or the file itself.
  static func file(_ path: String) -> String {
    var isFolder: ObjCBool = false
    let isFile = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    return isFile || path.hasSuffix(".sqlite") ? path : "\(path)/\(ResultStore.fileName)"
  }

  private func tell(_ report: MergeReport, _ count: Int, _ file: String) throws {
    guard !bench.json else {
      return try Terminal.print([
        "file": .string(file), "runs": .int(count), "added": .int(report.added), "same": .int(report.same),
        "replaced": .int(report.replaced), "passedOver": .int(report.passedOver),
        "conflicts": .array(
          report.conflicts.map {
            [
              "hash": .string($0.hash), "run": .string($0.title), "file": .string($0.file), "kept": JSONValue($0.kept),
              "other": JSONValue($0.other),
            ]
          }),
      ])
    }
    var lines = ["\(file): \(count) runs, \(report.added) of them new"]
    if report.same > 0 { lines.append("  \(report.same) were in both with the same results") }
    if report.replaced > 0 { lines.append("  \(report.replaced) had failed here and are finished there: those are taken") }
    if report.passedOver > 0 { lines.append("  \(report.passedOver) failures of runs that are here already are left out") }
    if !report.conflicts.isEmpty {
      lines.append("  \(report.conflicts.count) came out differently, though configuration, data, code and seed are the same; the first is kept:")
      for conflict in report.conflicts {
        func text(_ value: Double?) -> String { value.map { String(format: "%.6g", $0) } ?? "none" }
        lines.append("    \(conflict.title): \(text(conflict.kept)), in \(conflict.file) \(text(conflict.other))")
      }
      lines.append("  Another processor, or a fault of one machine, makes such a difference.")
    }
    print(lines.joined(separator: "\n"))
  }
}
