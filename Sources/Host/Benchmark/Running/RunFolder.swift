import Foundation
import PluginAPI

/// The folder of a benchmark's run, which knows whose it is: `identity.json` is written before anything else, so that what an
/// earlier call left is gone on with only by the same run.
struct RunFolder: Sendable {
  let path: String

  var directory: RunDirectory { RunDirectory(path: path) }
  private var identity: String { path + "/identity.json" }

  /// Makes the folder belong to a run, and to those that share its trajectory. One that belongs to another, or to nobody known, is
  /// set aside.
  ///
  /// - Parameter hashes: the run's own first.
  /// - Returns: whether it holds a run of theirs already, begun or finished.
  func claim(_ hashes: [String]) throws -> Bool {
    let wanted: JSONValue = ["hash": JSONValue(hashes.first), "shared": JSONValue(Array(hashes.dropFirst()))]
    if FileManager.default.fileExists(atPath: path) {
      if let found = try? JSONValue.read(identity), found == wanted { return directory.holdsRun }
      try setAside()
    }
    try AtomicFile.makeFolder(path)
    try AtomicFile.write(wanted.data(pretty: false), to: identity)
    return false
  }

  /// The run it belongs to; nil for none.
  var owner: String? { (try? JSONValue.read(identity))?["hash"]?.text }

  /// Makes room for a fresh start.
  func clear() throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    do { try FileManager.default.removeItem(atPath: path) } catch {
      throw BasinError(.cannotCreate, "the folder of a failed run cannot be removed (\(error))", file: path)
    }
  }

  private func setAside() throws {
    let base = path + "~" + (owner.map { String($0.prefix(8)) } ?? "unknown")
    var name = base
    var number = 2
    while FileManager.default.fileExists(atPath: name) {
      name = "\(base)-\(number)"
      number += 1
    }
    guard rename(path, name) == 0 else { throw BasinErrors.system("cannot be set aside", file: path) }
  }
}
