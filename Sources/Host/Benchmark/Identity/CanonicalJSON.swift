import Foundation

/// One text for one value, and its hash: keys sorted, no spaces.
enum CanonicalJSON {
  static func text(_ value: JSONValue) throws -> String { String(decoding: try value.data(pretty: false), as: UTF8.self) }

  static func sha256(_ value: JSONValue) throws -> String { sha256(try text(value)) }

  static func sha256(_ text: String) -> String { ContentHash.sha256.digest(of: Array(text.utf8)) }
}
