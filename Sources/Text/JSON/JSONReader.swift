import PluginAPI

/// The state of reading a document.
struct JSONReader {
  let text: SourceText
  let bytes: UnsafeBufferPointer<UInt8>
  var index: Int

  /// What ends where the bytes do.
  private var end: String { bytes.count == text.bytes.count ? "the end of the file" : "the end of the line" }

  mutating func document() throws -> JSONNode {
    let node = try value(depth: 0)
    skipSpace()
    guard index == bytes.count else { throw fail("text after the end of the JSON document") }
    return node
  }

  private func fail(_ message: String, at offset: Int? = nil) -> BasinError {
    text.badData(message, at: offset ?? index, advice: bytes.count == text.bytes.count ? "The file is damaged or no JSON: get it again" : "Every line is one JSON object")
  }

  private mutating func skipSpace() {
    while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
  }

  private func found() -> String {
    guard index < bytes.count else { return end }
    return bytes[index] < 0x7F && bytes[index] > 0x20
      ? "\"\(Character(Unicode.Scalar(bytes[index])))\"" : "byte 0x\(String(bytes[index], radix: 16))"
  }

  private mutating func value(depth: Int) throws -> JSONNode {
    skipSpace()
    let begin = index
    guard depth <= JSONNode.deepest else { throw fail("JSON nested deeper than \(JSONNode.deepest) levels") }
    guard index < bytes.count else { throw fail("expected a JSON value, found \(end)") }
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
