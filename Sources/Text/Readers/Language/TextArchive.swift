import CArchive
import Foundation
import PluginAPI

/// Text files inside a zip or tar archive, read without unpacking it to disk.
enum TextArchive {
  /// The bytes of the members with these names. What lies under `__MACOSX/`, where a Mac's archiver puts the attributes of
  /// files under their names, is passed over; else the first of a name counts, in whatever folder of the archive.
  ///
  /// - Throws: `BasinError`: `.badData` for an archive that is damaged or unpacks to more than a hundred times its size.
  static func members(_ names: Set<String>, of path: String) throws -> [String: [UInt8]] {
    guard let archive = archive_read_new() else { throw BasinError.internalError("libarchive gave no reader") }
    defer { archive_read_free(archive) }
    archive_read_support_filter_all(archive)
    archive_read_support_format_tar(archive)
    archive_read_support_format_zip(archive)
    func damaged(_ member: String?) -> BasinError {
      let text = archive_error_string(archive).map { String(cString: $0) } ?? "unreadable"
      return .badData(
        "not a whole archive: \(text)", file: path, place: member.map { "member \($0)" }, advice: "Fetch the file again")
    }
    guard archive_read_open_filename(archive, path, 1 << 16) == ARCHIVE_OK else { throw damaged(nil) }
    let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue ?? 0
    var left = (64 << 20) + 100 * size
    var found: [String: [UInt8]] = [:]
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(archive, &entry)
      if status == ARCHIVE_EOF { break }
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else { throw damaged(nil) }
      let full = archive_entry_pathname(entry).map { String(cString: $0) } ?? ""
      let parts = full.split(separator: "/")
      guard let name = parts.last.map(String.init), archive_entry_filetype(entry) == 0o100000, !parts.contains("__MACOSX"),
        names.contains(name), found[name] == nil
      else { continue }
      var bytes: [UInt8] = []
      while true {
        let got = buffer.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress, $0.count) }
        // Of the content even a warning is an error: zip's wrong checksums are warnings.
        guard got >= 0 else { throw damaged(full) }
        if got == 0 { break }
        left -= got
        guard left >= 0 else {
          throw BasinError.badData(
            "unpacks to more than a hundred times its size", file: path, place: "member \(full)",
            advice: "This is no data set; if it is, unpack it first")
        }
        bytes += buffer[..<got]
      }
      found[name] = bytes
    }
    return found
  }
}
