import ArgumentParser
import Foundation
import PluginAPI

/// Where the data of a finished run is, for the commands that read it again, and whether it must be the same.
struct RunDataOptions: ParsableArguments {
  @Option(help: "The folder of data sets, if not where the run had it.") var dataRoot: String?
  @Flag(help: "Take the data as it is now, though it differs from what the run was trained on.") var changedData = false

  init() {}

  init(dataRoot: String?, changedData: Bool) {
    self.dataRoot = dataRoot
    self.changedData = changedData
  }

  /// More is not read again: it would take minutes.
  private static let mostBytes = 4_000_000_000

  /// - Throws: `BasinError` (`.badData`) where the data has changed since the run in `directory` ended: a vocabulary learned
  ///   from it would give words other numbers, and every prediction would be wrong without a sign of it.
  func check(_ run: PreparedRun, of directory: RunDirectory) throws {
    guard !changedData, directory.isFinished else { return }
    let files = run.dataset.files
    guard let before = try JSONValue.read(directory.summary)["data"]?["sha256"]?.text else { return }
    let bytes = files.reduce(0) { sum, file in
      sum + ((try? FileManager.default.attributesOfItem(atPath: file)[.size] as? NSNumber)?.intValue ?? 0)
    }
    guard bytes <= Self.mostBytes, try RunSummary.hash(files) != before else { return }
    throw BasinError.badData(
      "the data is not what the run \(directory.path) was trained on (\(files.count == 1 ? "this file" : "one of \(files.count) files") has changed)",
      file: files.first, advice: "Put the former files back, train again, or take them as they are with --changed-data")
  }
}
