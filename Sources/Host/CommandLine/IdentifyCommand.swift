import ArgumentParser
import Foundation
import PluginAPI

/// `basin __identify`: reads the data set of a run and writes its files and their hash, for a benchmark that wants to know which
/// data a run is about.
struct IdentifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "__identify", shouldDisplay: false)

  @OptionGroup var options: RunOptions
  @Option var to: String

  func run() throws {
    let request = try options.request()
    let catalog = try PluginOptions(request.plugins).catalog()
    let configuration = try RunConfiguration(request, in: catalog)
    let (entry, source) = try catalog.dataset(configuration.dataset, root: configuration.dataRoot)
    let dataset = try entry.make(configuration.section("dataset"), source: source, random: Random(seed: 0)["data"])
    let document: JSONValue = ["files": JSONValue(dataset.files), "sha256": JSONValue(try RunSummary.hash(dataset.files))]
    try AtomicFile.write(document.data(), to: to)
  }
}
