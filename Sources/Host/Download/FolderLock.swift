import Foundation

/// A folder in which no other process works that asks for this lock too. It is on the open folder itself, so that a killed
/// process leaves nothing behind.
final class FolderLock {
  private let file: Int32

  /// Waits while another process has it.
  ///
  /// - Parameter waiting: called once if there is one.
  /// - Throws: `BasinError` where the folder cannot be made or opened; `Interrupted` when cancelled while waiting.
  init(_ path: String, isCancelled: () -> Bool, waiting: () -> Void) throws {
    try AtomicFile.makeFolder(path)
    file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw FetchErrors.system("cannot be opened", file: path) }
    try Self.lock(file, path, isCancelled: isCancelled, waiting: waiting)
  }

  deinit { close(file) }

  /// Locks an open file or folder; as the initializer. The file stays open where that fails.
  static func lock(_ file: Int32, _ path: String, isCancelled: () -> Bool, waiting: () -> Void) throws {
    var hasWaited = false
    while flock(file, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else { throw FetchErrors.system("cannot be locked", file: path) }
      if !hasWaited { waiting() }
      hasWaited = true
      if isCancelled() { throw Interrupted(checkpoint: nil) }
      usleep(50_000)
    }
  }
}
