import CFetch
import Foundation
import PluginAPI

/// Takes the named members out of a fetched archive, each into the place that its registration gives.
///
/// Nothing else of the archive is written, so names in it can do no harm. What was written is recorded beside it
/// (`NAME.unpacked.json`): by that the members are recognized later, when the archive is gone.
struct ArchiveMembers {
  /// What a record says: of which archive, and the SHA-256 of each file by its path under the data root.
  struct Record: Codable, Equatable {
    var archive: String
    var files: [String: String]
  }

  let file: PublishedFile
  let members: [PublishedFile.Member]
  let root: String

  private var archive: String { root + "/" + file.path }
  private var recordPath: String { archive + ".unpacked.json" }

  var record: Record? {
    FileManager.default.contents(atPath: recordPath).flatMap { try? JSONDecoder().decode(Record.self, from: $0) }
      .flatMap { $0.archive == file.digest.hex && Set($0.files.keys) == Set(members.map(\.path)) ? $0 : nil }
  }

  /// Those that are there in whatever state.
  var pathsThere: [String] { members.map(\.path).filter { FileManager.default.fileExists(atPath: root + "/" + $0) } }

  /// Writes the members, each by renaming a finished file, then the record; then deletes the archive.
  ///
  /// - Throws: `BasinError` for an archive that cannot be read, lacks a member, or holds far more than its size suggests.
  func unpack(isCancelled: @escaping () -> Bool) throws {
    let size = (try? FileManager.default.attributesOfItem(atPath: archive)[.size] as? Int) ?? 0
    let writer = MemberWriter(members, root: root, limit: 100 * size + 1 << 20, isCancelled: isCancelled)
    var unpacking = FetchUnpacking()
    unpacking.context = Unmanaged.passUnretained(writer).toOpaque()
    unpacking.member = { context, name, isRegular in
      MemberWriter.at(context).begin(name.map { String(cString: $0) } ?? "", isRegular: isRegular != 0)
    }
    unpacking.bytes = { MemberWriter.at($0).take(UnsafeRawBufferPointer(start: $1, count: $2)) ? 0 : 1 }
    unpacking.end = { MemberWriter.at($0).end() ? 0 : 1 }
    var reason = [CChar](repeating: 0, count: 512)
    let status = withExtendedLifetime(writer) { fetch_unpack(archive, &unpacking, &reason, reason.count) }
    defer { writer.discard() }
    if let failure = writer.failure { throw failure }
    let advice = "Fetch it again with --force"
    guard status != -2 else {
      throw BasinError.missing("libarchive, which unpacks it, is not there", file: archive, advice: "Install the package libarchive13")
    }
    guard status == 0 else {
      let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw BasinError.badData("the archive cannot be read: \(text)", file: archive, advice: advice)
    }
    let absent = members.map(\.name).filter { writer.written[$0] == nil }
    guard absent.isEmpty else {
      throw BasinError.badData("the archive lacks \(absent.joined(separator: ", "))", file: archive, advice: advice)
    }
    var record = Record(archive: file.digest.hex, files: [:])
    for member in members {
      guard let temporary = writer.written[member.name] else { continue }
      record.files[member.path] = try FileDigest.hex(temporary, like: .sha256(""))
      guard rename(temporary, root + "/" + member.path) == 0 else {
        throw FetchErrors.system("cannot be put into place", file: root + "/" + member.path)
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(encoder.encode(record), to: recordPath)
    unlink(archive)
  }
}

/// Writes members under temporary names as they come out of an archive.
private final class MemberWriter {
  private let paths: [String: String]
  private let limit: Int
  private let isCancelled: () -> Bool
  private var present: (name: String, path: String, file: Int32)?
  private var taken = 0
  /// Finished ones: the temporary file by the member's name.
  private(set) var written: [String: String] = [:]
  private(set) var failure: (any Error)?

  init(_ members: [PublishedFile.Member], root: String, limit: Int, isCancelled: @escaping () -> Bool) {
    paths = Dictionary(members.map { ($0.name, "\(root)/\($0.path).partial") }, uniquingKeysWith: { first, _ in first })
    self.limit = limit
    self.isCancelled = isCancelled
  }

  static func at(_ context: UnsafeMutableRawPointer?) -> MemberWriter {
    // Not nil: `unpack` sets it.
    Unmanaged<MemberWriter>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
  }

  /// 1: wanted, 0: not, -1: stop.
  func begin(_ name: String, isRegular: Bool) -> Int32 {
    guard let path = paths[name], written[name] == nil else { return 0 }
    do {
      guard isRegular else {
        throw BasinError.badData("a link or special file where the archive should have a file", file: path, place: "member \(name)")
      }
      try AtomicFile.makeFolder((path as NSString).deletingLastPathComponent)
      unlink(path)
      let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard file >= 0 else { throw FetchErrors.system("cannot be created", file: path) }
      present = (name, path, file)
      return 1
    } catch {
      failure = error
      return -1
    }
  }

  func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let present else { return false }
    do {
      if isCancelled() { throw Interrupted(checkpoint: nil) }
      taken += bytes.count
      guard taken <= limit else {
        throw BasinError.badData("unpacks to more than a hundred times its size", file: present.path, place: "member \(present.name)")
      }
      try AtomicFile.append(Data(bytes), to: present.file, path: present.path)
      return true
    } catch {
      failure = error
      return false
    }
  }

  func end() -> Bool {
    guard let present else { return false }
    self.present = nil
    defer { close(present.file) }
    written[present.name] = present.path
    guard fsync(present.file) == 0 else {
      failure = FetchErrors.system("cannot be written", file: present.path)
      return false
    }
    return true
  }

  /// Takes temporary files away that were not put into place.
  func discard() {
    if let present {
      close(present.file)
      unlink(present.path)
    }
    for path in written.values { unlink(path) }
  }
}
