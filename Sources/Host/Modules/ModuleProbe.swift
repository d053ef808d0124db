import Foundation
import PluginAPI

/// Tries a new plug-in in a child process before the host loads it, and remembers the outcome by the library's SHA-256.
///
/// What no look at the bytes can tell, such as a constructor that crashes, then ends the child and not a run of many
/// hours. The child is the host itself with hidden arguments: it loads the module and prints `successLine`.
public struct ModuleProbe: Sendable {
  /// What the child prints, on a line of its own, once the module is loaded and registered. The exit status alone would
  /// not do: a module may end the process by itself.
  public static let successLine = "basin-probe: loaded"

  public struct Outcome: Codable, Hashable, Sendable {
    public var passed: Bool
    /// What happened, as a phrase: `crashed with signal 6 (Aborted)`; empty where it passed.
    public var reason: String
    /// The name of the module, for whoever looks into the cache.
    public var module: String
    /// Seconds since 1970.
    public var time: Double
  }

  /// The program to run, and the arguments before the module's path.
  public var program: String
  public var arguments: [String]
  /// The cache folder of Basin; outcomes are files in `probes` within it.
  public var cacheFolder: String
  /// Modules in this folder came with the program and are not probed.
  public var programFolder: String
  public var timeout: Duration
  /// How long a failure is believed, in seconds. A failure may be cured without a change of the library (a missing
  /// library gets installed), so it is not remembered for good; a success is.
  public var failureLifetime: Double
  /// For modules that were inspected without a hash.
  public var hash: ContentHash

  public init(
    program: String, arguments: [String] = ["__probe"], cacheFolder: String, programFolder: String,
    timeout: Duration = .seconds(10), failureLifetime: Double = 600, hash: ContentHash = .sha256
  ) {
    self.program = program
    self.arguments = arguments
    self.cacheFolder = cacheFolder
    self.programFolder = programFolder
    self.timeout = timeout
    self.failureLifetime = failureLifetime
    self.hash = hash
  }

  /// With this program as the child.
  public static var ofThisProgram: ModuleProbe {
    ModuleProbe(
      program: ThisProgram.path, cacheFolder: CacheFolder.path, programFolder: ModuleSearch.folderOfThisProgram())
  }

  /// Probes the module unless it is bundled or known.
  /// - Parameters:
  ///   - required: libraries of the modules it requires, which are loaded before it.
  ///   - fresh: True probes it in any case.
  /// - Throws: ``BasinError`` `.badData` with the reason where the probe failed; `.internalError` where the program
  /// could
  ///   not be started.
  public func check(_ module: ModuleFile, host: ABIStamp, after required: [String] = [], fresh: Bool = false) throws {
    guard fresh || !isBundled(module) else { return }
    let outcome = try outcome(of: module, host: host, after: required, fresh: fresh)
    guard !outcome.passed else { return }
    throw BasinError.badData(
      "module \(module.manifest.name) cannot be used: tried in a process of its own, it \(outcome.reason)",
      file: module.path, advice: "Repair the module; it is tried again when the file changes, or after ten minutes")
  }

  /// The remembered outcome, else that of a new probe, which is then remembered.
  public func outcome(
    of module: ModuleFile, host: ABIStamp, after required: [String] = [], fresh: Bool = false
  ) throws -> Outcome {
    let file = try recordFile(of: module, host: host)
    if !fresh, let known = remembered(file) { return known }
    let outcome = try run(module, after: required)
    remember(outcome, in: file)
    return outcome
  }

  public func isBundled(_ module: ModuleFile) -> Bool {
    guard let folder = FileSnapshot.resolve(programFolder) else { return false }
    return (module.realPath as NSString).deletingLastPathComponent == folder
  }

  /// `<cache>/probes/<sha256>-<host stamp>.json`
  public func recordFile(of module: ModuleFile, host: ABIStamp) throws -> String {
    let digest = try module.sha256 ?? hash.digest(of: FileSnapshot(reading: module.realPath).bytes)
    return "\(cacheFolder)/probes/\(digest)-\(host).json"
  }

  // MARK: - Running

  private func run(_ module: ModuleFile, after required: [String]) throws -> Outcome {
    let result = try ChildProcess.run(program, arguments + required + [module.realPath], timeout: timeout)
    let failure = Self.failure(in: result, timeout: timeout)
    return Outcome(
      passed: failure == nil, reason: failure ?? "", module: module.manifest.name, time: Date().timeIntervalSince1970)
  }

  private static func failure(in result: ChildProcess.Result, timeout: Duration) -> String? {
    let last = result.lastWords
    let said = last.isEmpty ? "" : ": \(last)"
    switch result.ending {
    case .timedOut: return "did not finish within \(seconds(timeout)) s and was killed\(said)"
    case .crashed(let signal):
      return "crashed with signal \(signal) (\(String(cString: strsignal(signal))))\(said)"
    case .exited(0):
      let lines = result.standardOutput.split(whereSeparator: \.isNewline)
      return lines.contains { $0 == successLine } ? nil : "ended the process while it was being loaded\(said)"
    case .exited(let status): return "failed with exit status \(status)\(said)"
    }
  }

  private static func seconds(_ duration: Duration) -> String {
    String(format: "%g", Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18)
  }

  // MARK: - Remembering

  private func remembered(_ file: String) -> Outcome? {
    // A record that cannot be read counts as none: the probe is made again and the record replaced.
    guard let data = FileManager.default.contents(atPath: file),
      let outcome = try? JSONDecoder().decode(Outcome.self, from: data)
    else { return nil }
    let age = Date().timeIntervalSince1970 - outcome.time
    return outcome.passed || (0..<failureLifetime).contains(age) ? outcome : nil
  }

  private func remember(_ outcome: Outcome, in file: String) {
    // Without a place to remember it, the module is probed each time; that is slower, not wrong.
    let folder = (file as NSString).deletingLastPathComponent
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    guard let data = try? encoder.encode(outcome),
      (try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)) != nil
    else { return }
    let temporary = "\(folder)/.\(UUID().uuidString).tmp"
    guard FileManager.default.createFile(atPath: temporary, contents: data) else { return }
    if rename(temporary, file) != 0 { unlink(temporary) }
  }
}
