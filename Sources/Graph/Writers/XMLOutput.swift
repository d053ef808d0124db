import CZlib
import Foundation
import PluginAPI

/// Writes an XML file piece by piece, gzipped where its name ends in `.gz`. The file appears under its name when it
/// is whole.
final class XMLOutput {
  private let path: String
  private let temporary: String
  private var handle: gzFile?
  private var buffer: [UInt8] = []
  private static let pieceSize = 1 << 20

  /// - Throws: ``BasinError`` of kind `.cannotCreate`.
  init(_ path: String) throws(BasinError) {
    self.path = path
    temporary = path + ".\(getpid()).part"
    // `T` writes as is, without compression.
    handle = gzopen(temporary, path.lowercased().hasSuffix(".gz") ? "wb6" : "wbT")
    guard handle != nil else {
      throw BasinError(
        .cannotCreate, "the file cannot be made: \(String(cString: strerror(errno)))", file: path,
        advice: "Check the folder and the permissions")
    }
    buffer.reserveCapacity(Self.pieceSize + 1024)
  }

  deinit {
    guard let handle else { return }
    gzclose(handle)
    unlink(temporary)
  }

  /// Markup as it is.
  func raw(_ text: StaticString) {
    buffer.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Text of numbers and the like, in which nothing has to be escaped.
  func plain(_ text: String) { buffer.append(contentsOf: text.utf8) }

  /// The text of an element.
  func text(_ text: some Sequence<UInt8>, of what: @autoclosure () -> String) throws(BasinError) {
    try escaped(text, isAttribute: false, of: what)
    if buffer.count >= Self.pieceSize { try flush() }
  }

  /// ` name="value"`.
  func attribute(_ name: StaticString, _ value: some Sequence<UInt8>, of what: @autoclosure () -> String)
    throws(BasinError)
  {
    raw(" ")
    raw(name)
    raw("=\"")
    try escaped(value, isAttribute: true, of: what)
    raw("\"")
    if buffer.count >= Self.pieceSize { try flush() }
  }

  private func escaped(
    _ text: some Sequence<UInt8>, isAttribute: Bool, of what: () -> String
  ) throws(BasinError) {
    for byte in text {
      switch byte {
      case UInt8(ascii: "&"): raw("&amp;")
      case UInt8(ascii: "<"): raw("&lt;")
      case UInt8(ascii: ">"): raw("&gt;")
      case UInt8(ascii: "\"") where isAttribute: raw("&quot;")
      // A reader turns these into a newline or a blank.
      case 13: raw("&#13;")
      case 10 where isAttribute: raw("&#10;")
      case 9 where isAttribute: raw("&#9;")
      case 0..<32 where byte != 9 && byte != 10:
        throw .badData(
          "a text has the control character \(byte), which XML cannot hold", file: path, place: what(),
          advice: "Take it out of the text")
      default: buffer.append(byte)
      }
    }
  }

  private func flush() throws(BasinError) {
    let written = buffer.withUnsafeBytes { gzwrite(handle, $0.baseAddress, UInt32($0.count)) }
    guard Int(written) == buffer.count else { throw failure() }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Ends the file and puts it in its place.
  func finish() throws(BasinError) {
    if !buffer.isEmpty { try flush() }
    let status = gzclose(handle)
    handle = nil
    guard status == Z_OK, rename(temporary, path) == 0 else {
      let error = failure()
      unlink(temporary)
      throw error
    }
  }

  private func failure() -> BasinError {
    BasinError(.inputOutput, "writing failed: \(String(cString: strerror(errno)))", file: path)
  }
}
