import Foundation
import Testing
import Text

/// What the package `tokenizers` makes of texts; `Tests/Parity/make_tokenizers.py` writes it and says what is in it.
struct TokenizersFixture: Decodable, Sendable {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let tokenizer: String
    let single: String
    let pair: String
    let bare: String
    let cut: [String: String]
    let decoded: String
    var testDescription: String { name }
  }

  struct Vocabulary: Decodable, Sendable {
    let size: Int
    let minimum: Int
    let tokens: Int
    let merges: Int
    let crc: String
  }

  struct Training: Decodable, Sendable {
    let texts: [String]
    let vocabularies: [Vocabulary]
  }

  let texts: [String]
  let cases: [Case]
  let training: [Training]
  /// Path, then `lines` or a tokenizer's name, then a number or checksums.
  let files: [String: [String: Entry]]

  enum Entry: Decodable, Sendable {
    case number(Int)
    case text(String)

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let number = try? value.decode(Int.self) { self = .number(number) } else { self = .text(try value.decode(String.self)) }
    }
  }

  static let stored = Result {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let path = folder.appendingPathComponent("Parity/Fixtures/tokenizers.json")
    return try JSONDecoder().decode(Self.self, from: Data(contentsOf: path))
  }
}

/// CRC-32 of little-endian int32, as zlib computes it.
struct Checksum {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }
  private var state: UInt32 = 0xFFFF_FFFF

  mutating func add(byte: UInt8) { state = Self.table[Int((state ^ UInt32(byte)) & 0xFF)] ^ (state >> 8) }

  mutating func add(_ number: some BinaryInteger) {
    let number = UInt32(truncatingIfNeeded: number)
    for shift in [UInt32(0), 8, 16, 24] { add(byte: UInt8(truncatingIfNeeded: number >> shift)) }
  }

  mutating func add(_ text: String) { for byte in text.utf8 { add(byte: byte) } }

  var hexadecimal: String {
    let text = String(state ^ 0xFFFF_FFFF, radix: 16)
    return String(repeating: "0", count: 8 - text.count) + text
  }

  /// Of a sequence's numbers and types; of nil, which stands for one that cannot be made, -1.
  mutating func addNumbers(_ encoding: Encoding?) {
    guard let encoding else { return add(-1) }
    add(encoding.count)
    for id in encoding.ids { add(id) }
    for segment in encoding.segments { add(segment) }
  }

  mutating func addOffsets(_ encoding: Encoding?) {
    for range in encoding?.offsets ?? [] {
      add(range.lowerBound)
      add(range.upperBound)
    }
  }

  /// The checksums of one sequence's numbers and of its offsets.
  static func of(_ encoding: Encoding?) -> String {
    var (numbers, offsets) = (Checksum(), Checksum())
    numbers.addNumbers(encoding)
    offsets.addOffsets(encoding)
    return numbers.hexadecimal + offsets.hexadecimal
  }
}

/// A tokenizer read from the text of a `tokenizer.json`, or from named files.
func tokenizer(_ json: String) throws -> SubwordTokenizer { try tokenizer(["tokenizer.json": json]) }

func tokenizer(_ files: [String: String], lowercases: Bool? = nil) throws -> SubwordTokenizer {
  try ReaderTestData.withFolder { folder in
    for (name, text) in files { try ReaderTestData.write(text, to: folder + "/" + name) }
    return try SubwordTokenizer(contentsOf: folder, lowercases: lowercases)
  }
}
