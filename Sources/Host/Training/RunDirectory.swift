import Foundation
import PluginAPI

/// The folder of a run: `config.yaml`, `metrics.jsonl`, `summary.json`, `checkpoints/`, `weights/`, TensorBoard's events.
public struct RunDirectory: Sendable {
  public let path: String

  public var configuration: String { path + "/config.yaml" }
  public var metrics: String { path + "/metrics.jsonl" }
  public var summary: String { path + "/summary.json" }
  public var checkpoints: String { path + "/checkpoints" }
  public var weights: String { path + "/weights" }

  /// A folder for a new run.
  ///
  /// - Throws: `BasinError` where it holds a run already, or cannot be made.
  public static func create(_ path: String) throws -> RunDirectory {
    let directory = RunDirectory(path: path)
    if directory.holdsRun {
      throw BasinError(
        .cannotCreate, "holds a run already", file: path,
        advice: "Continue it with --resume \(path), or choose another --out")
    }
    try AtomicFile.makeFolder(path)
    return directory
  }

  /// The folder of a run that was started before.
  public static func existing(_ path: String) throws -> RunDirectory {
    let directory = RunDirectory(path: path)
    guard directory.holdsRun else {
      throw BasinError.missing("holds no run (there is no config.yaml)", file: path, advice: "Give the folder that --out named")
    }
    return directory
  }

  public var holdsRun: Bool { FileManager.default.fileExists(atPath: configuration) }
  public var isFinished: Bool { FileManager.default.fileExists(atPath: summary) }

  /// `runs/<date>-<method>-<model>-<dataset>-<seed>`, numbered where that is taken.
  static func defaultPath(_ configuration: RunConfiguration) -> String {
    let safe = { (name: String) in String(name.map { $0.isLetter || $0.isNumber || "-._".contains($0) ? $0 : "_" }) }
    let dataset = configuration.dataset.contains(":")
      ? String(configuration.dataset.prefix { $0 != ":" }) : configuration.dataset
    return dated("\(safe(configuration.method))-\(safe(configuration.model))-\(safe(dataset))-\(configuration.seed)")
  }

  /// `runs/<date>-<name>`, numbered where that is taken.
  static func dated(_ name: String) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyyMMdd-HHmmss"
    let base = "runs/\(formatter.string(from: Date()))-\(name)"
    var path = base
    var number = 2
    while FileManager.default.fileExists(atPath: path) {
      path = "\(base)-\(number)"
      number += 1
    }
    return path
  }

  /// Keeps other processes from training in this folder as long as the result lives.
  ///
  /// - Parameter seconds: how long to wait for one that does already.
  /// - Throws: `BasinError` where one still does then.
  func lock(within seconds: Double) throws -> RunLock {
    let file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw BasinErrors.system("cannot be opened", file: path) }
    let deadline = Clock.now() + seconds
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      let isTaken = errno == EWOULDBLOCK
      if isTaken, Clock.now() < deadline, !Interruption.isRequested {
        usleep(20_000)
        continue
      }
      close(file)
      guard isTaken else { throw BasinErrors.system("cannot be locked", file: path) }
      throw BasinError(
        .cannotCreate, "another process is training in this folder", file: path, advice: "Wait for it, or stop it first")
    }
    return RunLock(file)
  }

  /// Takes the folder away if nothing of a run is in it but its configuration.
  func removeIfUnused() {
    let unused: Set<String> = ["config.yaml", "metrics.jsonl"]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let length = (try? FileManager.default.attributesOfItem(atPath: metrics)[.size] as? Int) ?? 0
    guard unused.isSuperset(of: names), length == 0 else { return }
    unlink(configuration)
    unlink(metrics)
    rmdir(path)
  }

  /// Cuts the metrics back to the length they had at a checkpoint, or to nothing.
  func cutMetrics(to length: Int) throws {
    guard FileManager.default.fileExists(atPath: metrics) else { return }
    guard truncate(metrics, off_t(length)) == 0 else { throw BasinErrors.system("cannot be cut back", file: metrics) }
  }
}

/// A run's folder that no other process trains in. The lock is on the open folder itself, so that a killed process leaves
/// nothing behind.
final class RunLock {
  private let file: Int32
  init(_ file: Int32) { self.file = file }
  deinit { close(file) }
}

/// Appends lines to `metrics.jsonl`.
final class MetricsLog {
  private let file: Int32
  private let path: String
  private(set) var length: Int

  init(_ path: String) throws {
    self.path = path
    file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw BasinErrors.system("cannot be created", file: path) }
    length = Int(lseek(file, 0, SEEK_END))
  }

  deinit { close(file) }

  func append(_ line: JSONValue) throws {
    var data = try line.data(pretty: false)
    data.append(0x0A)
    try AtomicFile.append(data, to: file, path: path)
    length += data.count
  }

  func sync() throws { guard fsync(file) == 0 else { throw BasinErrors.system("cannot be written", file: path) } }
}
