import Foundation
import PluginAPI

/// Files that appear whole or not at all: written under another name, synced, renamed.
enum AtomicFile {
  static func write(_ data: Data, to path: String) throws {
    let temporary = "\(path).part-\(getpid())"
    do {
      try writeWhole(data, to: temporary)
    } catch {
      unlink(temporary)
      throw error
    }
    guard rename(temporary, path) == 0 else {
      let error = BasinErrors.system("cannot be put into place", file: path)
      unlink(temporary)
      throw error
    }
  }

  private static func writeWhole(_ data: Data, to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw BasinErrors.system("cannot be created", file: path) }
    defer { close(file) }
    try append(data, to: file, path: path)
    guard fsync(file) == 0 else { throw BasinErrors.system("cannot be written", file: path) }
  }

  /// Writes all of `data` at the end of an open file.
  static func append(_ data: Data, to file: Int32, path: String) throws {
    try data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
      var done = 0
      while done < bytes.count {
        let written = Foundation.write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if written < 0 {
          if errno == EINTR { continue }
          throw BasinErrors.system("cannot be written", file: path)
        }
        done += written
      }
    }
  }

  static func makeFolder(_ path: String) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue { return }
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
      throw BasinError(.cannotCreate, "the folder cannot be made", file: path, advice: "Check that the path exists and may be written to")
    }
  }
}
