import ArgumentParser
import Foundation
import PluginAPI

extension DataCommand {
  /// `basin data fit`: what a data set learns from its training examples, without a model.
  struct FitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fit", abstract: "Writes what a data set learns from its training examples, such as a tokenizer.",
      discussion: """
        All training examples are used; a run that holds some of them back for validation learns from the others alone.

        Example: basin data fit corpus:text.txt --set dataset.tokenizer=bpe --set dataset.vocabularySize=8000 --to tokenizer
        """)

    @Argument(help: ArgumentHelp("A data set's name, FORMAT:PATH, or a file whose ending tells the format.", valueName: "set")) var name: String
    @Option(help: ArgumentHelp("The folder to write.", valueName: "dir")) var to: String
    @Option(help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
    @Option(name: .customLong("set"), help: ArgumentHelp("An option of the data set, such as dataset.tokenizer=bpe.", valueName: "key=value"))
    var settings: [String] = []
    @Flag(help: "One JSON document on standard output.") var json = false
    @OptionGroup var plugins: PluginOptions

    func run() throws {
      let folder = NewFolder(path: to)
      try folder.check()
      let catalog = try plugins.catalog()
      let (entry, source) = try catalog.dataset(DataCommand.named(name, in: catalog), root: dataRoot ?? DataRoot.ofEnvironment)
      let dataset = try entry.make(DataCommand.options(settings, of: entry), source: source, random: Random(seed: 0)["data"])
      try dataset.fit(training: Array(0..<dataset.count(.train)))
      let files = try dataset.exportedFiles()
      guard !files.isEmpty else {
        throw BasinError.usage(
          "data set \(name) learns nothing that other programs read", advice: "Its options may change that: `basin describe dataset` shows them")
      }
      try folder.write(files)
      if json { return try Terminal.print(["folder": .string(to), "files": .array(files.map { .string($0.name) })]) }
      print("\(files.map(\.name).joined(separator: ", ")) to \(to)")
    }
  }
}
