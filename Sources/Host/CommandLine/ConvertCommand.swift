import ArgumentParser
import Foundation
import PluginAPI

extension DataCommand {
  /// `basin data convert`: what can be read and written is the modules' to say.
  struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "convert", abstract: "Writes a data set or file in another format.",
      discussion: "Example: basin data convert network.gexf network.graphml.gz")

    @Argument(help: "A data set's name, FORMAT:PATH, or a path whose format is looked for.") var input: String
    @Argument(help: "A file, whose ending tells the format, or a folder: a name that ends in /.") var output: String
    @Option(help: ArgumentHelp("The format to write, where the output's name does not tell.", valueName: "format")) var to: String?
    @Flag(help: "Replace files that are there.") var force = false
    @Option(help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
    @Flag(help: "One JSON document on standard output.") var json = false
    @OptionGroup var plugins: PluginOptions

    func run() throws {
      let catalog = try plugins.catalog()
      let (converter, source) = try self.source(in: catalog)
      let target = try self.target(of: converter.formats)
      if !force || !target.isFolder { try checkFree(target) }
      let report = try converter.convert(source, target)
      if json {
        guard case .object(var document) = try JSONValue(encoding: report.content) else { return }
        document["files"] = JSONValue(report.files)
        return try Terminal.print(.object(document))
      }
      let written = report.files.count == 1 ? report.files[0] : "\(report.files.count) files in \(output)"
      DataCommand.show(report.content, ["written", written])
    }

    /// Who converts it, and where it is.
    private func source(in catalog: Catalog) throws -> (ConverterEntry, DataSource) {
      let name = DataCommand.named(input, in: catalog)
      let isKnown = catalog.knows(dataset: name)
      // A path may go on inside an archive, which is for the module to see.
      if !isKnown, FileManager.default.fileExists(atPath: input) || input.contains("/") && !name.contains(":") {
        try catalog.loadAll()
        let converters = catalog.registry.converters
        guard let converter = converters.first, converters.count == 1 else {
          throw BasinError.usage(
            converters.isEmpty ? "no module converts files" : "\(input) does not tell what it holds", advice: "Write FORMAT:PATH")
        }
        return (converter, DataSource(name: "", path: input))
      }
      if !isKnown, !name.contains(":"), name.contains(".") { throw BasinErrors.missingFile(input) }
      let root = dataRoot ?? DataRoot.ofEnvironment
      let (entry, source) = try catalog.dataset(name, root: root)
      guard let converter = catalog.registry.converters.first(where: { $0.module == entry.module }) else {
        throw BasinError.usage("module \(entry.module), which reads \(input), converts nothing")
      }
      return (converter, source)
    }

    private func target(of formats: [String]) throws -> ConversionTarget {
      let isFolder = output.hasSuffix("/") || Self.kind(of: output) == .typeDirectory
      let ending = DataCommand.ending(of: output)
      if let to {
        guard formats.contains(to) else { throw BasinError.unknown("format to write", to, among: formats) }
        guard isFolder || ending == to || !formats.contains(ending) else {
          throw BasinError.usage("\(output) is called \(ending), but --to says \(to)", advice: "Change one of them")
        }
        return ConversionTarget(path: output, isFolder: isFolder, format: to)
      }
      guard let format = isFolder ? formats.first : formats.first(where: { $0 == ending }) else {
        throw BasinError.usage(
          "\(output) does not tell what to write",
          advice: "End it in \(formats.map { "." + $0 }.joined(separator: ", ")), or in / for a folder, or say it by --to")
      }
      return ConversionTarget(path: output, isFolder: isFolder, format: format)
    }

    /// - Throws: `.cannotCreate` where something is in the way.
    private func checkFree(_ target: ConversionTarget) throws {
      guard let kind = Self.kind(of: output) else { return }
      func refuse(_ message: String, _ advice: String) -> BasinError {
        BasinError(.cannotCreate, message, file: output, advice: advice)
      }
      if target.isFolder {
        let content = kind == .typeDirectory ? try? FileManager.default.contentsOfDirectory(atPath: output) : nil
        guard let content else { throw refuse("is there and is no folder", "Choose another name") }
        guard content.isEmpty else { throw refuse("is not empty", "Add --force to write into it, or choose another name") }
      } else {
        guard kind == .typeRegular else { throw refuse("is there and is no file", "Choose another name") }
        guard force else { throw refuse("is there already", "Add --force to replace it, or choose another name") }
      }
    }

    /// What is at a path, links followed; nil where there is nothing.
    private static func kind(of path: String) -> FileAttributeType? {
      let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      return (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    }
  }
}
