/// Cuts a text into words as GPT-2 does: the regular expression
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` by hand, over UTF-8.
struct ByteLevelScanner: @unchecked Sendable {
  private let tables = UnicodeTables.shared
  private static let space = UInt8(UnicodeTables.Flag.space)
  /// Letter, number, space or (0) other.
  private static let classes = UInt8(
    UnicodeTables.Flag.letter | UnicodeTables.Flag.number | UnicodeTables.Flag.space)
  private let ascii: UnsafePointer<UInt8>

  /// The classes of ASCII, for all scanners, never freed.
  private nonisolated(unsafe) static let asciiClasses: UnsafePointer<UInt8> = {
    let classes = UnsafeMutablePointer<UInt8>.allocate(capacity: 128)
    for code in 0..<128 {
      classes[code] = UInt8(truncatingIfNeeded: UnicodeTables.shared.flags(UInt32(code))) & Self.classes
    }
    return UnsafePointer(classes)
  }()

  init() { ascii = Self.asciiClasses }

  @inline(__always)
  private func character(_ text: UnsafePointer<UInt8>) -> (kind: UInt8, width: Int) {
    let byte = text[0]
    if byte < 0x80 { return (ascii[Int(byte)], 1) }
    let (scalar, width) = UTF8Scalar.decode(text)
    return (UInt8(truncatingIfNeeded: tables.flags(scalar)) & Self.classes, width)
  }

  /// Where the word ends that begins at `begin`; at least one character further.
  @inline(__always)
  func end(_ text: UnsafePointer<UInt8>, _ begin: Int, _ count: Int) -> Int {
    let byte = text[begin]
    if byte == UInt8(ascii: "'"), begin + 1 < count {
      switch text[begin + 1] {
      case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return begin + 2
      case UInt8(ascii: "r"), UInt8(ascii: "v"):
        if begin + 2 < count, text[begin + 2] == UInt8(ascii: "e") { return begin + 3 }
      case UInt8(ascii: "l"):
        if begin + 2 < count, text[begin + 2] == UInt8(ascii: "l") { return begin + 3 }
      default: break
      }
    }
    var (kind, width) = character(text + begin)
    var index = begin + width
    if byte == 0x20, index < count {
      let next = character(text + index)
      if next.kind != Self.space {
        kind = next.kind
        index += next.width
      }
    }
    if kind != Self.space {
      while index < count {
        let next = character(text + index)
        if next.kind != kind { return index }
        index += next.width
      }
      return index
    }
    // A run of white space leaves its last character to the word behind it.
    var last = begin
    while index < count {
      let next = character(text + index)
      if next.kind != Self.space { return last > begin ? last : index }
      (last, index) = (index, index + next.width)
    }
    return index
  }
}
