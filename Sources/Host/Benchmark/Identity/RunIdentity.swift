import Foundation
import PluginAPI
import ResultStore

/// What a run is known by, in whichever order and company it is run.
struct RunIdentity: Hashable {
  /// Of everything that determines the run: ``configuration``, data, code, plug-ins.
  let hash: String
  /// The same without data and code: what was asked for.
  let cell: String
  /// Canonical JSON of what was asked for, threads and seed among it.
  let configuration: String
  let data: DataIdentity.Value
  let code: String
  let modules: [String: String]
}

extension RunConfiguration {
  /// Keys that decide where and how comfortably a run is done, and nothing of what comes out.
  private static let withoutInfluence: Set<RunRequest.Key> = [.dataRoot, .dataThreads, .checkpointEvery, .keep]

  /// What determines the run, as JSON: every key and option with the value it will have. Files stand with the hash of what is in
  /// them instead of their place.
  ///
  /// - Parameter files: hashes files and folders that values name.
  func canonical(_ files: inout PathIdentity) throws -> JSONValue {
    var object: [String: JSONValue] = [:]
    for (key, value) in values where !Self.withoutInfluence.contains(key) { object[key.rawValue] = JSONValue(value) }
    if let colon = dataset.firstIndex(of: ":") {
      // The data's hash tells what is in it.
      object[RunRequest.Key.dataset.rawValue] = .string(
        dataset[...colon] + (String(dataset[dataset.index(after: colon)...]) as NSString).lastPathComponent)
    }
    if let initialCheckpoint {
      let file = (try? WeightsFile.find(initialCheckpoint, .last)) ?? initialCheckpoint
      object[RunRequest.Key.initialCheckpoint.rawValue] = .string(try files.text(file) ?? initialCheckpoint)
    }
    var options: [String: JSONValue] = [:]
    for (name, value) in settings {
      // Plug-ins may name files in options that do not say so.
      let mayBeFile = fileSettings.contains(name) || value.contains("/")
      options[name] = .string(mayBeFile ? try files.text(value) ?? value : value)
    }
    object["set"] = .object(options)
    return .object(object)
  }
}

/// Hashes of files and folders that options name, such as a folder of pretrained weights.
struct PathIdentity {
  private var known: [String: String?] = [:]

  /// `name#sha256` for a path to something that is there; nil for any other value.
  mutating func text(_ value: String) throws -> String? {
    guard !value.isEmpty else { return nil }
    if let known = known[value] { return known }
    let text = try Self.hash(value).map { "\((value as NSString).lastPathComponent)#\($0)" }
    known[value] = .some(text)
    return text
  }

  private static func hash(_ path: String) throws -> String? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return nil }
    let names = isFolder.boolValue ? (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []).sorted() : [""]
    let hash = SHA256Stream()
    for name in names {
      let file = name.isEmpty ? path : "\(path)/\(name)"
      guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue else { continue }
      Array("\(name)\0".utf8).withUnsafeBytes { hash.update($0) }
      guard let handle = FileHandle(forReadingAtPath: file) else { throw BasinErrors.missingFile(file) }
      defer { try? handle.close() }
      while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { chunk.withUnsafeBytes { hash.update($0) } }
    }
    return hash.finish()
  }
}

/// Finds the identities of a plan's runs.
struct RunIdentifier {
  private let catalog: Catalog
  private let data: DataIdentity
  private var code: CodeIdentity
  private var files = PathIdentity()

  init(_ catalog: Catalog, _ data: DataIdentity) {
    self.catalog = catalog
    self.data = data
    code = CodeIdentity(catalog)
  }

  /// - Parameter name: the method's name in the benchmark where it has parts of its own; methods that are alike but for their
  ///   names are different runs, for both stand in the report.
  mutating func identity(
    of request: RunRequest, _ configuration: RunConfiguration, name: String?
  ) throws -> RunIdentity {
    let asked: JSONValue = ["configuration": try configuration.canonical(&files), "method": JSONValue(name)]
    let modules = try code.modules(modules(of: configuration, name: request[.method]))
    let data = try data.value(request, configuration)
    let text = try CanonicalJSON.text(asked)
    return RunIdentity(
      hash: try CanonicalJSON.sha256([
        "asked": asked, "data": .string(data.text), "code": .string(code.core),
        "modules": .object(modules.mapValues { .string($0) }),
      ]),
      cell: CanonicalJSON.sha256(text), configuration: text, data: data, code: code.core, modules: modules)
  }

  /// What the runs of a case have in common: the configuration it would have with the method `backbone`, without the seed and what
  /// follows from it. Neither the plan's other cases nor a default that is written out make another workload of it.
  mutating func workload(_ plan: BenchmarkPlan, _ item: BenchmarkPlan.Case) throws -> StoredWorkload {
    let request = plan.request(item, method: "backbone", seed: 0, variants: [:])
    guard case .object(var object) = try RunConfiguration(request, in: catalog).canonical(&files) else {
      throw BasinError.internalError("a configuration is no object")
    }
    for key in [RunRequest.Key.method, .seed, .splitSeed, .fold] { object[key.rawValue] = nil }
    let document = try CanonicalJSON.text(["configuration": .object(object), "division": JSONValue(item.division?.description)])
    return StoredWorkload(
      hash: CanonicalJSON.sha256(document), domain: item.domain, model: item.model, dataset: item.dataset, document: document)
  }

  mutating func environment(_ identity: RunIdentity, libtorch: String?) throws -> StoredEnvironment {
    try code.environment(modules: Set(identity.modules.keys), libtorch: libtorch)
  }

  /// The modules that bring a run's parts.
  private func modules(of configuration: RunConfiguration, name: String?) throws -> Set<String> {
    let registry = catalog.registry
    var names: Set<String> = [
      try catalog.model(configuration.model, domain: configuration.domain).module,
      try catalog.dataset(configuration.dataset, root: nil).entry.module,
      try catalog.averaging(configuration.averaging).module,
    ]
    let optimizers = configuration.optimizer.split(separator: ":").map(String.init)
    names.formUnion(registry.optimizers.filter { optimizers.contains($0.name) }.map(\.module))
    names.formUnion(registry.wrappers.filter { optimizers.contains($0.name) }.map(\.module))
    let schedules = configuration.schedule.split(separator: ",").map { String($0.prefix { $0 != "@" && $0 != ":" }) }
    names.formUnion(registry.schedules.filter { schedules.contains($0.name) }.map(\.module))
    // A module's method is its settings, which the configuration has.
    return names
  }
}
