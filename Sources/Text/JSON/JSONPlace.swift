import PluginAPI

/// A value in a JSON file with the path that leads to it: what a reader asks for its parts.
struct JSONPlace {
  let source: SourceText
  let node: JSONNode
  /// `model.vocab`, `added_tokens[3].id`; empty for the document.
  let path: String

  init(_ source: SourceText) throws {
    self.source = source
    node = try JSONNode.read(source)
    path = ""
  }

  init(source: SourceText, node: JSONNode, path: String) {
    self.source = source
    self.node = node
    self.path = path
  }

  /// An error about this value.
  func fail(_ message: String, advice: String? = nil) -> BasinError {
    let place = source.place(of: node.offset)
    return .badData(message, file: source.file, place: path.isEmpty ? place : "\(path) (\(place))", advice: advice)
  }

  private func expected(_ kind: String) -> BasinError {
    let found =
      switch node.value {
      case .null: "null"
      case .boolean(let flag): "\(flag)"
      case .number(let text): text
      case .string: "a string"
      case .array: "an array"
      case .object: "an object"
      }
    return fail("expected \(kind), found \(found)")
  }

  var isNull: Bool {
    if case .null = node.value { true } else { false }
  }

  func members() throws -> [JSONNode.Member] {
    guard case .object(let members) = node.value else { throw expected("an object") }
    return members
  }

  func elements() throws -> [JSONPlace] {
    guard case .array(let nodes) = node.value else { throw expected("an array") }
    return nodes.enumerated().map { JSONPlace(source: source, node: $1, path: "\(path)[\($0)]") }
  }

  /// The member of this name, nil where there is none or it is null.
  ///
  /// - Throws: `BasinError` (`.badData`) where this is no object, or the name comes twice.
  func optional(_ name: String) throws -> JSONPlace? {
    let name8 = Array(name.utf8)
    let found = try members().filter { $0.name == name8 }
    let inner = path.isEmpty ? name : "\(path).\(name)"
    guard let first = found.first else { return nil }
    if found.count > 1 {
      throw JSONPlace(source: source, node: found[1].node, path: inner).fail("\"\(name)\" comes twice")
    }
    let place = JSONPlace(source: source, node: first.node, path: inner)
    return place.isNull ? nil : place
  }

  func required(_ name: String) throws -> JSONPlace {
    guard let found = try optional(name) else { throw fail("\"\(name)\" is missing") }
    return found
  }

  func string() throws -> [UInt8] {
    guard case .string(let bytes) = node.value else { throw expected("a string") }
    return bytes
  }

  func text() throws -> String { String(decoding: try string(), as: UTF8.self) }

  func flag() throws -> Bool {
    guard case .boolean(let flag) = node.value else { throw expected("true or false") }
    return flag
  }

  func flag(_ name: String, default value: Bool) throws -> Bool { try optional(name)?.flag() ?? value }

  /// A whole number from 0 to `limit`.
  func number(limit: Int = Int(Int32.max)) throws -> Int {
    guard case .number(let text) = node.value else { throw expected("a whole number") }
    guard let number = Int(text), 0...limit ~= number else {
      throw fail("expected a number from 0 to \(limit), found \(text)")
    }
    return number
  }

  /// Whether this is a number equal to zero, or null.
  var isZero: Bool {
    guard case .number(let text) = node.value else { return isNull }
    return Double(text) == 0
  }
}
