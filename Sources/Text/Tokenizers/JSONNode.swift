import PluginAPI

/// A JSON value that knows where in its file it stands, so that an error can say it.
///
/// Foundation's reader forgets the order of names, takes the last of two equal ones in silence, and compares strings by
/// canonical equivalence, under which two tokens of a vocabulary can be one.
struct JSONNode: Sendable {
  enum Value: Sendable {
    case null
    case boolean(Bool)
    /// As it is written.
    case number(String)
    case string([UInt8])
    case array([JSONNode])
    case object([Member])
  }

  struct Member: Sendable {
    var name: [UInt8]
    var node: JSONNode
  }

  var value: Value
  /// The byte where the value begins.
  var offset = 0

  /// Deeper nesting is refused.
  static let deepest = 64

  /// Reads a whole document.
  ///
  /// - Throws: `BasinError` (`.badData`) with line and column where the text is not JSON (RFC 8259), nests deeper than
  ///   ``deepest``, or is not UTF-8.
  static func read(_ text: SourceText) throws -> JSONNode {
    try text.bytes.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(text: text, bytes: bytes, index: text.start)
      return try reader.document()
    }
  }

  static func text(_ text: String) -> JSONNode { JSONNode(value: .string(Array(text.utf8))) }
  static func number(_ number: Int) -> JSONNode { JSONNode(value: .number(String(number))) }
  static func boolean(_ flag: Bool) -> JSONNode { JSONNode(value: .boolean(flag)) }
  static let null = JSONNode(value: .null)
  static func array(_ nodes: [JSONNode]) -> JSONNode { JSONNode(value: .array(nodes)) }
  static func object(_ members: [(String, JSONNode)]) -> JSONNode {
    JSONNode(value: .object(members.map { Member(name: Array($0.0.utf8), node: $0.1) }))
  }

  /// The document as text, indented by two spaces, as serde_json writes it.
  func written() -> [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes, indent: 0)
    return bytes
  }

  private func write(to bytes: inout [UInt8], indent: Int) {
    func line(_ indent: Int) {
      bytes.append(0x0A)
      bytes.append(contentsOf: repeatElement(0x20, count: indent * 2))
    }
    switch value {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .boolean(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    case .number(let text): bytes.append(contentsOf: text.utf8)
    case .string(let text): Self.write(text, to: &bytes)
    case .array(let nodes):
      bytes.append(UInt8(ascii: "["))
      for (index, node) in nodes.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        line(indent + 1)
        node.write(to: &bytes, indent: indent + 1)
      }
      if !nodes.isEmpty { line(indent) }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        line(indent + 1)
        Self.write(member.name, to: &bytes)
        bytes.append(contentsOf: ": ".utf8)
        member.node.write(to: &bytes, indent: indent + 1)
      }
      if !members.isEmpty { line(indent) }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private static func write(_ text: [UInt8], to bytes: inout [UInt8]) {
    bytes.append(0x22)
    for byte in text {
      switch byte {
      case 0x22, 0x5C:
        bytes.append(0x5C)
        bytes.append(byte)
      case 0x08: bytes.append(contentsOf: "\\b".utf8)
      case 0x09: bytes.append(contentsOf: "\\t".utf8)
      case 0x0A: bytes.append(contentsOf: "\\n".utf8)
      case 0x0C: bytes.append(contentsOf: "\\f".utf8)
      case 0x0D: bytes.append(contentsOf: "\\r".utf8)
      case 0..<0x20:
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(contentsOf: (byte < 0x10 ? "0" : "1").utf8)
        bytes.append(contentsOf: String(byte & 15, radix: 16).utf8)
      default: bytes.append(byte)
      }
    }
    bytes.append(0x22)
  }
}

/// The state of reading a document.
private struct JSONReader {
  let text: SourceText
  let bytes: UnsafeBufferPointer<UInt8>
  var index: Int

  mutating func document() throws -> JSONNode {
    let node = try value(depth: 0)
    skipSpace()
    guard index == bytes.count else { throw fail("text after the end of the JSON document") }
    return node
  }

  private func fail(_ message: String, at offset: Int? = nil) -> BasinError {
    text.badData(message, at: offset ?? index, advice: "The file is damaged or no JSON: get it again")
  }

  private mutating func skipSpace() {
    while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
  }

  private func found() -> String {
    guard index < bytes.count else { return "the end of the file" }
    return bytes[index] < 0x7F && bytes[index] > 0x20
      ? "\"\(Character(Unicode.Scalar(bytes[index])))\"" : "byte 0x\(String(bytes[index], radix: 16))"
  }

  private mutating func value(depth: Int) throws -> JSONNode {
    skipSpace()
    let begin = index
    guard depth <= JSONNode.deepest else { throw fail("JSON nested deeper than \(JSONNode.deepest) levels") }
    guard index < bytes.count else { throw fail("expected a JSON value, found the end of the file") }
    switch bytes[index] {
    case UInt8(ascii: "{"): return JSONNode(value: .object(try members(depth)), offset: begin)
    case UInt8(ascii: "["): return JSONNode(value: .array(try elements(depth)), offset: begin)
    case 0x22: return JSONNode(value: .string(try string()), offset: begin)
    case UInt8(ascii: "t"): return JSONNode(value: .boolean(try word("true", true)), offset: begin)
    case UInt8(ascii: "f"): return JSONNode(value: .boolean(try word("false", false)), offset: begin)
    case UInt8(ascii: "n"): return JSONNode(value: try word("null", .null), offset: begin)
    default: return JSONNode(value: .number(try number()), offset: begin)
    }
  }

  private mutating func word<T>(_ text: String, _ value: T) throws -> T {
    guard bytes[index...].starts(with: text.utf8) else { throw fail("expected a JSON value, found \(found())") }
    index += text.utf8.count
    return value
  }

  private mutating func members(_ depth: Int) throws -> [JSONNode.Member] {
    index += 1
    var members: [JSONNode.Member] = []
    skipSpace()
    if index < bytes.count, bytes[index] == UInt8(ascii: "}") {
      index += 1
      return members
    }
    while true {
      skipSpace()
      guard index < bytes.count, bytes[index] == 0x22 else { throw fail("expected a name in quotes, found \(found())") }
      let name = try string()
      skipSpace()
      guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { throw fail("expected \":\", found \(found())") }
      index += 1
      members.append(JSONNode.Member(name: name, node: try value(depth: depth + 1)))
      guard try goesOn(UInt8(ascii: "}")) else { return members }
    }
  }

  private mutating func elements(_ depth: Int) throws -> [JSONNode] {
    index += 1
    var elements: [JSONNode] = []
    skipSpace()
    if index < bytes.count, bytes[index] == UInt8(ascii: "]") {
      index += 1
      return elements
    }
    while true {
      elements.append(try value(depth: depth + 1))
      guard try goesOn(UInt8(ascii: "]")) else { return elements }
    }
  }

  /// Whether a comma follows, or the end of the list.
  private mutating func goesOn(_ end: UInt8) throws -> Bool {
    skipSpace()
    guard index < bytes.count, bytes[index] == end || bytes[index] == UInt8(ascii: ",") else {
      throw fail("expected \",\" or \"\(Character(Unicode.Scalar(end)))\", found \(found())")
    }
    index += 1
    return bytes[index - 1] != end
  }

  private mutating func number() throws -> String {
    let begin = index
    func isDigit(_ index: Int) -> Bool { index < bytes.count && bytes[index] &- 0x30 < 10 }
    if bytes[index] == UInt8(ascii: "-") { index += 1 }
    guard isDigit(index) else {
      index = begin
      throw fail("expected a JSON value, found \(found())")
    }
    if bytes[index] == 0x30, isDigit(index + 1) { throw fail("a number with a leading zero") }
    while isDigit(index) { index += 1 }
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      index += 1
      guard isDigit(index) else { throw fail("expected a digit, found \(found())") }
      while isDigit(index) { index += 1 }
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
      guard isDigit(index) else { throw fail("expected a digit, found \(found())") }
      while isDigit(index) { index += 1 }
    }
    return String(decoding: bytes[begin..<index], as: UTF8.self)
  }

  private mutating func string() throws -> [UInt8] {
    let begin = index
    index += 1
    var result: [UInt8] = []
    while true {
      let run = index
      while index < bytes.count, bytes[index] != 0x22, bytes[index] != 0x5C, bytes[index] >= 0x20 { index += 1 }
      result.append(contentsOf: bytes[run..<index])
      guard index < bytes.count else { throw fail("a string without an end", at: begin) }
      guard bytes[index] >= 0x20 else { throw fail("a control character in a string") }
      index += 1
      if bytes[index - 1] == 0x22 { return result }
      guard index < bytes.count else { throw fail("a string without an end", at: begin) }
      index += 1
      switch bytes[index - 1] {
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case let byte where byte == 0x22 || byte == 0x5C || byte == UInt8(ascii: "/"): result.append(byte)
      case UInt8(ascii: "u"):
        var scalar = try hexadecimal()
        if 0xD800..<0xDC00 ~= scalar {
          guard index + 1 < bytes.count, bytes[index] == 0x5C, bytes[index + 1] == UInt8(ascii: "u") else {
            throw fail("half a surrogate pair", at: index - 6)
          }
          index += 2
          let low = try hexadecimal()
          guard 0xDC00..<0xE000 ~= low else { throw fail("half a surrogate pair", at: index - 6) }
          scalar = 0x10000 + (scalar - 0xD800) << 10 + low - 0xDC00
        } else if 0xDC00..<0xE000 ~= scalar {
          throw fail("half a surrogate pair", at: index - 6)
        }
        _ = UTF8Scalar.append(scalar, to: &result)
      default: throw fail("an unknown escape in a string", at: index - 2)
      }
    }
  }

  private mutating func hexadecimal() throws -> UInt32 {
    guard index + 4 <= bytes.count,
      bytes[index..<index + 4].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let number = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16)
    else { throw fail("expected four hexadecimal digits after \\u") }
    index += 4
    return number
  }
}
