import Foundation
import PluginAPI

/// A JSON object of a file, whose values are asked for by type: what does not fit names the file and the key.
struct JSONDocument {
  let file: String
  private(set) var object: [String: Any]

  /// - Throws: `BasinError` with line and column where the text is not JSON.
  static func read(_ file: String) throws -> JSONDocument {
    guard let data = FileManager.default.contents(atPath: file) else {
      throw BasinError.missing("cannot be read", file: file, advice: "Check the path and its permissions")
    }
    return try JSONDocument(data, file: file)
  }

  init(_ data: Data, file: String) throws {
    self.file = file
    let value: Any
    do {
      value = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
    } catch {
      throw Self.syntaxError(error, in: data, file: file)
    }
    guard let object = value as? [String: Any] else {
      throw BasinError.badData("is not a JSON object", file: file, place: "line 1, column 1", advice: "Fetch the file again")
    }
    self.object = object
  }

  /// A document of one's own.
  init(_ object: [String: Any], file: String) { (self.object, self.file) = (object, file) }

  /// Foundation tells the byte in words alone, and nothing where the text ends early.
  private static func syntaxError(_ error: any Error, in data: Data, file: String) -> BasinError {
    let words = ((error as NSError).userInfo["NSDebugDescription"] as? String ?? "").split { !$0.isNumber }
    let bytes = Array(data)
    let offset = min(words.last.flatMap { Int($0) } ?? bytes.count, bytes.count)
    let before = bytes[..<offset]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let column = offset - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
    return .badData(
      offset == bytes.count ? "the JSON ends early" : "is not JSON", file: file, place: "line \(line), column \(column)",
      advice: "Fetch the file again")
  }

  // MARK: Values

  func has(_ key: String) -> Bool { object[key] != nil && !(object[key] is NSNull) }

  func text(_ key: String) throws -> String? {
    try value(key, "text") { $0 as? String }
  }

  func flag(_ key: String) throws -> Bool? {
    try value(key, "true or false") { $0 as? Bool }
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    try value(key, "an integer from \(range.lowerBound) to \(range.upperBound)") { item in
      guard let number = item as? NSNumber, let value = Int(exactly: number.doubleValue), range.contains(value) else {
        return nil
      }
      return value
    }
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
    try value(key, "a number from \(range.lowerBound) to \(range.upperBound)") { item in
      guard let value = (item as? NSNumber)?.doubleValue, range.contains(value) else { return nil }
      return value
    }
  }

  func dictionary(_ key: String) throws -> [String: Any]? {
    try value(key, "an object") { $0 as? [String: Any] }
  }

  private func value<T>(_ key: String, _ wanted: String, _ convert: (Any) -> T?) throws -> T? {
    guard let item = object[key], !(item is NSNull) else { return nil }
    guard let value = convert(item) else { throw failure(key, "is not \(wanted)") }
    return value
  }

  func failure(_ key: String, _ message: String, advice: String? = nil) -> BasinError {
    .badData(message, file: file, place: "key \"\(key)\"", advice: advice ?? "Use the file that belongs to the weights")
  }

  mutating func set(_ key: String, _ value: Any) { object[key] = value }
  mutating func remove(_ key: String) { object[key] = nil }

  /// The text of the object, keys sorted.
  func data() throws -> Data {
    var data = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    data.append(UInt8(ascii: "\n"))
    return data
  }
}
