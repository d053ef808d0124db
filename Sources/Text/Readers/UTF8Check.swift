/// Strict UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
///
/// The standard library repairs what is not UTF-8 and does not say where it was; a reader has to say where.
public enum UTF8Check {
  /// The offset of the first byte that cannot be part of well-formed UTF-8, or nil. Linear time, one pass.
  ///
  /// For a sequence that breaks off or goes wrong, this is the offset of its first byte.
  public static func firstBadByte(in bytes: [UInt8]) -> Int? {
    bytes.withUnsafeBufferPointer { firstBadByte(in: $0) }
  }

  static func firstBadByte(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let raw = UnsafeRawBufferPointer(bytes)
    let count = bytes.count
    var index = 0
    while index < count {
      // Eight bytes at a time while the text is ASCII, which most of it is.
      if index + 8 <= count {
        let word = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if word & 0x8080_8080_8080_8080 == 0 {
          index += 8
          continue
        }
      }
      let lead = bytes[index]
      if lead < 0x80 {
        index += 1
        continue
      }
      // The second byte's range is what excludes overlong forms, surrogates and values that are too large.
      let length: Int
      let second: ClosedRange<UInt8>
      switch lead {
      case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
      case 0xE0: (length, second) = (3, 0xA0...0xBF)
      case 0xE1...0xEC, 0xEE...0xEF: (length, second) = (3, 0x80...0xBF)
      case 0xED: (length, second) = (3, 0x80...0x9F)
      case 0xF0: (length, second) = (4, 0x90...0xBF)
      case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
      case 0xF4: (length, second) = (4, 0x80...0x8F)
      default: return index
      }
      guard index + length <= count, second.contains(bytes[index + 1]) else { return index }
      var offset = 2
      while offset < length {
        guard bytes[index + offset] & 0xC0 == 0x80 else { return index }
        offset += 1
      }
      index += length
    }
    return nil
  }
}
