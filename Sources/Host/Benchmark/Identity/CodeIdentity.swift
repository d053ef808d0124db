import CodeStamp
import Foundation
import PluginAPI
import ResultStore

/// Which code computes a run: part of what a run is known by.
struct CodeIdentity {
  private let catalog: Catalog
  private let sources: [String: String]
  private var files: [String: String] = [:]

  init(_ catalog: Catalog) {
    self.catalog = catalog
    let text = basinCodeHashes().map { String(cString: $0) } ?? ""
    sources = Dictionary(
      text.split(separator: ";").compactMap { part in
        let pair = part.split(separator: "=").map(String.init)
        return pair.count == 2 ? (pair[0], pair[1]) : nil
      }, uniquingKeysWith: { $1 })
  }

  /// The training loop, the optimizers, PluginAPI and the compiler: `0.1.0+0123456789abcdef`. Built without the set-up it is the
  /// ABI stamp, which knows PluginAPI alone.
  var core: String { "\(RunSummary.version)+\(sources["core"] ?? catalog.host.description)" }

  /// The hash of a module: of its sources where it came with the program, else of its library.
  ///
  /// - Throws: `BasinError` where the library cannot be read.
  mutating func hash(_ module: ModuleSearch.Found) throws -> String {
    if module.origin == .bundled, let hash = sources[module.manifest.name] { return hash }
    if let known = files[module.path] { return known }
    let hash = ContentHash.sha256.digest(of: try FileSnapshot(reading: module.path).bytes)
    files[module.path] = hash
    return hash
  }

  /// Hashes by name of the modules that have a part in a run: those of its model, data and methods, and what these require.
  mutating func modules(_ names: Set<String>) throws -> [String: String] {
    var result: [String: String] = [:]
    var open = names
    while let name = open.popFirst() {
      guard result[name] == nil, let module = catalog.modules.first(where: { $0.manifest.name == name }) else { continue }
      result[name] = try hash(module)
      open.formUnion(module.manifest.requires)
    }
    return result
  }

  /// This machine and program, with the modules named.
  ///
  /// - Parameter libtorch: its version, as a run told it.
  mutating func environment(modules names: Set<String>, libtorch: String?) throws -> StoredEnvironment {
    var machine = utsname()
    uname(&machine)
    func text<T>(_ field: T) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    func value(_ file: String, _ key: String, _ separator: Character) -> String? {
      FileManager.default.contents(atPath: file).flatMap { data in
        String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(key) }?
          .split(separator: separator, maxSplits: 1).last?.trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
      }
    }
    let system = value("/etc/os-release", "PRETTY_NAME=", "=").map { $0 + ", " } ?? ""
    let hashes = try modules(names)
    return StoredEnvironment(
      machine: text(machine.nodename), system: "\(system)\(text(machine.sysname)) \(text(machine.release)) \(text(machine.machine))",
      cpu: value("/proc/cpuinfo", "model name", ":") ?? text(machine.machine),
      cores: ProcessInfo.processInfo.processorCount, memoryBytes: Int(ProcessInfo.processInfo.physicalMemory),
      basin: RunSummary.version, code: core, libtorch: libtorch, swift: BuildStamp.compiler,
      modules: catalog.modules.compactMap { module in
        hashes[module.manifest.name].map {
          .init(name: module.manifest.name, version: module.manifest.version, origin: "\(module.origin)", sha256: $0)
        }
      })
  }
}
