import ArgumentParser
import Foundation
import PluginAPI

extension DataCommand {
  /// `basin data fetch`: what can be fetched is the modules' to say.
  struct FetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fetch", abstract: "Fetches a published data set into the folder of data sets.",
      discussion: """
        Example: basin data fetch cora --data-root data
        What can be fetched: basin data fetch --list

        A file counts only when its published digest fits. What an interruption leaves is kept as NAME.partial; the same command \
        goes on with it. http_proxy, https_proxy and no_proxy are heeded.
        """)

    @Argument(help: "The data set's name.") var name: String?
    @Option(help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
    @Option(
      name: .customLong("mirror"),
      help: ArgumentHelp("A server with a copy of such a folder, tried before the published places.", valueName: "url"))
    var mirrors: [String] = []
    @Flag(help: "Shows what can be fetched: sizes, sources, licences, and what is there.") var list = false
    @Flag(help: "Fetch again what is there, and replace files that differ.") var force = false
    @Option(help: ArgumentHelp("Go to the next place when nothing came for so long.", valueName: "seconds")) var stallTimeout = 30.0
    @Option(help: ArgumentHelp("How often to try all places.", valueName: "n")) var rounds = 3
    @Flag(help: "One JSON document on standard output.") var json = false
    @Flag(name: [.short, .long], help: "No progress.") var quiet = false
    @OptionGroup var plugins: PluginOptions

    func run() throws {
      let catalog = try plugins.catalog()
      let root = dataRoot ?? DataRoot.ofEnvironment
      if list {
        try catalog.loadAll()
        let listing = try FetchListing(catalog.registry.datasets, name: name, root: root)
        return try json ? Terminal.print(listing.json) : print(listing.text)
      }
      guard let name else {
        throw BasinError.usage("which data set?", advice: "Name one, or give --list to see what can be fetched")
      }
      let entry = try catalog.dataset(name, root: root).entry
      guard let publication = entry.publication else {
        throw BasinError.usage(
          "\(name) cannot be fetched: it is generated, a format for files of one's own, or no digest of its files is published",
          advice: "`basin data fetch --list` shows what can be fetched; `basin data inspect \(name)` tells where files are looked for")
      }
      guard let root else {
        throw BasinError.usage("there is no folder to put \(name) into", advice: "Give --data-root DIR or set BASIN_DATA")
      }
      let options = try options()
      Interruption.install()
      // A file larger than the shell's limit is an error of `write`, not the end of the process.
      signal(SIGXFSZ, SIG_IGN)
      let items: [DatasetFetch.Item]
      do {
        items = try DatasetFetch(entry.name, publication, root: root, options: options).run()
      } catch let error as Interrupted {
        Terminal.say("basin: what came is kept; the same command goes on with it")
        throw error
      }
      try report(items, entry, publication, root, catalog)
    }

    private func options() throws -> FetchOptions {
      var options = FetchOptions()
      for mirror in mirrors where !mirror.hasPrefix("http://") && !mirror.hasPrefix("https://") {
        throw BasinError.usage("--mirror \(mirror) is neither http nor https", advice: "Write it as https://HOST/FOLDER")
      }
      guard stallTimeout > 0, stallTimeout <= 3600 else {
        throw BasinError.usage("--stall-timeout \(stallTimeout) is not above 0 and at most 3600", advice: "Give seconds")
      }
      guard 1...100 ~= rounds else { throw BasinError.usage("--rounds \(rounds) is not from 1 to 100") }
      options.mirrors = mirrors
      options.stallSeconds = stallTimeout
      options.rounds = rounds
      options.force = force
      options.quiet = quiet || json
      if !quiet { options.say = { Terminal.say("basin: \($0)") } }
      options.isCancelled = { Interruption.isRequested }
      return options
    }

    private func report(
      _ items: [DatasetFetch.Item], _ entry: DatasetEntry, _ publication: Publication, _ root: String, _ catalog: Catalog
    ) throws {
      let command = trainCommand(entry, root, catalog)
      if json {
        return try Terminal.print([
          "dataset": .string(entry.name), "dataRoot": .string(root), "source": .string(publication.source),
          "license": .string(publication.license), "train": JSONValue(command),
          "files": .array(
            items.map { item in
              [
                "path": .string(item.file.path), "bytes": JSONValue(item.file.bytes), "digest": .string(item.file.digest.hex),
                "digestKind": .string(item.file.digest.isSHA256 ? "sha256" : "md5"), "from": JSONValue(item.source),
                "status": .string(item.source == nil ? "present" : "fetched"), "written": JSONValue(item.paths),
              ]
            }),
        ])
      }
      guard !quiet else { return }
      print(
        Terminal.table(
          items.flatMap { item in
            item.paths.map { path in
              let size = (try? FileManager.default.attributesOfItem(atPath: "\(root)/\(path)"))?[.size] as? Int
              return [
                "\(root)/\(path)", FetchProgress.size(size ?? 0), item.source.map { "from \($0)" } ?? "was there, and is right",
              ]
            }
          }))
      if items.contains(where: { !$0.file.digest.isSHA256 }) {
        print("  Only MD5 is published for some of these: it tells damage, not forgery.")
      }
      print("  from \(publication.source); licence: \(publication.license)")
      if let command { print("  train: \(command)") }
    }

    /// How to train on it: the model of the module's benchmark where it fits, else the first that does.
    private func trainCommand(_ entry: DatasetEntry, _ root: String, _ catalog: Catalog) -> String? {
      let fitting = catalog.registry.models.filter { $0.inputType == entry.inputType }
      let usual = catalog.registry.benchmarks.first { $0.module == entry.module }?.benchmark.model
      guard let model = fitting.first(where: { $0.name == usual }) ?? fitting.first else { return nil }
      let place = dataRoot == nil ? "" : " --data-root \(root.contains(where: { " '\"$\\".contains($0) }) ? "'\(root)'" : root)"
      return "basin train --model \(model.name) --dataset \(entry.name)\(place)"
    }
  }
}
