import PluginAPI

/// Decides from a library's bytes alone whether the host may load it.
public enum ModuleCheck {
  public static let apiLibrary = "libPluginAPI.so"
  /// The C function by which a module hands over its `DomainModule`.
  public static let entryPoint = "basin_module"
  private static let rebuild = "Rebuild it: `basin plugin build FOLDER`"

  /// Reads and checks the library at `path`, in this order: the file is there; is a regular file that can be read; is
  /// not empty; is ELF; for this machine; complete; linked with libPluginAPI and without a copy of it; has
  /// `basin_module`; has a manifest; has the host's ABI stamp.
  ///
  /// - Parameters:
  ///   - host: The stamp of the PluginAPI that the host uses.
  ///   - hash: Fills ``ModuleFile/sha256``; nil leaves it out (bundled modules are never probed and need none).
  /// - Throws: ``BasinError`` `.missingInput` or `.badData` (`.inputOutput` where reading fails part of the way) for
  /// the
  ///   first check that failed, with the file and what to do.
  public static func inspect(
    _ path: String, host: ABIStamp, hash: ContentHash? = .sha256
  ) throws -> ModuleFile {
    try inspect(FileSnapshot(reading: path), host: host, hash: hash)
  }

  public static func inspect(
    _ snapshot: FileSnapshot, host: ABIStamp, hash: ContentHash? = .sha256
  ) throws -> ModuleFile {
    let library = try ELFFile(snapshot)
    let stamps = try library.symbols(withPrefix: ABIStamp.prefix)
    try checkLinkage(library, stamps)
    try checkEntryPoint(library)
    let manifest = try manifest(in: snapshot)
    let stamp = try checkStamp(stamps, host, library, manifest)
    return ModuleFile(
      path: snapshot.path, realPath: snapshot.realPath, identity: snapshot.identity,
      sha256: hash?.digest(of: snapshot.bytes), manifest: manifest, stamp: stamp, needed: library.needed)
  }

  private static func checkLinkage(_ library: ELFFile, _ stamps: [ELFFile.Symbol]) throws {
    func refuse(_ message: String, advice: String) -> BasinError {
      .badData(message, file: library.path, advice: advice)
    }
    if library.soname == apiLibrary {
      throw refuse("is PluginAPI, the library that modules use, not a module", advice: "Name the module's own library")
    }
    if stamps.contains(where: \.isDefined) {
      throw refuse(
        "contains its own copy of PluginAPI, whose types would not be the host's",
        advice: "Depend on the product PluginAPI (a dynamic library) instead of compiling its sources into the module")
    }
    guard !library.needed.contains(apiLibrary) else { return }
    if let other = library.needed.first(where: { $0.hasSuffix("/" + apiLibrary) }) {
      throw refuse(
        "is linked with PluginAPI by a fixed path (\(other)), which would bring in a second copy",
        advice: "Build it with `basin plugin build`")
    }
    throw refuse(
      "is not a Basin module: it is not linked with \(apiLibrary)",
      advice: stamps.isEmpty && library.definition(of: entryPoint) != .function
        ? "Name a module's library, built by `basin plugin build`"
        : "Link the product PluginAPI, and build it with `basin plugin build`")
  }

  private static func checkEntryPoint(_ library: ELFFile) throws {
    switch library.definition(of: entryPoint) {
    case .function: return
    case .none:
      throw BasinError.badData(
        "is not a Basin module: it does not export the function `\(entryPoint)`", file: library.path,
        advice: "Export it from the module: `@_cdecl(\"\(entryPoint)\")` on a public function")
    case .other:
      throw BasinError.badData(
        "is not a Basin module: its `\(entryPoint)` is not a function", file: library.path,
        advice: "Export a public function of that name")
    }
  }

  private static func manifest(in snapshot: FileSnapshot) throws -> ModuleManifest {
    let advice = "A module holds the text `\(ManifestScan.startMark){\"name\":\"...\", ...}\(ManifestScan.endMark)`"
    switch ManifestScan.find(in: snapshot.bytes) {
    case .manifest(let manifest): return manifest
    case .invalid(let reason):
      throw BasinError.badData("its manifest cannot be read: \(reason)", file: snapshot.path, advice: advice)
    case .none: throw BasinError.badData("has no manifest", file: snapshot.path, advice: advice)
    }
  }

  private static func checkStamp(
    _ symbols: [ELFFile.Symbol], _ host: ABIStamp, _ library: ELFFile, _ manifest: ModuleManifest
  ) throws -> ABIStamp {
    guard !symbols.isEmpty else {
      throw BasinError.badData(
        "module \(manifest.name) has no ABI stamp, so nothing tells whether it fits this Basin", file: library.path,
        advice: rebuild)
    }
    for symbol in symbols {
      guard var stamp = ABIStamp(symbolName: symbol.name) else {
        throw BasinError.badData(
          "module \(manifest.name) has an ABI stamp that cannot be read (\(symbol.name.prefix(80)))", file: library.path,
          advice: rebuild)
      }
      guard stamp != host else { continue }
      stamp.compilerName = manifest.compiler ?? library.comments().first { $0.contains("clang") }
      throw mismatch(of: stamp, with: host, module: manifest.name, file: library.path)
    }
    return host
  }

  /// The refusal of a module whose stamp is not the host's: tells which parts differ, and both sides of each.
  public static func mismatch(of stamp: ABIStamp, with host: ABIStamp, module: String, file: String) -> BasinError {
    var reasons: [String] = []
    var advice = rebuild
    if stamp.contract != host.contract {
      reasons.append("for version \(stamp.contract) of the module contract (this Basin: \(host.contract))")
      advice =
        stamp.contract > host.contract
        ? "Update Basin, or take an older release of the module"
        : "Take a newer release of the module, then rebuild it: `basin plugin build FOLDER`"
    }
    if stamp.api != host.api {
      reasons.append("against another PluginAPI (\(stamp.api); this Basin: \(host.api))")
    }
    if stamp.compiler != host.compiler {
      let theirs = stamp.compilerName ?? stamp.compiler
      let ours = host.compilerName ?? host.compiler
      reasons.append(
        theirs == ours
          ? "by another compiler (\(stamp.compiler); this Basin: \(host.compiler))"
          : "by another compiler (\(theirs); this Basin: \(ours))")
      if stamp.contract == host.contract && stamp.api == host.api {
        advice = "Rebuild it with this Basin's compiler: `basin plugin build FOLDER`"
      }
    }
    return .badData("module \(module) was built \(reasons.joined(separator: " and "))", file: file, advice: advice)
  }
}
