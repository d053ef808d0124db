import Foundation
import PluginAPI

/// The bytes of a text file, checked once against their encoding, with the means to say where in the file something is.
///
/// Readers work on the bytes and make a `String` only of what they keep: splitting by `Character` would be some fifty
/// times slower on a file like SST-2's.
public struct SourceText: Sendable {
  public enum Encoding: Sendable {
    /// Checked strictly; a byte order mark at the start is skipped.
    case utf8
    /// ISO 8859-1: every byte is the code point of the same number.
    case latin1
  }

  public let file: String
  public let bytes: [UInt8]
  public let encoding: Encoding
  /// Where the text begins: behind the byte order mark, if there is one.
  public let start: Int

  /// Reads and checks a file.
  ///
  /// - Throws: `BasinError`: `.missingInput` where there is no such file, `.inputOutput` where it cannot be read,
  ///   `.badData` as ``init(_:file:encoding:)`` does.
  public init(contentsOf path: String, encoding: Encoding) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw BasinError.missing("no such file", file: path, advice: "Check the path, or set --data-root")
    }
    // Reading a pipe or a device might never end.
    let type =
      try? FileManager.default.attributesOfItem(
        atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)[.type] as? FileAttributeType
    guard !isFolder.boolValue, type == .typeRegular else {
      throw BasinError.missing("this is not a regular file", file: path, advice: "Name a text file")
    }
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw BasinError(
        .inputOutput, "cannot be read: \(error.localizedDescription)", file: path,
        advice: "Check the permissions of the file")
    }
    try self.init([UInt8](data), file: path, encoding: encoding)
  }

  /// Checks bytes that are already in memory; `file` is the name for error messages.
  ///
  /// - Throws: `BasinError` (`.badData`) for a NUL byte, a UTF-16 byte order mark, and, where the encoding is UTF-8,
  ///   for the first byte that is not UTF-8; each with line and byte offset.
  public init(_ bytes: [UInt8], file: String, encoding: Encoding) throws {
    self.file = file
    self.bytes = bytes
    self.encoding = encoding
    start = encoding == .utf8 && bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0

    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw BasinError.badData("the file is UTF-16", file: file, place: "byte 0", advice: "Convert it to UTF-8")
    }
    if let offset = bytes.firstIndex(of: 0) {
      throw BasinError.badData(
        "a NUL byte in a text file", file: file, place: bytePlace(of: offset),
        advice: "The file is damaged, binary, or UTF-16 or UTF-32: convert it to UTF-8")
    }
    if encoding == .utf8, let offset = UTF8Check.firstBadByte(in: bytes) {
      throw BasinError.badData(
        "byte 0x\(String(bytes[offset], radix: 16)) is not UTF-8", file: file,
        place: bytePlace(of: offset), advice: "Convert the file to UTF-8, for example with iconv -f latin1 -t utf8")
    }
  }

  /// The text of a range of bytes, decoded. The range must begin and end at character boundaries.
  public func string(_ range: Range<Int>) -> String {
    bytes.withUnsafeBufferPointer { string(of: UnsafeBufferPointer(rebasing: $0[range])) }
  }

  func string(of part: UnsafeBufferPointer<UInt8>) -> String {
    if encoding == .utf8 || part.allSatisfy({ $0 < 0x80 }) { return String(decoding: part, as: UTF8.self) }
    // Latin-1 bytes and UTF-16 units have the same numbers.
    return String(decoding: part.map { UInt16($0) }, as: UTF16.self)
  }

  /// The range without the spaces, tabs and line ends at both sides.
  public func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (lower, upper) = (range.lowerBound, range.upperBound)
    while lower < upper, Self.isBlank(bytes[lower]) { lower += 1 }
    while lower < upper, Self.isBlank(bytes[upper - 1]) { upper -= 1 }
    return lower..<upper
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  /// The lines as byte ranges without their ends (LF or CRLF), from ``start``. A last line without an end counts.
  public func lines() -> [Range<Int>] {
    var lines: [Range<Int>] = []
    bytes.withUnsafeBufferPointer { bytes in
      var begin = start
      while begin < bytes.count {
        var end = begin
        while end < bytes.count, bytes[end] != 0x0A { end += 1 }
        let next = end + 1
        if end > begin, bytes[end - 1] == 0x0D { end -= 1 }
        lines.append(begin..<end)
        begin = next
      }
    }
    return lines
  }

  /// Line and column, both from 1; columns are counted in bytes. Line ends are LF, CRLF and lone CR. Linear time: for
  /// errors only.
  public func place(of offset: Int) -> String {
    let (line, column) = lineAndColumn(of: offset)
    return "line \(line), column \(column)"
  }

  private func bytePlace(of offset: Int) -> String { "line \(lineAndColumn(of: offset).line), byte \(offset)" }

  private func lineAndColumn(of offset: Int) -> (line: Int, column: Int) {
    let end = min(max(offset, 0), bytes.count)
    var (line, lineStart) = (1, min(start, end))
    for index in lineStart..<end {
      let byte = bytes[index]
      let isLineEnd = byte == 0x0A || (byte == 0x0D && !(index + 1 < bytes.count && bytes[index + 1] == 0x0A))
      if isLineEnd { (line, lineStart) = (line + 1, index + 1) }
    }
    return (line, end - lineStart + 1)
  }

  /// An error about the byte at `offset`.
  public func badData(_ message: String, at offset: Int, advice: String? = nil) -> BasinError {
    .badData(message, file: file, place: place(of: offset), advice: advice)
  }

  /// A text from the file for an error message: at most 40 characters, control characters escaped.
  func quoted(_ range: Range<Int>) -> String {
    let text = string(range)
    let cut = text.count > 40 ? String(text.prefix(40)) + "..." : text
    return cut.debugDescription
  }
}
