import PluginAPI

/// The tokens of a subword tokenizer by their numbers, which have no holes; compared byte for byte.
struct SubwordVocabulary: Sendable {
  private(set) var table = TokenTable()

  var count: Int { table.count }

  init() {}

  /// - Parameters:
  ///   - entries: Token and number, with what to say of where it stands.
  ///   - fail: Makes the error of an entry, by its index.
  /// - Throws: what `fail` makes, for a token or number that comes twice, for numbers that leave a hole, or for none.
  init(_ entries: [(token: [UInt8], id: Int)], file: String, fail: (Int, String) -> BasinError) throws {
    guard !entries.isEmpty else {
      throw BasinError.badData("the vocabulary is empty", file: file, advice: "Use a vocabulary with tokens")
    }
    var owners = [Int](repeating: -1, count: entries.count)
    for (index, entry) in entries.enumerated() where entry.id < entries.count {
      guard owners[entry.id] < 0 else {
        throw fail(
          index, "number \(entry.id) is given twice, to \(Self.quoted(entries[owners[entry.id]].token)) and to "
            + Self.quoted(entry.token))
      }
      owners[entry.id] = index
    }
    if let hole = owners.firstIndex(of: -1) {
      let largest = entries.indices.max { entries[$0].id < entries[$1].id } ?? 0
      throw fail(
        largest, "\(entries.count) tokens have numbers up to \(entries[largest].id), and none has number \(hole)")
    }
    for (id, owner) in owners.enumerated() {
      let number = entries[owner].token.withUnsafeBufferPointer { table.insert($0) }
      guard Int(number) == id else {
        throw fail(owner, "token \(Self.quoted(entries[owner].token)) comes twice, with numbers \(number) and \(id)")
      }
    }
  }

  func id(_ token: [UInt8]) -> Int32? {
    let number = token.withUnsafeBufferPointer { table.find($0) }
    return number < 0 ? nil : number
  }

  func id(_ token: String) -> Int32? { id(Array(token.utf8)) }

  func bytes(_ id: Int) -> ArraySlice<UInt8> { table.bytes(id) }

  /// A token for a message: at most 40 characters.
  static func quoted(_ token: some Sequence<UInt8>) -> String {
    let text = String(decoding: Array(token), as: UTF8.self)
    return (text.count > 40 ? String(text.prefix(40)) + "..." : text).debugDescription
  }
}

/// GPT-2's alphabet: every byte as a visible character, so that tokens over bytes can be written as text.
enum ByteAlphabet {
  /// The character of each byte.
  static let scalars: [UInt32] = {
    var scalars: [UInt32] = []
    var next: UInt32 = 256
    for byte in UInt32(0)..<256 {
      if 0x21...0x7E ~= byte || 0xA1...0xAC ~= byte || 0xAE...0xFF ~= byte {
        scalars.append(byte)
      } else {
        scalars.append(next)
        next += 1
      }
    }
    return scalars
  }()

  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 324)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// The bytes that a token is written for; nil where a character is not of the alphabet.
  static func bytes(of token: some Collection<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var pending: UInt32 = 0
    for byte in token {
      let scalar: UInt32
      if byte < 0x80 {
        scalar = UInt32(byte)
      } else if byte >= 0xC0 {
        guard byte < 0xC6 else { return nil }
        pending = UInt32(byte & 0x1F) << 6
        continue
      } else {
        scalar = pending | UInt32(byte & 0x3F)
      }
      guard scalar < 324, bytes[Int(scalar)] >= 0 else { return nil }
      result.append(UInt8(bytes[Int(scalar)]))
    }
    return result
  }

  /// A byte as it is written in a token.
  static func token(_ byte: UInt8) -> [UInt8] {
    var result: [UInt8] = []
    _ = UTF8Scalar.append(scalars[Int(byte)], to: &result)
    return result
  }
}
