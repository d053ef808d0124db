import Foundation
import PluginAPI

/// Looks for a module's manifest among the bytes of a library.
public enum ManifestScan {
  public static let startMark = "BASIN-MODULE-MANIFEST "
  public static let endMark = " END-BASIN-MODULE-MANIFEST"
  /// Longest JSON object that is looked at, in bytes.
  public static let lengthLimit = 64 << 10
  /// After this many objects that are no manifest the search ends: a hostile file could otherwise make it quadratic.
  private static let attemptLimit = 256

  public enum Finding: Hashable, Sendable {
    case manifest(ModuleManifest)
    /// Marks and an object between them, but no valid manifest; what is wrong with the first of them.
    case invalid(reason: String)
    case none
  }

  /// The first valid manifest. The mark alone, as in the code that looks for it, is passed over.
  /// Complexity: O(size), nearly all of it in `memchr`; nothing after the manifest is looked at.
  public static func find(in bytes: [UInt8]) -> Finding {
    bytes.withUnsafeBytes { find(in: $0) }
  }

  public static func find(in bytes: UnsafeRawBufferPointer) -> Finding {
    let start = Array(startMark.utf8)
    let end = Array(endMark.utf8)
    var position = 0
    var nextEnd: Int?
    var reason: String?
    var attempts = 0
    while attempts < attemptLimit, let mark = offset(of: start, in: bytes, from: position) {
      let object = mark + start.count
      position = object
      guard isObjectStart(bytes[object...].prefix(64)) else { continue }
      // The same end serves many starts, so that each byte is searched for it once only.
      if (nextEnd ?? -1) < object {
        guard let found = offset(of: end, in: bytes, from: object) else {
          return .invalid(reason: reason ?? "it has no end mark")
        }
        nextEnd = found
      }
      guard let nextEnd, nextEnd - object <= lengthLimit else {
        reason = reason ?? "it is longer than \(lengthLimit) bytes"
        continue
      }
      attempts += 1
      do {
        return .manifest(try JSONDecoder().decode(ModuleManifest.self, from: Data(bytes[object..<nextEnd])))
      } catch {
        reason = reason ?? describe(error)
      }
    }
    return reason.map { .invalid(reason: $0) } ?? .none
  }

  /// The manifest of a file, without any check of the file itself; nil where it has none.
  /// - Throws: ``BasinError`` where the file cannot be read.
  public static func manifest(ofFile path: String) throws -> ModuleManifest? {
    guard case .manifest(let manifest) = find(in: try FileSnapshot(reading: path).bytes) else { return nil }
    return manifest
  }

  private static func isObjectStart(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } == UInt8(ascii: "{")
  }

  /// `memchr` for the first byte, then a comparison: the C library's `memmem` is not visible to Swift.
  private static func offset(of needle: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = bytes.baseAddress, let first = needle.first else { return nil }
    var position = start
    while bytes.count - position >= needle.count {
      let candidates = bytes.count - position - needle.count + 1
      guard let found = memchr(base + position, Int32(first), candidates) else { return nil }
      if memcmp(found, needle, needle.count) == 0 { return UnsafeRawPointer(found) - base }
      position = UnsafeRawPointer(found) - base + 1
    }
    return nil
  }

  private static func describe(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "key \"\(key.stringValue)\" is missing"
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" is of the wrong type"
    case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty: "it is not valid JSON"
    case DecodingError.dataCorrupted(let context):
      "\"\(context.codingPath.map(\.stringValue).joined(separator: "."))\": \(context.debugDescription)"
    default: "it is not valid JSON"
    }
  }
}
