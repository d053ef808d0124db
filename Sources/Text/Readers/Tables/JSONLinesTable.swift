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
      guard case .object(let members) = try JSONNode.read(source, in: range).value else {
        throw source.badData("this is no JSON object", at: range.lowerBound, advice: "Every line is one object of columns")
      }
      let object = Dictionary(members.map { (String(decoding: $0.name, as: UTF8.self), $0.node.value) }) { $1 }
      let columns = keys ?? object.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      keys = columns
      for key in columns { values.append(object[key].map(Self.value) ?? .absent) }
      offsets.append(range.lowerBound)
    }
    names = keys ?? []
  }

  private static func value(_ value: JSONNode.Value) -> Value {
    switch value {
    case .string(let bytes): .text(String(decoding: bytes, as: UTF8.self))
    case .number(let text): .text(text)
    case .boolean(let flag): .text(flag ? "true" : "false")
    case .null: .absent
    case .array, .object: .other
    }
  }

  func field(row: Int, column: Int) throws -> String {
    switch values[row * names.count + column] {
    case .text(let text): return text
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

  /// Whether there is nothing but ASCII white space.
  var isBlank: Bool { utf8.allSatisfy { SourceText.isBlank($0) } }
}
