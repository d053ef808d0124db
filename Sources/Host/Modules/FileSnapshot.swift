import Foundation
import PluginAPI

/// Which file it is, and in which state: two equal identities mean the same bytes for every practical purpose.
public struct FileIdentity: Hashable, Sendable {
  public var device: UInt64
  public var inode: UInt64
  /// In bytes.
  public var size: Int
  /// Time of the last change, in nanoseconds since 1970.
  public var modified: Int64

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int(status.st_size)
    modified = Int64(status.st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000).partialValue
      &+ Int64(status.st_mtim.tv_nsec)
  }

  /// The identity of the file at `path` (links followed), or nil where there is none.
  public init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.init(status)
  }
}

/// The bytes of one regular file as they were at one moment.
///
/// The bytes are copied, not mapped: a build that rewrites the file in the meantime would otherwise end the process
/// with SIGBUS, and what is checked and what is hashed are the same bytes this way.
public struct FileSnapshot: Sendable {
  /// Files above this are refused: no module comes near it, and a sparse file can claim any size.
  public static let sizeLimit = 512 << 20

  /// As given by the caller; used in messages.
  public let path: String
  /// Absolute, without symbolic links.
  public let realPath: String
  public let identity: FileIdentity
  public let bytes: [UInt8]

  /// - Throws: ``BasinError``: `.missingInput` where there is no file or it cannot be opened, `.badData` where it is
  /// not a
  ///   regular file or above `sizeLimit`, `.inputOutput` where reading fails part of the way.
  public init(reading path: String, sizeLimit: Int = FileSnapshot.sizeLimit) throws {
    self.path = path
    guard !path.utf8.contains(0) else { throw BasinError.missing("a file name cannot contain a zero byte", file: path) }
    guard let realPath = Self.resolve(path) else { throw Self.cannotResolve(path, errorNumber: errno) }
    self.realPath = realPath

    // The kind is looked at before the file is opened: opening a device can have effects, opening a FIFO waits.
    var status = stat()
    guard stat(realPath, &status) == 0 else { throw Self.cannotResolve(path, errorNumber: errno) }
    if let other = Self.kindOfIrregularFile(status) {
      throw BasinError.badData("is \(other), not a file", file: path, advice: "Name the module's library (lib*.so)")
    }
    let descriptor = open(realPath, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw BasinError.missing(
        "cannot be opened: \(String(cString: strerror(errno)))", file: path, advice: "Check the permissions of the file")
    }
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0, Self.kindOfIrregularFile(status) == nil else {
      throw BasinError.missing("changed while it was being opened", file: path, advice: "Try again")
    }
    identity = FileIdentity(status)
    let size = identity.size
    guard size <= sizeLimit else {
      throw BasinError.badData("has \(size) bytes; more than \(sizeLimit) are not read", file: path)
    }

    var failure: Int32 = 0
    bytes = [UInt8](unsafeUninitializedCapacity: max(size, 0)) { buffer, count in
      while count < size, let base = buffer.baseAddress {
        let got = read(descriptor, base + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { break }
        count += got
      }
    }
    if failure != 0 {
      throw BasinError(.inputOutput, "cannot be read: \(String(cString: strerror(failure)))", file: path)
    }
  }

  /// The absolute path without symbolic links, or nil (and `errno`) where there is no such file.
  static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func cannotResolve(_ path: String, errorNumber: Int32) -> BasinError {
    if errorNumber == ENOENT, let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
      return .missing(
        "is a symbolic link to \(target), which is not there", file: path, advice: "Build or install the library again")
    }
    if errorNumber == ENOENT || errorNumber == ENOTDIR {
      return .missing("there is no such file", file: path, advice: "Check the path, or build the library first")
    }
    return .missing("cannot be opened: \(String(cString: strerror(errorNumber)))", file: path)
  }

  private static func kindOfIrregularFile(_ status: stat) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: "a folder"
    case S_IFIFO: "a named pipe"
    case S_IFSOCK: "a socket"
    case S_IFCHR, S_IFBLK: "a device"
    default: "not a regular file"
    }
  }
}
