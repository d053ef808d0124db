import Foundation
import PluginAPI

/// Finds module libraries and reads their manifests; loads none of them and checks nothing else.
public struct ModuleSearch: Sendable {
  /// Where a module was found, in the order in which one shadows another of the same name.
  public enum Origin: Int, Hashable, Sendable, Comparable, CustomStringConvertible {
    /// `--plugin PATH`
    case option
    /// `$BASIN_PLUGIN_PATH`
    case environment
    /// Beside the program.
    case bundled
    /// `~/.local/share/basin/plugins`
    case installed

    /// For people: `named by --plugin`.
    public var description: String {
      switch self {
      case .option: "named by --plugin"
      case .environment: "in BASIN_PLUGIN_PATH"
      case .bundled: "came with Basin"
      case .installed: "installed"
      }
    }

    /// One word, for documents: `installed`.
    public var word: String {
      switch self {
      case .option: "option"
      case .environment: "environment"
      case .bundled: "bundled"
      case .installed: "installed"
      }
    }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  public struct Found: Hashable, Sendable {
    public var path: String
    public var origin: Origin
    public var manifest: ModuleManifest
  }

  public struct Result: Sendable {
    /// By origin, then by path; each file and each name once.
    public var modules: [Found]
    /// What was passed over and why: unreadable files, folders that are not there, names that are taken. For the user's
    /// eyes; nothing in it keeps a command from running.
    public var notes: [BasinError]
  }

  /// The folder of the running program, where bundled modules are.
  public var programFolder: String
  /// Values of `--plugin`.
  public var plugins: [String]
  public var environment: [String: String]

  public init(
    programFolder: String = ModuleSearch.folderOfThisProgram(), plugins: [String] = [],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.programFolder = programFolder
    self.plugins = plugins
    self.environment = environment
  }

  public static func folderOfThisProgram() -> String {
    let program = FileSnapshot.resolve("/proc/self/exe") ?? CommandLine.arguments.first ?? "."
    return (program as NSString).deletingLastPathComponent
  }

  /// `${XDG_DATA_HOME:-~/.local/share}/basin/plugins`; a relative `XDG_DATA_HOME` does not count, as its specification
  /// says.
  public var installFolder: String {
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/basin/plugins" }
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    return home + "/.local/share/basin/plugins"
  }

  /// Set to anything but `0`, it leaves the bundled modules alone: what `--no-plugins` does, for a process and all it starts.
  public static let noPluginsVariable = "BASIN_NO_PLUGINS"

  private var ignoresPlugins: Bool { environment[Self.noPluginsVariable].map { !["", "0"].contains($0) } ?? false }

  /// All modules.
  /// - Throws: ``BasinError`` for a value of `--plugin` that leads to no module, or one beside `--no-plugins`. Problems
  ///   elsewhere become notes.
  public func find() throws -> Result {
    var collected = Collection()
    if ignoresPlugins {
      if let plugin = plugins.first {
        throw BasinError.usage(
          "plug-in \(plugin) is wanted, and --no-plugins leaves all plug-ins out", advice: "Leave one of the two out")
      }
      for path in Self.libraries(in: programFolder) ?? [] where Self.isNotPartOfBasin(path) {
        do { try collected.add(path, .bundled, isQuiet: true) } catch { collected.note(error) }
      }
      return Result(modules: collected.modules, notes: collected.notes)
    }
    for plugin in plugins { try collected.add(expand(plugin), .option) }
    for path in (environment["BASIN_PLUGIN_PATH"] ?? "").split(separator: ":") {
      do { try collected.add(expand(String(path)), .environment) } catch { collected.note(error) }
    }
    for path in Self.libraries(in: programFolder) ?? [] where Self.isNotPartOfBasin(path) {
      do { try collected.add(path, .bundled, isQuiet: true) } catch { collected.note(error) }
    }
    for path in Self.libraries(in: installFolder) ?? [] {
      do { try collected.add(path, .installed) } catch { collected.note(error) }
    }
    return Result(modules: collected.modules, notes: collected.notes)
  }

  // MARK: - From a name to libraries

  /// The libraries that a value of `--plugin` means: a file; else the modules in a folder; else those that the package
  /// in the folder was built to.
  private func expand(_ path: String) throws -> [String] {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return [path] }
    guard let here = Self.libraries(in: path) else {
      throw BasinError.missing("the folder cannot be read: \(String(cString: strerror(errno)))", file: path)
    }
    let modules = Self.modules(among: here)
    if !modules.isEmpty { return modules }
    let isPackage = access(path + "/Package.swift", F_OK) == 0
    if isPackage {
      let built = Self.builtFolders.map { Self.modules(among: Self.libraries(in: "\(path)/\($0)") ?? []) }
      if let newest = built.filter({ !$0.isEmpty }).max(by: { Self.time($0) < Self.time($1) }) { return newest }
      throw BasinError.missing(
        "is a package without a built module", file: path,
        advice: "Build it first: `basin plugin build \(path)`")
    }
    // One library that is damaged deserves its own reason; many of other kinds do not.
    if here.count == 1 { return here }
    throw BasinError.missing(
      here.isEmpty ? "the folder holds no library (*.so)" : "none of the \(here.count) libraries in it has a manifest",
      file: path, advice: "Name a module's library, its folder, or the folder of its package")
  }

  /// Where in a package its modules are: put there by `basin plugin build`, or by `swift build`. The newer one counts.
  public static let builtFolders = [".build/basin", ".build/release"]

  private static func time(_ libraries: [String]) -> Int64 {
    libraries.compactMap { FileIdentity(path: $0)?.modified }.max() ?? 0
  }

  private static func modules(among libraries: [String]) -> [String] {
    libraries.filter { isNotPartOfBasin($0) && (try? ManifestScan.manifest(ofFile: $0)) != nil }
  }

  /// Paths of `*.so` in a folder, by name; nil where it cannot be read.
  private static func libraries(in folder: String) -> [String]? {
    (try? FileManager.default.contentsOfDirectory(atPath: folder))?.filter { $0.hasSuffix(".so") }.sorted()
      .map { folder + "/" + $0 }
  }

  /// False for Basin's own libraries, and for files not named as libraries are.
  private static func isNotPartOfBasin(_ path: String) -> Bool {
    let name = (path as NSString).lastPathComponent
    return name.hasPrefix("lib") && name != ModuleCheck.apiLibrary && !name.hasPrefix("libLibTorchShim")
  }

  // MARK: - From libraries to modules

  private struct Collection {
    var modules: [Found] = []
    var notes: [BasinError] = []
    private var seen: Set<FileIdentity> = []

    mutating func note(_ error: any Error) {
      notes.append(error as? BasinError ?? .internalError(String(describing: error)))
    }

    mutating func add(_ paths: [String], _ origin: Origin) throws {
      for path in paths { try add(path, origin) }
    }

    /// - Parameter isQuiet: True where libraries other than modules are to be expected.
    mutating func add(_ path: String, _ origin: Origin, isQuiet: Bool = false) throws {
      if let identity = FileIdentity(path: path), seen.contains(identity) { return }
      let snapshot = try FileSnapshot(reading: path)
      seen.insert(snapshot.identity)
      guard case .manifest(let manifest) = ManifestScan.find(in: snapshot.bytes) else {
        if isQuiet { return }
        // The reason it has none is more telling: a text file, cut short, of another machine.
        _ = try ELFFile(snapshot)
        throw BasinError.badData(
          "has no manifest, so it is not a Basin module", file: path,
          advice: "Name a module's library, built by `basin plugin build`")
      }
      if let first = modules.first(where: { $0.manifest.name == manifest.name }) {
        notes.append(
          .badData(
            "module \(manifest.name) (\(origin)) is not used: \(first.path) (\(first.origin)), found first, has the same name",
            file: path, advice: "Remove or rename one of them"))
        return
      }
      modules.append(Found(path: path, origin: origin, manifest: manifest))
    }
  }
}
