import ArgumentParser
import Foundation
import PluginAPI

/// `basin plugin new`.
struct PluginNewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new", abstract: "Writes a package that builds, passes its own tests and trains before you change a line.",
    discussion: """
      model      a network for pictures, graphs or sentences (--input)
      dataset    a data set of one of these, made from a seed (--input)
      optimizer  AdaBelief, with its state
      averaging  a moving average of the weights that warms up, and a method with it
      domain     an input type of its own, with a data set and a model

      Example: basin plugin new my-net --kind model --input graph
      """)

  @Argument(help: "The module's name: letters, digits and hyphens, such as my-net.") var name: String
  @Option(help: "What it brings: model, dataset, optimizer, averaging or domain.") var kind: NewPlugin.Kind
  @Option(help: "What a model takes or a data set gives: image, graph or tokens (default: image).") var input: NewPlugin.Input?
  @Option(help: ArgumentHelp("The new folder (default: ./NAME).", valueName: "dir")) var out: String?
  @Flag(help: "One JSON document on standard output.") var json = false
  @OptionGroup var api: PluginSourceOptions
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    let name = try PluginName(name)
    let found = try ModuleSearch(plugins: plugins.plugins).find()
    let plugin = try NewPlugin(name, kind: kind, input: input, api: api.sources(), among: found.modules)
    let folder = out.map { $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0 } ?? self.name
    let files = try plugin.write(to: folder)
    if json {
      return try Terminal.print(["folder": .string(folder), "module": .string(name.short), "files": JSONValue(files)])
    }
    print("\(folder): a package with module \(name.short)")
    print(Terminal.table(files.map { [$0] }))
    print("next: basin plugin check \(folder)")
  }
}
