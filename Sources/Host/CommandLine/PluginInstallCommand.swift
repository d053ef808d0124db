import ArgumentParser
import Foundation
import PluginAPI

/// `basin plugin install`.
struct PluginInstallCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Builds a package, tries its module, and puts it into the user's folder of plug-ins.",
    discussion: """
      A library is taken as it is. What cannot be loaded is not installed; an older library of the same module is replaced. \
      The folder is ${XDG_DATA_HOME:-~/.local/share}/basin/plugins.
      """)

  @Argument(help: ArgumentHelp("The folder of the package, or a module's library.", valueName: "dir or file")) var path = "."
  @Flag(help: "One JSON document on standard output.") var json = false
  @Flag(name: [.short, .long], help: "The compiler's words only where it fails.") var quiet = false
  @OptionGroup var api: PluginSourceOptions
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    Interruption.install()
    var isFolder: ObjCBool = false
    let isPackage = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    let libraries = isPackage ? try PluginPackage(path, api: api.sources()).build(quiet: quiet) : [path]
    let catalog = try plugins.catalog()
    let installed = InstalledPlugins(catalog)
    var results: [JSONValue] = []
    for library in libraries {
      let file = try ModuleCheck.inspect(library, host: catalog.host)
      let place = try installed.install(file, hasResources: isPackage, host: catalog.host)
      let notes = installed.sharedNames(file.manifest)
      for note in notes { Terminal.say("basin: note: \(note)") }
      if !json { print("installed module \(file.manifest.name): \(place)") }
      results.append(["name": .string(file.manifest.name), "path": .string(place), "notes": JSONValue(notes)])
    }
    if json { try Terminal.print(["installed": .array(results)]) }
  }
}

/// `basin plugin remove`.
struct PluginRemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Takes a module out of the user's folder of plug-ins.")

  @Argument(help: "The module's name.") var name: String

  func run() throws {
    let catalog = try Catalog()
    for path in try InstalledPlugins(catalog).remove(name) { print("removed \(path)") }
  }
}
