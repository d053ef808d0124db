import Foundation
import PluginAPI

/// A folder of files that appears whole or not at all.
struct NewFolder {
  let path: String

  /// - Throws: `BasinError` (`.cannotCreate`) where something is there already that is no empty folder.
  func check() throws {
    if let content = try? FileManager.default.contentsOfDirectory(atPath: path), content.isEmpty { return }
    guard !FileManager.default.fileExists(atPath: path) else {
      throw BasinError(.cannotCreate, "is there already", file: path, advice: "Name a new folder")
    }
  }

  /// - Throws: `BasinError`; nothing is left behind then.
  func write(_ files: [(name: String, data: Data)]) throws {
    let place = URL(fileURLWithPath: path).standardizedFileURL.path
    let temporary = "\(place).part-\(getpid())"
    do {
      try AtomicFile.makeFolder(temporary)
      for (name, data) in files { try AtomicFile.write(data, to: "\(temporary)/\(name)") }
      // An empty folder of that name gives way.
      guard rename(temporary, place) == 0 else { throw BasinErrors.system("cannot be put into place", file: path) }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
  }
}
