import Foundation
import PluginAPI

/// JSON lines: an object a line, whose keys are the columns. Texts, numbers and booleans are fields; others may be there and
/// are errors only where they are asked for.
struct JSONLinesTable: RowTable {
  let source: SourceText
  /// The keys of the first object, sorted.
  let names: [String]
  private enum Value { case absent, text(String), other }
  /// Row by row; a column is a key of the first object.
  private var values: [Value] = []
  private var offsets: [Int] = []

  var columns: Int { names.count }
  var rows: Int { offsets.count }
  var columnNames: [String]? { names }

  /// - Throws: `BasinError` (`.badData`) with line and column for what is no JSON object.
  init(_ source: SourceText) throws {
    self.source = source
    var keys: [String]?
    for line in source.lines() {
      let range = source.trimmed(line)
      if range.isEmpty { continue }
      let parsed: Any
      do {
        parsed = try JSONSerialization.jsonObject(with: Data(source.bytes[range]), options: [.fragmentsAllowed])
      } catch {
        throw source.badData("this is no JSON", at: range.lowerBound, advice: "Every line is one JSON object")
      }
      guard let object = parsed as? [String: Any] else {
        throw source.badData("this is no JSON object", at: range.lowerBound, advice: "Every line is one object of columns")
      }
      let columns = keys ?? object.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      keys = columns
      for key in columns { values.append(Self.value(object[key])) }
      offsets.append(range.lowerBound)
    }
    names = keys ?? []
  }

  private static func value(_ any: Any?) -> Value {
    switch any {
    case let text as String: return .text(text)
    case let number as NSNumber:
      // A number may pass for a Bool and the other way round; only the type it was made from tells.
      if number.objCType.pointee == CChar(bitPattern: UInt8(ascii: "c")) { return .text(number.boolValue ? "true" : "false") }
      return .text(number.stringValue)
    case nil, is NSNull: return .absent
    default: return .other
    }
  }

  func field(row: Int, column: Int) throws -> String {
    switch values[row * names.count + column] {
    case .text(let text): return text.trimmedOfWhiteSpace
    case .absent:
      throw source.badData(
        "the row has no \(LabelledTableReader.shortened(names[column]))", at: offsets[row], advice: "Give every row this key")
    case .other:
      throw source.badData(
        "\(LabelledTableReader.shortened(names[column])) is no text, number or boolean", at: offsets[row],
        advice: "Name another column")
    }
  }

  func offset(row: Int, column: Int) -> Int { offsets[row] }
}

extension StringProtocol {
  /// Without the ASCII white space at both ends.
  var trimmedOfWhiteSpace: String {
    let bytes = Array(utf8)
    guard let first = bytes.firstIndex(where: { !SourceText.isBlank($0) }),
      let last = bytes.lastIndex(where: { !SourceText.isBlank($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}
