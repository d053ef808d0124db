import CArchive
import PluginAPI

/// Walks over the files in an archive (tar in any of its forms, compressed or not, or zip) with libarchive.
///
/// Nothing is written to disk, so paths in the archive can do no harm; what it unpacks to is limited. gzip is taken off by zlib, because libarchive
/// ignores its
/// checksum.
enum GraphArchive {
  /// Whether a file's name is that of an archive.
  static func isArchive(_ path: String) -> Bool {
    [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".zip"].contains { path.lowercased().hasSuffix($0) }
  }

  /// Gives the next bytes of the member the walk is at, none at its end.
  typealias Reader = (UnsafeMutableRawBufferPointer) throws(BasinError) -> Int

  /// Calls `body` for every regular file, with its path (`.` and empty parts left out).
  static func forEachFile(
    of path: String, _ body: (_ name: String, _ read: @escaping Reader) throws(BasinError) -> Void
  ) throws(BasinError) {
    let source = try ArchiveSource(path)
    guard let archive = archive_read_new() else { throw .internalError("libarchive gave no reader") }
    defer { archive_read_free(archive) }
    archive_read_support_filter_all(archive)
    archive_read_support_format_tar(archive)
    archive_read_support_format_zip(archive)
    let status = archive_read_open(
      archive, Unmanaged.passUnretained(source).toOpaque(), nil,
      { _, source, piece in
        guard let source, let piece else { return -1 }
        return Unmanaged<ArchiveSource>.fromOpaque(source).takeUnretainedValue().nextPiece(piece)
      }, nil)
    try check(Int(status), archive, source, member: nil)
    let limit = Limit(path)
    var last: String?
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { break }
      try check(Int(status), archive, source, member: last)
      guard let entry else { break }
      let name = normalized(memberPath(entry))
      last = name
      guard archive_entry_filetype(entry) == 0o100000 else { continue }
      let read: Reader = { (buffer) throws(BasinError) in
        let got = archive_read_data(archive, buffer.baseAddress, buffer.count)
        // Of the content even a warning is an error: zip's wrong checksums are warnings.
        guard got >= 0 else { throw source.failure ?? damaged(archive, source, member: name) }
        try limit.value.spend(got, member: name)
        return got
      }
      try body(name, read)
      // libarchive would pass over the rest of a packed tar in one call, however long it takes.
      if archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK == ARCHIVE_FORMAT_TAR {
        while try read(source.rest) > 0 {}
      }
    }
    try source.finish()
    withExtendedLifetime(source) {}
  }

  private static func check(
    _ status: Int, _ archive: OpaquePointer, _ source: ArchiveSource, member: String?
  ) throws(BasinError) {
    if let failure = source.failure { throw failure }
    // A warning says that a name or an attribute is odd; the content is whole.
    guard status < 0, status != Int(ARCHIVE_WARN) else { return }
    throw damaged(archive, source, member: member)
  }

  private static func damaged(_ archive: OpaquePointer, _ source: ArchiveSource, member: String?) -> BasinError {
    let text = archive_error_string(archive).map { String(cString: $0) } ?? "unreadable"
    return .badData(
      "not a whole archive: \(text)", file: source.path, place: member.map { "member \($0)" },
      advice: "Fetch or pack the file again")
  }

  private static func memberPath(_ entry: OpaquePointer) -> String {
    if let name = archive_entry_pathname_utf8(entry) { return String(cString: name) }
    // Bytes that are not UTF-8: String(cString:) puts a replacement character in their place.
    return archive_entry_pathname(entry).map { String(cString: $0) } ?? ""
  }

  private static func normalized(_ path: String) -> String {
    path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }
}

/// For the closures that share it.
private final class Limit {
  var value: UnpackingLimit

  init(_ path: String) { value = UnpackingLimit(path) }
}

/// Feeds libarchive with the bytes of a file.
private final class ArchiveSource {
  let path: String
  private(set) var failure: BasinError?
  private let file: UnpackedFile
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
  /// For bytes that nobody wants.
  let rest = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)

  init(_ path: String) throws(BasinError) {
    self.path = path
    file = try UnpackedFile(path)
  }

  deinit {
    buffer.deallocate()
    rest.deallocate()
  }

  /// The callback of libarchive: the bytes in `piece`, or 0 at the end, or -1 with ``failure`` set.
  func nextPiece(_ piece: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
    do throws(BasinError) {
      let count = try file.read(into: buffer)
      piece.pointee = UnsafeRawPointer(buffer.baseAddress)
      return count
    } catch {
      failure = error
      return -1
    }
  }

  /// Reads on to the end, so that the gzip checksum is verified.
  func finish() throws(BasinError) {
    var ignored: UnsafeRawPointer?
    while nextPiece(&ignored) > 0 {}
    if let failure { throw failure }
  }
}
