import Foundation

/// A JSON document to look into: `document["test"]?["accuracy"]?.number`.
enum Document: Hashable, Decodable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case array([Document])
  case object([String: Document])

  /// nil where the bytes are not exactly one document.
  init?(_ data: Data) {
    guard let document = try? JSONDecoder().decode(Document.self, from: data) else { return nil }
    self = document
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([Document].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: Document].self))
    }
  }

  subscript(key: String) -> Document? { if case .object(let object) = self { object[key] } else { nil } }
  subscript(index: Int) -> Document? { items.indices.contains(index) ? items[index] : nil }

  var items: [Document] { if case .array(let items) = self { items } else { [] } }
  var keys: Set<String>? { if case .object(let object) = self { Set(object.keys) } else { nil } }
  var isNull: Bool { self == .null }
  var isArray: Bool { if case .array = self { true } else { false } }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
  var number: Double? { if case .number(let number) = self { number } else { nil } }
  var integer: Int? { number.flatMap { Int(exactly: $0) } }
}
