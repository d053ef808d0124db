import Foundation
import PluginAPI

/// Reads the records of a CSV file one by one (RFC 4180): fields in quotes may hold delimiters, line ends and doubled quotes; CR, LF
/// and CRLF end a record; empty lines and a byte order mark are passed over.
public struct CSVReader {
  /// A record and the line it begins in, from 1.
  public struct Record: Equatable, Sendable {
    public let line: Int
    public let fields: [String]
  }

  private let bytes: [UInt8]
  private let file: String
  private let delimiter: UInt8
  private var position = 0
  private var line = 1

  private static let quote = UInt8(ascii: "\""), lineFeed = UInt8(ascii: "\n"), carriageReturn = UInt8(ascii: "\r")

  /// - Throws: `BasinError`: `.missingInput` where there is no file, `.inputOutput` where it cannot be read, `.badData` where it is
  ///   empty.
  public init(file: String, delimiter: Character) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) else {
      throw BasinError.missing("there is no such file", file: file, advice: "Check the path")
    }
    guard !isFolder.boolValue else { throw BasinError.missing("is a folder, not a table", file: file, advice: "Name a file in it") }
    guard let data = FileManager.default.contents(atPath: file) else {
      throw BasinError(.inputOutput, "cannot be read", file: file, advice: "Check its permissions")
    }
    self.init(bytes: [UInt8](data), file: file, delimiter: delimiter)
    guard !bytes.isEmpty else {
      throw BasinError.badData("the file is empty", file: file, advice: "Its first line names the columns")
    }
  }

  /// - Parameter file: the name for messages.
  public init(bytes: [UInt8], file: String, delimiter: Character = ",") {
    self.bytes = bytes
    self.file = file
    self.delimiter = delimiter.asciiValue ?? UInt8(ascii: ",")
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The next record; nil at the end.
  ///
  /// - Throws: `BasinError` of kind `.badData` with the line, and the field in it, for a quote that never closes or stands within a
  ///   field, for what follows a closing quote, and for bytes that are no text in UTF-8.
  public mutating func next() throws -> Record? {
    while position < bytes.count, isLineEnd(bytes[position]) { passLineEnd() }
    guard position < bytes.count else { return nil }
    let first = line
    var fields: [String] = []
    while true {
      fields.append(try field(number: fields.count + 1))
      guard position < bytes.count else { break }
      if bytes[position] == delimiter {
        position += 1
        continue
      }
      passLineEnd()
      break
    }
    return Record(line: first, fields: fields)
  }

  private func isLineEnd(_ byte: UInt8) -> Bool { byte == Self.lineFeed || byte == Self.carriageReturn }

  private mutating func passLineEnd() {
    if bytes[position] == Self.carriageReturn, position + 1 < bytes.count, bytes[position + 1] == Self.lineFeed { position += 1 }
    position += 1
    line += 1
  }

  /// Reads up to the delimiter, line end or end of the file that ends the field.
  private mutating func field(number: Int) throws -> String {
    guard position < bytes.count, bytes[position] == Self.quote else {
      let begin = position
      while position < bytes.count, bytes[position] != delimiter, !isLineEnd(bytes[position]) {
        if bytes[position] == Self.quote {
          throw bad(
            "a quote within a field that does not begin with one", number,
            "Put the field in quotes, and write each quote within it twice")
        }
        position += 1
      }
      return try text(bytes[begin..<position], number)
    }
    let opened = line
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      if byte == Self.quote {
        position += 1
        guard position < bytes.count, bytes[position] == Self.quote else {
          guard position == bytes.count || bytes[position] == delimiter || isLineEnd(bytes[position]) else {
            throw bad("something follows a closing quote", number, "Write each quote within a field in quotes twice")
          }
          return try text(content[...], number)
        }
      }
      if isLineEnd(byte) {
        let begin = position
        passLineEnd()
        content += bytes[begin..<position]
      } else {
        content.append(byte)
        position += 1
      }
    }
    line = opened
    throw bad("a field in quotes never ends", number, "Close the quote")
  }

  private func text(_ slice: ArraySlice<UInt8>, _ number: Int) throws -> String {
    guard !slice.contains(0), let text = String(validating: slice, as: UTF8.self) else {
      throw bad("bytes that are no text in UTF-8", number, "Save the table as CSV in UTF-8")
    }
    return text
  }

  private func bad(_ message: String, _ number: Int, _ advice: String) -> BasinError {
    .badData(message, file: file, place: "line \(line), field \(number)", advice: advice)
  }
}
