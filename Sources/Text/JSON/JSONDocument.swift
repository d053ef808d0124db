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
    let text = try SourceText([UInt8](data), file: file, encoding: .utf8)
    let value = Self.value(try JSONNode.read(text))
    guard let object = value as? [String: Any] else {
      throw BasinError.badData("is not a JSON object", file: file, place: "line 1, column 1", advice: "Fetch the file again")
    }
    self.object = object
  }

  /// A document of one's own.
  init(_ object: [String: Any], file: String) { (self.object, self.file) = (object, file) }

  /// As Foundation has it.
  private static func value(_ node: JSONNode) -> Any {
    switch node.value {
    case .null: NSNull()
    case .boolean(let flag): flag
    case .number(let text):
      if let number = Int(text) { number } else { Double(text) ?? .nan }
    case .string(let bytes): String(decoding: bytes, as: UTF8.self)
    case .array(let nodes): nodes.map(value)
    case .object(let members):
      // Of equal names the last counts, as for Python.
      Dictionary(members.map { (String(decoding: $0.name, as: UTF8.self), value($0.node)) }) { $1 }
    }
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
      let value = (item as? Int) ?? (item as? Double).flatMap { Int(exactly: $0) }
      return value.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  func number(_ key: String, in range: ClosedRange<Double>) throws -> Double? {
    try value(key, "a number from \(range.lowerBound) to \(range.upperBound)") { item in
      let value = (item as? Double) ?? (item as? Int).map { Double($0) }
      return value.flatMap { range.contains($0) ? $0 : nil }
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
