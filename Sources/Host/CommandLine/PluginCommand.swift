import ArgumentParser
import Foundation
import PluginAPI

/// `basin plugin`: modules of one's own, from an empty folder to the user's folder of plug-ins.
struct PluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin", abstract: "Begins, builds, checks and installs modules of your own.",
    discussion: """
      From nothing to a benchmark:
        basin plugin new my-net --kind model --input image
        basin plugin check my-net
        basin plugin install my-net
        basin bench --models my-net,preresnet8 --datasets shapes

      Modules are looked for in this order, the first of a name being used: --plugin PATH, BASIN_PLUGIN_PATH (paths with \
      colons between them), beside the program, and the user's folder, ${XDG_DATA_HOME:-~/.local/share}/basin/plugins. \
      --no-plugins, or BASIN_NO_PLUGINS=1, leaves all but those beside the program out.
      """,
    subcommands: [
      PluginNewCommand.self, PluginBuildCommand.self, PluginTestCommand.self, PluginCheckCommand.self,
      PluginInstallCommand.self, PluginListCommand.self, PluginInfoCommand.self, PluginRemoveCommand.self,
    ])
}

/// Where PluginAPI's sources are, for the commands that build.
struct PluginSourceOptions: ParsableArguments {
  @Option(
    name: .customLong("plugin-api"),
    help: ArgumentHelp(
      "The folder Sources/PluginAPI to build against (default: $BASIN_PLUGIN_API, else that of the checkout this program was built in).",
      valueName: "dir"))
  var path: String?

  func sources() throws -> PluginAPISources { try PluginAPISources(path) }
}

/// `basin plugin build`.
struct PluginBuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build", abstract: "Builds a plug-in's package and tells where its library is.",
    discussion: """
      All plug-ins share one build folder, in which PluginAPI is compiled once. The library is put into .build/basin of the \
      package, where --plugin FOLDER finds it.
      """)

  @Argument(help: ArgumentHelp("The folder of the package.", valueName: "dir")) var folder = "."
  @Flag(help: "One JSON document on standard output.") var json = false
  @Flag(name: [.short, .long], help: "The compiler's words only where it fails.") var quiet = false
  @OptionGroup var api: PluginSourceOptions

  func run() throws {
    Interruption.install()
    let libraries = try PluginPackage(folder, api: api.sources()).build(quiet: quiet)
    if json { return try Terminal.print(["libraries": JSONValue(libraries)]) }
    for library in libraries { print(library) }
  }
}

/// `basin plugin test`.
struct PluginTestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Builds a plug-in's package with its tests and runs them.",
    discussion: "As `swift test`, in the build folder that all plug-ins share, with the program and LibTorch in the environment.")

  @Argument(help: ArgumentHelp("The folder of the package.", valueName: "dir")) var folder = "."
  @Option(help: "Only tests whose name matches.") var filter: String?
  @OptionGroup var api: PluginSourceOptions

  func run() throws {
    Interruption.install()
    try PluginPackage(folder, api: api.sources()).test(filter.map { ["--filter", $0] } ?? [])
  }
}
