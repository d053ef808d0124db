import Foundation
import PluginAPI

/// A file on its way: `NAME.partial`, kept when fetching ends early, and locked while a process fetches into it.
///
/// Beside it `NAME.partial.json` says where its beginning came from and which version of the file that was.
final class PartialFile {
  /// What the beginning is of.
  struct Origin: Codable, Equatable {
    var url: String
    /// An ETag or a date, for `If-Range`.
    var validator: String?
  }

  let path: String
  private(set) var length: Int
  private let file: Int32

  private var originPath: String { path + ".json" }

  /// Opens or creates it, and waits while another process has it.
  ///
  /// - Parameter waiting: called once if there is one.
  /// - Throws: `BasinError`; `Interrupted` when cancelled while waiting.
  init(_ path: String, isCancelled: () -> Bool, waiting: () -> Void) throws {
    self.path = path
    var hasWaited = false
    while true {
      let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard file >= 0 else { throw FetchErrors.system("cannot be created", file: path) }
      do {
        try FolderLock.lock(file, path, isCancelled: isCancelled) {
          if !hasWaited { waiting() }
          hasWaited = true
        }
      } catch {
        close(file)
        throw error
      }
      // Whoever had it may have put it into place meanwhile: then this one is no longer the partial file.
      var opened = stat(), named = stat()
      if fstat(file, &opened) == 0, lstat(path, &named) == 0, opened.st_ino == named.st_ino, opened.st_dev == named.st_dev {
        guard opened.st_mode & S_IFMT == S_IFREG else {
          close(file)
          throw BasinError(.cannotCreate, "is there and is no file", file: path, advice: "Take it away")
        }
        self.file = file
        length = Int(opened.st_size)
        return
      }
      close(file)
    }
  }

  deinit { close(file) }

  var origin: Origin? {
    FileManager.default.contents(atPath: originPath).flatMap { try? JSONDecoder().decode(Origin.self, from: $0) }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let count = pwrite(file, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(length))
      if count < 0 {
        if errno == EINTR { continue }
        throw FetchErrors.system("cannot be written", file: path)
      }
      done += count
      length += count
    }
  }

  /// Throws away what is there; what comes now is of `origin`.
  func restart(_ origin: Origin?) throws {
    guard ftruncate(file, 0) == 0 else { throw FetchErrors.system("cannot be written", file: path) }
    length = 0
    unlink(originPath)
    if let origin { try AtomicFile.write(JSONEncoder().encode(origin), to: originPath) }
  }

  /// Puts the file into place.
  func finish(as target: String) throws {
    guard fsync(file) == 0 else { throw FetchErrors.system("cannot be written", file: path) }
    guard rename(path, target) == 0 else { throw FetchErrors.system("cannot be put into place", file: target) }
    unlink(originPath)
    let folder = open((target as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  /// Takes it away, with what is known of it.
  func remove() {
    unlink(originPath)
    unlink(path)
  }
}
