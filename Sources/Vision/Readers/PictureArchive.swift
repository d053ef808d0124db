import CArchive
import PluginAPI

/// Walks over the members of a tar file (ustar, GNU and pax names; compressed or not) with libarchive.
///
/// Nothing is written to disk, so paths in the archive can do no harm. A file that ends without tar's end marker is
/// refused: it was cut off, and pictures would be missing silently.
enum PictureArchive {
  enum Member {
    case folder(String)
    /// Path and content of a regular file that `wanted` asked for.
    case file(String, [UInt8])
  }

  /// Calls `body` for every folder, and for every file whose path (`.` and empty parts left out) `wanted` says yes to.
  static func forEachMember(
    of path: String, where wanted: (String) -> Bool, _ body: (Member) throws -> Void
  ) throws {
    let source = try ArchiveSource(path)
    guard let archive = archive_read_new() else { throw BasinError.internalError("libarchive gave no reader") }
    defer { archive_read_free(archive) }
    archive_read_support_filter_all(archive)
    archive_read_support_format_tar(archive)
    let status = withExtendedLifetime(source) {
      archive_read_open(
        archive, Unmanaged.passUnretained(source).toOpaque(), nil,
        { _, source, piece in
          guard let source, let piece else { return -1 }
          return Unmanaged<ArchiveSource>.fromOpaque(source).takeUnretainedValue().nextPiece(piece)
        }, nil)
    }
    try withExtendedLifetime(source) {
      try check(status, archive, source, place: nil)
      var last: String?
      while true {
        var entry: OpaquePointer?
        let status = archive_read_next_header(archive, &entry)
        if status == ARCHIVE_EOF { break }
        try check(status, archive, source, place: last.map { "after member \($0)" })
        guard let entry else { break }
        let name = normalized(memberPath(entry))
        last = name
        try visit(entry, name, archive, source, wanted, body)
      }
      try source.finish()
    }
  }

  /// The content of the files whose last part of the path is among `names`, by that part.
  static func members(of path: String, named names: Set<String>) throws -> [String: [UInt8]] {
    func lastPart(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }
    var members: [String: [UInt8]] = [:]
    try forEachMember(of: path, where: { names.contains(lastPart($0)) }) { member in
      if case .file(let path, let bytes) = member { members[lastPart(path)] = bytes }
    }
    return members
  }

  private static func visit(
    _ entry: OpaquePointer, _ name: String, _ archive: OpaquePointer, _ source: ArchiveSource,
    _ wanted: (String) -> Bool, _ body: (Member) throws -> Void
  ) throws {
    let type = archive_entry_filetype(entry)
    if type == 0o040000 { return try body(.folder(name)) }
    guard wanted(name) else { return }
    guard type == 0o100000, archive_entry_hardlink(entry) == nil else {
      throw BasinError.badData(
        "a link or special file where a picture is expected", file: source.path, place: "member \(name)",
        advice: "Pack the archive again with tar --dereference --hard-dereference")
    }
    try body(.file(name, content(of: name, archive, source)))
  }

  /// Reads a member. Memory grows with the data, not with the size the header states.
  private static func content(of name: String, _ archive: OpaquePointer, _ source: ArchiveSource) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let start = bytes.count
      let room = min(max(start, 1 << 14), 1 << 24)
      bytes.append(contentsOf: repeatElement(0, count: room))
      let got = bytes.withUnsafeMutableBytes { buffer in
        archive_read_data(archive, buffer.baseAddress?.advanced(by: start), room)
      }
      if got < 0 { try check(Int32(truncatingIfNeeded: got), archive, source, place: "member \(name)") }
      bytes.removeLast(room - max(got, 0))
      if got <= 0 { return bytes }
      guard bytes.count <= 1 << 30 else {
        throw BasinError.badData("larger than 1 GiB", file: source.path, place: "member \(name)")
      }
    }
  }

  private static func check(
    _ status: Int32, _ archive: OpaquePointer, _ source: ArchiveSource, place: String?
  ) throws {
    if let failure = source.failure { throw failure }
    // A warning says that a name or an attribute is odd; the content is whole.
    guard status != ARCHIVE_OK, status != ARCHIVE_WARN else { return }
    let text = archive_error_string(archive).map { String(cString: $0) } ?? "unreadable"
    throw BasinError.badData(
      "not a whole tar file: \(text)", file: source.path, place: place, advice: "Fetch or pack the file again")
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

/// Feeds libarchive with the bytes of a file. gzip is taken off here, by zlib, because libarchive ignores its checksum.
private final class ArchiveSource {
  let path: String
  private(set) var failure: BasinError?
  private let file: PossiblyGzippedFile
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
  private var isTar = false
  private var tail: [UInt8] = []

  init(_ path: String) throws {
    self.path = path
    file = try PossiblyGzippedFile(path)
  }

  deinit { buffer.deallocate() }

  /// The callback of libarchive: the bytes in `piece`, or 0 at the end, or -1 with ``failure`` set.
  func nextPiece(_ piece: UnsafeMutablePointer<UnsafeRawPointer?>) -> Int {
    do {
      let isFirst = file.offset == 0
      let count = try file.read(into: buffer)
      if isFirst { isTar = count > 262 && buffer[257..<262].elementsEqual("ustar".utf8) }
      tail = Array((tail + buffer[max(0, count - 512)..<count]).suffix(512))
      piece.pointee = UnsafeRawPointer(buffer.baseAddress)
      return count
    } catch {
      failure = error as? BasinError ?? .internalError("\(error)")
      return -1
    }
  }

  /// Reads on to the end, so that the gzip checksum is verified, and looks for tar's end marker: a block of zeros.
  func finish() throws {
    var ignored: UnsafeRawPointer?
    while nextPiece(&ignored) > 0 {}
    if let failure { throw failure }
    // Behind another compression (xz, zstd) the tar bytes are not seen here; those formats notice truncation
    // themselves.
    if isTar, tail.contains(where: { $0 != 0 }) {
      throw BasinError.badData(
        "the tar file ends without its end marker: it is truncated", file: path, place: "byte \(file.offset)",
        advice: "Fetch or pack the file again")
    }
  }
}
