import Foundation
import Optim
import PluginAPI

/// All modules that can be found, and what the loaded ones offer.
///
/// Nothing is loaded until a command asks for it; names are looked up in the manifests first.
public final class Catalog {
  public let modules: [ModuleSearch.Found]
  public let notes: [BasinError]
  /// What the loaded modules and the built-in optimizers offer.
  public private(set) var registry: Registry
  public let host: ABIStamp

  private let loader = ModuleLoader()
  private let probe: ModuleProbe
  private var loaded: Set<String> = []

  public init(plugins: [String] = []) throws {
    guard let host = ABIStamp(symbolName: BuildStamp.symbol) else {
      throw BasinError.internalError("the program's own ABI stamp is unreadable: \(BuildStamp.symbol)")
    }
    self.host = ABIStamp(
      api: host.api, compiler: host.compiler, contract: host.contract, compilerName: BuildStamp.compiler)
    let search = ModuleSearch(plugins: plugins)
    let result = try search.find()
    modules = result.modules
    notes = result.notes
    probe = ModuleProbe(
      program: FileSnapshot.resolve("/proc/self/exe") ?? CommandLine.arguments.first ?? "basin",
      cacheFolder: CacheFolder.path, programFolder: search.programFolder)
    registry = Registry(module: "optim", domain: "")
    registerBuiltIns(in: &registry)
    // A module named on the command line is wanted even where no name leads to it; what is wrong with it is said at once.
    for module in modules where module.origin == .option { try load(module) }
  }

  // MARK: Loading

  public func load(_ module: ModuleSearch.Found) throws {
    guard loaded.insert(module.path).inserted else { return }
    for name in module.manifest.requires {
      guard let required = modules.first(where: { $0.manifest.name == name }) else {
        throw BasinError.missing(
          "module \(module.manifest.name) needs module \(name), which is not there", file: module.path,
          advice: "Install it, or name it with --plugin")
      }
      try load(required)
    }
    let file = try ModuleCheck.inspect(module.path, host: host)
    try probe.check(file, host: host)
    registry.merge(try Self.register(file, with: loader))
  }

  /// Loads the library and lets it register; checks its manifest against what it registered.
  static func register(_ file: ModuleFile, with loader: ModuleLoader) throws -> Registry {
    let manifest = file.manifest
    guard let box = ModuleBox.at(try loader.load(file)) else {
      throw BasinError.badData(
        "basin_module did not return what exportModule gives", file: file.path,
        advice: "Write `exportModule(YourModule.self)` as its body")
    }
    var offered = Registry(module: manifest.name, domain: manifest.domain)
    try box.type.init().register(in: &offered)
    let kinds: [(String, [String], [String])] = [
      ("models", manifest.models, offered.models.map(\.name)),
      ("datasets", manifest.datasets, offered.datasets.filter { !$0.isFormat }.map(\.name)),
      ("formats", manifest.formats, offered.datasets.filter(\.isFormat).map(\.name)),
      ("methods", manifest.methods, offered.methods.map(\.name)),
      ("experiments", manifest.experiments, offered.experiments.map(\.experiment.name)),
    ]
    for (kind, said, registered) in kinds where Set(said) != Set(registered) {
      let difference = Set(said).symmetricDifference(registered).sorted().joined(separator: ", ")
      throw BasinError.badData(
        "the manifest of module \(manifest.name) and what it registers differ in their \(kind): \(difference)",
        file: file.path, advice: "Correct `manifest` in the module")
    }
    return offered
  }

  /// Loads a library for `__probe`.
  public static func probeLoad(_ path: String) throws {
    guard let host = ABIStamp(symbolName: BuildStamp.symbol) else { return }
    let file = try ModuleCheck.inspect(path, host: host)
    _ = try register(file, with: ModuleLoader())
  }

  public func loadAll() throws { for module in modules { try load(module) } }

  private func load(where matches: (ModuleManifest) -> Bool) throws {
    for module in modules where matches(module.manifest) { try load(module) }
  }

  // MARK: Names

  public var domains: [String] { unique(modules.map(\.manifest.domain)) }

  public func checkDomain(_ domain: String) throws {
    guard domains.contains(domain) else { throw BasinError.unknown("domain", domain, among: domains) }
  }

  /// The model of that name, `module/name` where two modules have one; its module is loaded.
  public func model(_ name: String, domain: String? = nil) throws -> ModelEntry {
    let (module, short) = Self.split(name)
    try load { manifest in
      manifest.models.contains(short) && (module ?? manifest.name) == manifest.name
        && (domain ?? manifest.domain) == manifest.domain
    }
    let matches = registry.models.filter {
      $0.name == short && (module ?? $0.module) == $0.module && (domain ?? $0.domain) == $0.domain
    }
    let known = modules.filter { (domain ?? $0.manifest.domain) == $0.manifest.domain }.flatMap(\.manifest.models)
    return try Self.only(matches, "model", name, known) { $0.module }
  }

  /// The data set of that name, or the format of `FORMAT:PATH`, and where its data come from.
  public func dataset(_ name: String, root: String?) throws -> (entry: DatasetEntry, source: DataSource) {
    let colon = name.firstIndex(of: ":")
    let head = colon.map { String(name[..<$0]) } ?? name
    let path = colon.map { String(name[name.index(after: $0)...]) }
    let (module, short) = Self.split(head)
    try load { manifest in
      (path == nil ? manifest.datasets : manifest.formats).contains(short) && (module ?? manifest.name) == manifest.name
    }
    let matches = registry.datasets.filter {
      $0.name == short && $0.isFormat == (path != nil) && (module ?? $0.module) == $0.module
    }
    let known = modules.flatMap { path == nil ? $0.manifest.datasets : $0.manifest.formats }
    if matches.isEmpty, path == nil, modules.contains(where: { $0.manifest.formats.contains(short) }) {
      throw BasinError.usage("\(short) is a format and needs a path", advice: "Write \(short):PATH")
    }
    let entry = try Self.only(matches, path == nil ? "data set" : "format", head, known) { $0.module }
    return (entry, DataSource(name: short, path: path, root: root))
  }

  /// Whether a module has the data set of that name, or the format of `FORMAT:PATH`.
  public func knows(dataset name: String) -> Bool {
    let isPath = name.contains(":")
    let (module, short) = Self.split(String(name.prefix { $0 != ":" }))
    return modules.map(\.manifest).contains {
      (isPath ? $0.formats : $0.datasets).contains(short) && (module ?? $0.name) == $0.name
    }
  }

  public func optimizer(_ name: String) throws -> OptimizerEntry {
    try Self.only(registry.optimizers.filter { $0.name == name }, "optimizer", name, registry.optimizers.map(\.name)) { $0.module }
  }

  public func schedule(_ name: String) throws -> ScheduleEntry {
    try Self.only(registry.schedules.filter { $0.name == name }, "schedule", name, registry.schedules.map(\.name)) { $0.module }
  }

  public func averaging(_ name: String) throws -> AveragingEntry {
    try Self.only(registry.averagings.filter { $0.name == name }, "averaging policy", name, registry.averagings.map(\.name)) { $0.module }
  }

  public func method(_ name: String) throws -> Method {
    try load { $0.methods.contains(name) }
    guard let method = registry.methods.first(where: { $0.name == name }) else {
      throw BasinError.unknown("method", name, among: registry.methods.map(\.name) + modules.flatMap(\.manifest.methods))
    }
    return method
  }

  private static func split(_ name: String) -> (module: String?, short: String) {
    guard let slash = name.firstIndex(of: "/") else { return (nil, name) }
    return (String(name[..<slash]), String(name[name.index(after: slash)...]))
  }

  private static func only<T>(
    _ matches: [T], _ kind: String, _ name: String, _ known: [String], module: (T) -> String
  ) throws -> T {
    guard let first = matches.first else { throw BasinError.unknown(kind, name, among: unique(known)) }
    guard matches.count == 1 else {
      let names = matches.map { "\(module($0))/\(split(name).short)" }.joined(separator: " or ")
      throw BasinError.usage("\(kind) '\(name)' is offered by \(matches.count) modules", advice: "Write \(names)")
    }
    return first
  }
}

/// Each element once, in the order of its first place.
func unique(_ items: [String]) -> [String] {
  var seen: Set<String> = []
  return items.filter { seen.insert($0).inserted }
}
