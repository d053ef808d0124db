import Foundation
import Optim
import PluginAPI

/// The user's folder of plug-ins: flat, a library a module, and no copy of PluginAPI.
struct InstalledPlugins {
  let folder: String
  /// Everything that can be found, for names that are taken.
  let modules: [ModuleSearch.Found]

  init(_ catalog: Catalog) {
    folder = ModuleSearch().installFolder
    modules = catalog.modules
  }

  /// Tries a module that passed every check in a child process, and copies it into the folder; an older one of the same
  /// module makes way.
  ///
  /// - Parameters:
  ///   - hasResources: whether resources that lie beside the library are the module's.
  ///   - host: the stamp of this program.
  /// - Returns: Where it is now.
  /// - Throws: `BasinError` where its name is taken by a module that is not installed there, or its file's name by another.
  func install(_ file: ModuleFile, hasResources: Bool, host: ABIStamp) throws -> String {
    let name = file.manifest.name
    if let taken = modules.first(where: { $0.manifest.name == name && $0.origin == .bundled }) {
      throw BasinError.usage(
        "module \(name) of \(file.path) would never be used: \(taken.path) has the same name and \(taken.origin)",
        advice: "Give the module another name in its manifest")
    }
    let library = (file.path as NSString).lastPathComponent
    guard library.hasPrefix("lib"), library.hasSuffix(".so") else {
      throw BasinError.usage("a module's library is called lib*.so, not \(library)", advice: "Rename it")
    }
    let target = "\(folder)/\(library)"
    if let other = try present(target), other.name != name {
      throw BasinError(
        .cannotCreate, "is there already and is module \(other.name), not \(name)", file: target,
        advice: "Remove that one (`basin plugin remove \(other.name)`), or rename the library product")
    }
    try tryOut(file, host)
    try AtomicFile.makeFolder(folder)
    if hasResources { try copyResources(beside: file.path) }
    try PluginFile.copy(file.realPath, to: target)
    // One of the same module under another file name would be found first or second by the alphabet.
    for old in libraries(of: name) where old != target { unlink(old) }
    return target
  }

  /// A module that is linked with the library of another one finds it beside itself, so it is tried where it will lie.
  private func tryOut(_ file: ModuleFile, _ host: ABIStamp) throws {
    let required = try Catalog.required(by: file.manifest, at: file.path, among: modules).map(\.path)
    let hasNeighbours = file.needed.contains { access("\(folder)/\($0)", F_OK) == 0 }
    guard hasNeighbours else {
      return try ModuleProbe.ofThisProgram.check(file, host: host, after: required, fresh: true)
    }
    let trial = "\(folder)/.\((file.path as NSString).lastPathComponent).trial-\(getpid())"
    defer { unlink(trial) }
    try PluginFile.copy(file.realPath, to: trial)
    do {
      try ModuleProbe.ofThisProgram.check(ModuleCheck.inspect(trial, host: host), host: host, after: required, fresh: true)
    } catch var error as BasinError {
      error.file = file.path
      throw error
    }
  }

  /// Takes a module out of the folder.
  ///
  /// - Returns: The files that are gone.
  /// - Throws: `BasinError` of kind missingInput where it is not installed.
  func remove(_ name: String) throws -> [String] {
    let installed = libraries(of: name)
    guard !installed.isEmpty else {
      if let other = modules.first(where: { $0.manifest.name == name }) {
        throw BasinError.usage(
          "module \(name) is not installed: \(other.path) \(other.origin == .bundled ? "came with Basin" : "is \(other.origin)")",
          advice: "Only what `basin plugin install` put into \(folder) can be removed")
      }
      let names = try all().map(\.name)
      var error = BasinError.unknown("plug-in", name, among: names)
      error.kind = .missingInput
      throw error
    }
    for path in installed where unlink(path) != 0 { throw BasinErrors.system("cannot be removed", file: path) }
    return installed
  }

  /// Names of what the module offers that another module offers too, each with what to write instead.
  func sharedNames(_ manifest: ModuleManifest) -> [String] {
    // Basin's own alone: what a module of the catalog has registered stands in its manifest.
    var own = Registry(module: Catalog.ownModule, domain: "")
    registerBuiltIns(in: &own)
    let kinds: [(String, KeyPath<ModuleManifest, [String]>, [String])] = [
      ("model", \.models, []), ("data set", \.datasets, []), ("format", \.formats, []), ("method", \.methods, own.methods.map(\.name)),
      ("optimizer", \.optimizers, own.optimizers.map(\.name) + own.wrappers.map(\.name)),
      ("schedule", \.schedules, own.schedules.map(\.name)), ("averaging policy", \.averagings, own.averagings.map(\.name)),
    ]
    return kinds.flatMap { kind, names, builtIn in
      manifest[keyPath: names].compactMap { name -> String? in
        let other = modules.first { $0.manifest.name != manifest.name && $0.manifest[keyPath: names].contains(name) }
        guard let owner = other?.manifest.name ?? (builtIn.contains(name) ? Catalog.ownModule : nil) else { return nil }
        return "\(kind) '\(name)' is offered by module \(owner) too: write \(manifest.name)/\(name) or \(owner)/\(name)"
      }
    }
  }

  // MARK: Files

  private func present(_ path: String) throws -> ModuleManifest? {
    guard access(path, F_OK) == 0 else { return nil }
    return try? ManifestScan.manifest(ofFile: path)
  }

  private func all() throws -> [ModuleManifest] { paths.compactMap { try? ManifestScan.manifest(ofFile: $0) } }

  private func libraries(of name: String) -> [String] {
    paths.filter { (try? ManifestScan.manifest(ofFile: $0))?.name == name }
  }

  private var paths: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".so") }.sorted()
      .map { "\(folder)/\($0)" }
  }

  private func copyResources(beside library: String) throws {
    let here = (library as NSString).deletingLastPathComponent
    let names = (try? FileManager.default.contentsOfDirectory(atPath: here)) ?? []
    for name in names where name.hasSuffix(".resources") { try PluginFile.copyFolder("\(here)/\(name)", to: "\(folder)/\(name)") }
  }
}
