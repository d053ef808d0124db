import ArgumentParser
import PluginAPI

/// `basin list`: read from the manifests; no module is loaded. What is in plug-ins that cannot be used is not listed.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Shows the domains, models, data sets, methods, optimizers and plug-ins there are.")

  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case domains, models, datasets, methods, optimizers, schedules, averagings, presets, plugins
  }

  @Argument(help: "What to list; everything if left out.") var kind: Kind?
  @Flag(help: "One JSON document on standard output.") var json = false
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    let catalog = try plugins.catalog()
    // By their bytes alone. What comes with Basin fits it.
    let problems = try Dictionary(
      uniqueKeysWithValues: catalog.modules.filter { $0.origin != .bundled }.map {
        ($0.path, try PluginDescription($0.path, origin: $0.origin, among: catalog.modules, host: catalog.host, probe: nil, hashing: false).problem?.message)
      })
    func problem(_ module: ModuleSearch.Found) -> String? { problems[module.path] ?? nil }
    let usable = catalog.modules.filter { problem($0) == nil }
    let manifests = usable.map(\.manifest)
    let domains = unique(manifests.map(\.domain).filter { !$0.isEmpty })
    func entries(_ names: KeyPath<ModuleManifest, [String]>) -> [JSONValue] {
      Self.unloaded(usable, catalog, names).map { ["name": .string($0.name), "module": .string($0.module)] }
    }
    if json {
      let document: [String: JSONValue] = [
        "domains": .array(domains.map { ["name": .string($0)] }),
        "models": .array(manifests.flatMap { m in m.models.map { ["name": .string($0), "domain": .string(m.domain), "module": .string(m.name)] } }),
        "datasets": .array(
          manifests.flatMap { m in
            m.datasets.map { ["name": .string($0), "domain": .string(m.domain), "module": .string(m.name), "format": false] }
              + m.formats.map { ["name": .string($0), "domain": .string(m.domain), "module": .string(m.name), "format": true] }
          }),
        "methods": .array(catalog.registry.methods.map { ["name": .string($0.name), "summary": .string($0.summary)] }
          + entries(\.methods)),
        "optimizers": .array(
          catalog.registry.wrappers.map { ["name": .string($0.name), "summary": .string($0.summary), "wrapper": true] }
            + catalog.registry.optimizers.map { ["name": .string($0.name), "summary": .string($0.summary), "wrapper": false] }
            + entries(\.optimizers)),
        "schedules": .array(
          catalog.registry.schedules.map { ["name": .string($0.name), "summary": .string($0.summary)] }
            + entries(\.schedules)),
        "averagings": .array(
          catalog.registry.averagings.map { ["name": .string($0.name), "summary": .string($0.summary)] }
            + entries(\.averagings)),
        "presets": .array(
          BenchmarkPreset.builtIn.map { ["name": .string($0.name), "summary": .string($0.summary)] }
            + manifests.flatMap { m in m.experiments.map { ["name": .string($0), "module": .string(m.name)] } }),
        "plugins": .array(
          catalog.modules.map {
            [
              "name": .string($0.manifest.name), "version": .string($0.manifest.version), "domain": .string($0.manifest.domain),
              "path": .string($0.path), "origin": .string($0.origin.word), "summary": .string($0.manifest.summary),
              "problem": JSONValue(problem($0)),
            ]
          }),
      ]
      try Terminal.print(kind.map { .object([$0.rawValue: document[$0.rawValue] ?? .null]) } ?? .object(document))
      return
    }
    func wanted(_ this: Kind) -> Bool { kind == nil || kind == this }
    var parts: [String] = []
    if wanted(.domains), kind != nil { parts.append("Domains\n" + Terminal.table(domains.map { [$0] })) }
    if wanted(.models) { parts.append("Models\n" + Terminal.table(manifests.filter { !$0.models.isEmpty }.map { [$0.domain, $0.models.joined(separator: ", ")] })) }
    if wanted(.datasets) {
      parts.append(
        "Data sets\n"
          + Terminal.table(manifests.filter { !$0.datasets.isEmpty || !$0.formats.isEmpty }.map { [$0.domain, ($0.datasets + $0.formats.map { $0 + ":PATH" }).joined(separator: ", ")] }))
    }
    func lines(_ entries: [(name: String, summary: String)], _ more: KeyPath<ModuleManifest, [String]>) -> String {
      Terminal.table(entries.map { [$0.name, $0.summary] } + Self.unloaded(usable, catalog, more).map { [$0.name, "of module \($0.module)"] })
    }
    if wanted(.methods) { parts.append("Methods\n" + lines(catalog.registry.methods.map { ($0.name, $0.summary) }, \.methods)) }
    if wanted(.optimizers) {
      parts.append(
        "Optimizers\n"
          + lines(
            catalog.registry.optimizers.map { ($0.name, $0.summary) } + catalog.registry.wrappers.map { ("\($0.name):...", $0.summary) },
            \.optimizers))
    }
    if wanted(.schedules) {
      let sequence = ("A,B@5ep", "one after another: A, and B from epoch 5 on; options of each after a colon, as in cosine:0.1@0.5dur")
      parts.append("Schedules\n" + lines(catalog.registry.schedules.map { ($0.name, $0.summary) } + [sequence], \.schedules))
    }
    if wanted(.averagings) { parts.append("Averaging\n" + lines(catalog.registry.averagings.map { ($0.name, $0.summary) }, \.averagings)) }
    if wanted(.presets) {
      let modules = manifests.filter { !$0.experiments.isEmpty }
        .map { [$0.experiments.joined(separator: ", "), "experiments of module \($0.name)"] }
      parts.append("Presets of bench\n" + Terminal.table(BenchmarkPreset.builtIn.map { [$0.name, $0.summary] } + modules))
    }
    if wanted(.plugins) {
      parts.append("Modules\n" + Terminal.table(
        catalog.modules.map { module in
          [module.manifest.name, module.manifest.version, "\(module.origin)", problem(module).map { "cannot be used: \($0)" } ?? module.manifest.summary]
        }))
    }
    print(parts.joined(separator: "\n\n"))
  }

  /// What manifests name and no loaded module has registered: the summary is only known once it is.
  private static func unloaded(
    _ modules: [ModuleSearch.Found], _ catalog: Catalog, _ names: KeyPath<ModuleManifest, [String]>
  ) -> [(name: String, module: String)] {
    modules.map(\.manifest).filter { !catalog.isLoaded($0.name) }.flatMap { manifest in
      manifest[keyPath: names].map { ($0, manifest.name) }
    }
  }
}
