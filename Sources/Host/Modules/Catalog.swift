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
  /// Methods do not know their module.
  private var methods: [(module: String, method: Method)] = []
  /// Of the modules that are loaded, by their names.
  private var records: [String: ModuleRecord] = [:]

  public init(plugins: [String] = []) throws {
    host = try Self.hostStamp()
    let search = ModuleSearch(plugins: plugins)
    let result = try search.find()
    modules = result.modules
    notes = result.notes
    probe = .ofThisProgram
    registry = Registry(module: Self.ownModule, domain: "")
    registerBuiltIns(in: &registry)
    methods = registry.methods.map { (Self.ownModule, $0) }
    // A module named on the command line is wanted even where no name leads to it; what is wrong with it is said at once.
    for module in modules where module.origin == .option { try load(module) }
  }

  /// What Basin's own optimizers, schedules, policies and methods belong to.
  static let ownModule = "optim"

  /// The stamp of the PluginAPI that this program uses.
  public static func hostStamp() throws -> ABIStamp {
    guard var host = ABIStamp(symbolName: BuildStamp.symbol) else {
      throw BasinError.internalError("the program's own ABI stamp is unreadable: \(BuildStamp.symbol)")
    }
    host.compilerName = BuildStamp.compiler
    return host
  }

  // MARK: Loading

  public func load(_ module: ModuleSearch.Found) throws {
    guard loaded.insert(module.path).inserted else { return }
    let required = try Self.required(by: module.manifest, at: module.path, among: modules)
    for other in required { try load(other) }
    let file = try ModuleCheck.inspect(module.path, host: host)
    try probe.check(file, host: host, after: required.map(\.path))
    let offered = try Self.register(file, with: loader)
    methods += offered.methods.map { (file.manifest.name, $0) }
    records[file.manifest.name] = ModuleRecord(file, origin: module.origin)
    registry.merge(offered)
  }

  /// The modules that one needs, and those that these need before them, in the order in which they can be loaded.
  ///
  /// - Throws: `BasinError` of kind missingInput where one is not there.
  static func required(
    by manifest: ModuleManifest, at path: String, among modules: [ModuleSearch.Found]
  ) throws -> [ModuleSearch.Found] {
    var order: [ModuleSearch.Found] = []
    // Modules that need each other in a circle are each loaded once.
    var seen: Set<String> = [manifest.name]
    func add(_ manifest: ModuleManifest, _ path: String) throws {
      for name in manifest.requires where seen.insert(name).inserted {
        guard let module = modules.first(where: { $0.manifest.name == name }) else {
          throw BasinError.missing(
            "module \(manifest.name) needs module \(name), which is not there", file: path,
            advice: "Install it, or name it with --plugin")
        }
        try add(module.manifest, module.path)
        order.append(module)
      }
    }
    try add(manifest, path)
    return order
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
    for (kind, said, registered) in manifest.parts(beside: offered) where Set(said) != Set(registered) {
      let difference = Set(said).symmetricDifference(registered).sorted().joined(separator: ", ")
      throw BasinError.badData(
        "the manifest of module \(manifest.name) and what it registers differ in their \(kind): \(difference)",
        file: file.path, advice: "Correct `manifest` in the module")
    }
    return offered
  }

  /// Loads libraries for `__probe`, one after another.
  public static func probeLoad(_ paths: [String]) throws {
    let host = try hostStamp()
    let loader = ModuleLoader()
    for path in paths { _ = try register(ModuleCheck.inspect(path, host: host), with: loader) }
  }

  public func loadAll() throws { for module in modules { try load(module) } }

  /// Whether the module of that name is loaded.
  func isLoaded(_ name: String) -> Bool { records[name] != nil }

  private func load(where matches: (ModuleManifest) -> Bool) throws {
    for module in modules where matches(module.manifest) { try load(module) }
  }

  /// Where the named modules are from, those they require with them, in the order of names; Basin's own has no record.
  func records(of names: Set<String>) -> [ModuleRecord] {
    var wanted = names
    for name in names { wanted.formUnion(modules.first { $0.manifest.name == name }?.manifest.requires ?? []) }
    return wanted.sorted().compactMap { records[$0] }
  }

  // MARK: Names

  public var domains: [String] { unique(modules.map(\.manifest.domain).filter { !$0.isEmpty }) }

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
    return try only(matches, "model", name, known) { $0.module }
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
    let entry = try only(matches, path == nil ? "data set" : "format", head, known) { $0.module }
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
    let matches = try matches(name, registry: \.optimizers, manifest: \.optimizers) { ($0.name, $0.module) }
    return try only(matches, "optimizer", name, knownOptimizers) { $0.module }
  }

  /// The optimizer of that name that goes around another; nil where there is none.
  public func wrapper(_ name: String) throws -> WrapperEntry? {
    let matches = try matches(name, registry: \.wrappers, manifest: \.optimizers) { ($0.name, $0.module) }
    return matches.isEmpty ? nil : try only(matches, "optimizer", name, knownOptimizers) { $0.module }
  }

  private var knownOptimizers: [String] { registry.optimizers.map(\.name) + modules.flatMap(\.manifest.optimizers) }

  public func schedule(_ name: String) throws -> ScheduleEntry {
    let matches = try matches(name, registry: \.schedules, manifest: \.schedules) { ($0.name, $0.module) }
    return try only(matches, "schedule", name, registry.schedules.map(\.name) + modules.flatMap(\.manifest.schedules)) {
      $0.module
    }
  }

  public func averaging(_ name: String) throws -> AveragingEntry {
    let matches = try matches(name, registry: \.averagings, manifest: \.averagings) { ($0.name, $0.module) }
    return try only(
      matches, "averaging policy", name, registry.averagings.map(\.name) + modules.flatMap(\.manifest.averagings)
    ) { $0.module }
  }

  public func method(_ name: String) throws -> Method { try methodEntry(name).method }

  func methodEntry(_ name: String) throws -> (module: String, method: Method) {
    let (module, short) = Self.split(name)
    try load { $0.methods.contains(short) && (module ?? $0.name) == $0.name }
    let matches = methods.filter { $0.method.name == short && (module ?? $0.module) == $0.module }
    let known = methods.map(\.method.name) + modules.flatMap(\.manifest.methods)
    return try only(matches, "method", name, known) { $0.module }
  }

  /// A name that a recipe or a method gives, which was written when Basin's own were all there was: where a plug-in has
  /// the same name by now, Basin's own is meant.
  func settled(optimizer name: String) throws -> String { try settled(name) { _ = try optimizer($0) } }
  func settled(schedule name: String) throws -> String { try settled(name) { _ = try schedule($0) } }
  func settled(averaging name: String) throws -> String { try settled(name) { _ = try averaging($0) } }

  private func settled(_ name: String, _ find: (String) throws -> Void) throws -> String {
    let own = "\(Self.ownModule)/\(name)"
    guard (try? find(name)) == nil, (try? find(own)) != nil else { return name }
    return own
  }

  /// Loads the modules that say they have that name, and gives all entries of it.
  private func matches<T>(
    _ name: String, registry entries: KeyPath<Registry, [T]>, manifest names: KeyPath<ModuleManifest, [String]>,
    _ identity: (T) -> (name: String, module: String)
  ) throws -> [T] {
    let (module, short) = Self.split(name)
    try load { $0[keyPath: names].contains(short) && (module ?? $0.name) == $0.name }
    return registry[keyPath: entries].filter {
      let (entry, owner) = identity($0)
      return entry == short && (module ?? owner) == owner
    }
  }

  static func split(_ name: String) -> (module: String?, short: String) {
    guard let slash = name.firstIndex(of: "/") else { return (nil, name) }
    return (String(name[..<slash]), String(name[name.index(after: slash)...]))
  }

  private func only<T>(
    _ matches: [T], _ kind: String, _ name: String, _ known: [String], module: (T) -> String
  ) throws -> T {
    guard let first = matches.first else { throw BasinError.unknown(kind, name, among: unique(known)) }
    guard matches.count == 1 else {
      let names = matches.map { "\(module($0))/\(Self.split(name).short)" }.joined(separator: " or ")
      let owners = matches.map { owner(module($0)) }.joined(separator: " and ")
      throw BasinError.usage(
        "\(kind) '\(name)' is offered by \(matches.count) modules, \(owners)", advice: "Write \(names)")
    }
    return first
  }

  /// `graph (came with Basin)`, `my-net (installed, /home/me/.../libMyNet.so)`.
  private func owner(_ name: String) -> String {
    guard let module = modules.first(where: { $0.manifest.name == name }) else { return "\(name) (Basin's own)" }
    return module.origin == .bundled ? "\(name) (\(module.origin))" : "\(name) (\(module.origin), \(module.path))"
  }
}

/// Each element once, in the order of its first place.
func unique(_ items: [String]) -> [String] {
  var seen: Set<String> = []
  return items.filter { seen.insert($0).inserted }
}
