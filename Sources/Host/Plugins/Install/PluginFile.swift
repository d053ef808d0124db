import Foundation
import PluginAPI

/// Copies of libraries and of the resources beside them, which appear whole or not at all.
enum PluginFile {
  /// Copies a library. A running program keeps the old file: the new one takes its name, not its place.
  static func copy(_ source: String, to target: String) throws {
    let bytes = try FileSnapshot(reading: source).bytes
    try AtomicFile.write(Data(bytes), to: target)
  }

  /// Copies a folder over what may be there already.
  static func copyFolder(_ source: String, to target: String) throws {
    guard access(source, R_OK) == 0 else { return }
    let parent = (target as NSString).deletingLastPathComponent
    let temporary = "\(parent)/.\((target as NSString).lastPathComponent).part-\(getpid())"
    do {
      try? FileManager.default.removeItem(atPath: temporary)
      try FileManager.default.copyItem(atPath: source, toPath: temporary)
      try? FileManager.default.removeItem(atPath: target)
      guard rename(temporary, target) == 0 else { throw BasinErrors.system("cannot be put into place", file: target) }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error as? BasinError
        ?? BasinError(.cannotCreate, "cannot be copied (\(error))", file: target, advice: "Check that the folder may be written to")
    }
  }
}
