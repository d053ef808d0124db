/// What tokenizers ask about code points, from the tables of the reference implementation rather than from the standard
/// library's: its Unicode version is another, and a token's number must not depend on it.
final class UnicodeTables: @unchecked Sendable {
  /// Bits of ``flags(_:)``. The first nine come from the generated table, the others follow from the mappings.
  enum Flag {
    static let letter: UInt16 = 1
    static let number: UInt16 = 2
    static let space: UInt16 = 4
    static let punctuation: UInt16 = 8
    /// Control, format and private use characters, which BERT's text cleaning removes.
    static let removed: UInt16 = 16
    static let nonspacingMark: UInt16 = 32
    static let mark: UInt16 = 64
    static let word: UInt16 = 128
    static let ideograph: UInt16 = 256
    /// Decomposes canonically, Hangul syllables included.
    static let decomposes: UInt16 = 512
    /// Decomposes by compatibility, but not canonically in the same way.
    static let decomposesCompatibly: UInt16 = 1024
    /// Has a combining class other than 0.
    static let combines: UInt16 = 2048
    static let hasLowercase: UInt16 = 4096
  }

  static let shared = UnicodeTables()

  /// Pages of 256 code points; equal pages are stored once.
  private let pages: UnsafeMutablePointer<UInt16>
  private let entries: UnsafeMutablePointer<UInt16>
  private let canonical: CodePointMap
  private let compatible: CodePointMap
  private let lowercase: CodePointMap
  private let classes: CodePointMap
  private let compositions: [UInt64: UInt32]

  private init() {
    typealias Data = UnicodeTablesData
    let limit = 0x110000
    var flags = [UInt16](repeating: 0, count: limit)
    var code = 0
    var number = 0
    Data.kindRuns.withUTF8Buffer { text in
      for byte in text {
        if let digit = CodePointMap.digit(byte) {
          number = number * 36 + digit
        } else {
          let kind = Data.kinds[Int(byte) - 0x41]
          for index in code..<min(code + number, limit) { flags[index] = kind }
          (code, number) = (code + number, 0)
        }
      }
    }
    canonical = CodePointMap(Data.canonical)
    compatible = CodePointMap(Data.compatible)
    lowercase = CodePointMap(Data.lowercase)
    classes = CodePointMap(Data.classRuns)
    for code in canonical.keys { flags[Int(code)] |= Flag.decomposes }
    for code in 0xAC00...0xD7A3 { flags[code] |= Flag.decomposes }
    for code in compatible.keys { flags[Int(code)] |= Flag.decomposesCompatibly }
    for code in classes.keys { flags[Int(code)] |= Flag.combines }
    for code in lowercase.keys { flags[Int(code)] |= Flag.hasLowercase }
    for code in 0x41...0x5A { flags[code] |= Flag.hasLowercase }
    var pairs: [UInt64: UInt32] = [:]
    let composed = CodePointMap(Data.compositions)
    for code in composed.keys {
      composed.with(code) { pairs[UInt64($0[0]) << 32 | UInt64($0[1])] = code }
    }
    compositions = pairs

    pages = .allocate(capacity: limit / 256)
    var stored: [ArraySlice<UInt16>: UInt16] = [:]
    var distinct: [UInt16] = []
    for page in 0..<limit / 256 {
      let slice = flags[page * 256..<page * 256 + 256]
      let known = stored[slice]
      pages[page] = known ?? UInt16(distinct.count / 256)
      if known == nil {
        stored[slice] = UInt16(distinct.count / 256)
        distinct.append(contentsOf: slice)
      }
    }
    entries = .allocate(capacity: distinct.count)
    entries.initialize(from: distinct, count: distinct.count)
  }

  /// The bits of a code point; it must be at most U+10FFFF.
  @inline(__always) func flags(_ code: UInt32) -> UInt16 {
    entries[Int(pages[Int(code >> 8)]) << 8 | Int(code & 0xFF)]
  }

  func combiningClass(_ code: UInt32) -> UInt8 {
    guard flags(code) & Flag.combines != 0 else { return 0 }
    var found: UInt8 = 0
    classes.with(code) { found = UnicodeTablesData.classes[Int($0[0])] }
    return found
  }

  /// Calls `body` with each code point of the full decomposition, or with the code point itself.
  func decompose(_ code: UInt32, compatibly: Bool, _ body: (UInt32) -> Void) {
    let bits = flags(code)
    if compatibly, bits & Flag.decomposesCompatibly != 0 {
      compatible.with(code) { $0.forEach(body) }
    } else if bits & Flag.decomposes == 0 {
      body(code)
    } else if 0xAC00...0xD7A3 ~= code {
      let index = code - 0xAC00
      body(0x1100 + index / 588)
      body(0x1161 + index % 588 / 28)
      if index % 28 > 0 { body(0x11A7 + index % 28) }
    } else {
      canonical.with(code) { $0.forEach(body) }
    }
  }

  /// The primary composite of two code points.
  func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if 0x1100..<0x1113 ~= first, 0x1161..<0x1176 ~= second {
      return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
    }
    if 0xAC00...0xD7A3 ~= first, (first - 0xAC00) % 28 == 0, 0x11A8..<0x11C3 ~= second { return first + second - 0x11A7 }
    return compositions[UInt64(first) << 32 | UInt64(second)]
  }

  /// Calls `body` with each code point of the lower case, without regard to the neighbours.
  @inline(__always) func lower(_ code: UInt32, _ body: (UInt32) -> Void) {
    if flags(code) & Flag.hasLowercase == 0 {
      body(code)
    } else if code < 0x80 {
      body(code | 0x20)
    } else {
      lowercase.with(code) { $0.forEach(body) }
    }
  }
}

/// A table from code points to one or more others, in open addressing.
struct CodePointMap: Sendable {
  private(set) var keys: [UInt32] = []
  /// Index into `keys` plus one, or 0.
  private var slots: [UInt16] = []
  private var ends: [Int] = [0]
  private var values: [UInt32] = []

  static func digit(_ byte: UInt8) -> Int? {
    switch byte {
    case 0x30...0x39: Int(byte) - 0x30
    case 0x61...0x7A: Int(byte) - 0x61 + 10
    default: nil
    }
  }

  /// Reads `STEP:TO.TO,STEP:TO`, numbers in base 36.
  init(_ text: StaticString) {
    var code = 0
    var number = 0
    text.withUTF8Buffer { text in
      for byte in text {
        if let digit = Self.digit(byte) {
          number = number * 36 + digit
          continue
        }
        if byte == UInt8(ascii: ":") {
          code += number
          keys.append(UInt32(code))
        } else {
          values.append(UInt32(number))
          if byte == UInt8(ascii: ",") { ends.append(values.count) }
        }
        number = 0
      }
    }
    values.append(UInt32(number))
    ends.append(values.count)
    slots = [UInt16](repeating: 0, count: 1 << (Int.bitWidth - (keys.count * 2).leadingZeroBitCount))
    for (index, key) in keys.enumerated() {
      var slot = first(key)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt16(index + 1)
    }
  }

  private func first(_ key: UInt32) -> Int { Int(truncatingIfNeeded: (key &* 0x9E37_79B1) >> 7) & (slots.count - 1) }

  /// Calls `body` with what a code point becomes; not at all where the table lacks it.
  func with(_ key: UInt32, _ body: (UnsafeBufferPointer<UInt32>) -> Void) {
    var slot = first(key)
    while slots[slot] != 0 {
      let index = Int(slots[slot]) - 1
      if keys[index] == key {
        values.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[ends[index]..<ends[index + 1]])) }
        return
      }
      slot = (slot + 1) & (slots.count - 1)
    }
  }
}
