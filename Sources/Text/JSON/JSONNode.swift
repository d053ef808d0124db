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
  static func read(_ text: SourceText) throws -> JSONNode { try read(text, in: text.start..<text.bytes.count) }

  /// Reads a document that is a part of a text: a line of JSON lines.
  static func read(_ text: SourceText, in range: Range<Int>) throws -> JSONNode {
    try text.bytes.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(
        text: text, bytes: UnsafeBufferPointer(rebasing: bytes[..<range.upperBound]), index: range.lowerBound)
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
