/// One pass of a ``Tokenizer`` over one text: the bytes, where it is, and the word that is being collected.
struct TokenizerPass {
  typealias Body = (UnsafeBufferPointer<UInt8>) -> Bool

  /// Well-formed UTF-8, as a `String` guarantees.
  let bytes: UnsafeBufferPointer<UInt8>
  let word: UnsafeMutableBufferPointer<UInt8>
  let lowercases: Bool
  private var length = 0
  /// Set when the word has met its limit: the rest of it is dropped, even what would still fit.
  private var isCut = false
  private var goesOn = true

  init(bytes: UnsafeBufferPointer<UInt8>, word: UnsafeMutableBufferPointer<UInt8>, lowercases: Bool) {
    self.bytes = bytes
    self.word = word
    self.lowercases = lowercases
  }

  mutating func run(_ body: Body) {
    var index = 0
    while index < bytes.count, goesOn {
      let byte = bytes[index]
      if Self.isWordByte(byte) {
        append(lowercases ? Self.lower(byte) : byte)
        index += 1
      } else if byte <= 0x20 || byte == 0x7F {
        flush(body)
        index += 1
      } else if byte == Self.apostrophe {
        index = takeApostrophe(at: index, width: 1, body)
      } else if byte < 0x80 {
        if byte == 0x2E || byte == 0x2C, length > 0, Self.isDigit(word[length - 1]), isDigit(at: index + 1) {
          append(byte)
          index += 1
        } else {
          index = takeMarks(at: index, body)
        }
      } else {
        index = takeScalar(at: index, body)
      }
    }
    flush(body)
  }

  private static let apostrophe: UInt8 = 0x27

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
  private static func isWordByte(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 }
  private static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

  private func isDigit(at index: Int) -> Bool { index < bytes.count && Self.isDigit(bytes[index]) }
  /// Whether a word goes on at `index`.
  private func isWord(at index: Int) -> Bool {
    guard index < bytes.count else { return false }
    guard bytes[index] >= 0x80 else { return Self.isWordByte(bytes[index]) }
    let properties = decode(at: index).scalar.properties
    return Self.isWord(properties.generalCategory) && !properties.isIdeographic
  }
  private func lower(at index: Int) -> UInt8 { index < bytes.count ? Self.lower(bytes[index]) : 0 }

  private mutating func append(_ byte: UInt8) {
    guard !isCut, length < word.count else {
      isCut = true
      return
    }
    word[length] = byte
    length += 1
  }

  private mutating func append(_ scalar: Unicode.Scalar) {
    let encoded = UTF8.encode(scalar)
    let width = encoded?.count ?? 0
    guard let encoded, !isCut, length + width <= word.count else {
      isCut = true
      return
    }
    for byte in encoded {
      word[length] = byte
      length += 1
    }
  }

  /// Gives out the collected word, without the apostrophe, point or comma a cut may have left at its end.
  private mutating func flush(_ body: Body) {
    while length > 0, !Self.isWordByte(word[length - 1]), word[length - 1] < 0x80 { length -= 1 }
    if length > 0, goesOn { goesOn = body(UnsafeBufferPointer(rebasing: word[0..<length])) }
    length = 0
    isCut = false
  }

  /// A run of one ASCII mark: one token of at most three.
  private mutating func takeMarks(at index: Int, _ body: Body) -> Int {
    flush(body)
    var end = index + 1
    while end < bytes.count, bytes[end] == bytes[index] { end += 1 }
    if goesOn { goesOn = body(UnsafeBufferPointer(rebasing: bytes[index..<min(end, index + 3)])) }
    return end
  }

  private mutating func takeApostrophe(at index: Int, width: Int, _ body: Body) -> Int {
    let next = index + width
    let (first, second) = (lower(at: next), lower(at: next + 1))
    if first == UInt8(ascii: "t"), !isWord(at: next + 1), length > 0, Self.lower(word[length - 1]) == UInt8(ascii: "n")
    {
      let n = word[length - 1]
      length -= 1
      flush(body)
      append(n)
      append(Self.apostrophe)
      append(lowercases ? first : bytes[next])
      flush(body)
      return next + 1
    }
    let clitic: Int
    switch (first, second) {
    case (UInt8(ascii: "s"), _), (UInt8(ascii: "d"), _), (UInt8(ascii: "m"), _): clitic = 1
    case (UInt8(ascii: "l"), UInt8(ascii: "l")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "r"), UInt8(ascii: "e")):
      clitic = 2
    default: clitic = 0
    }
    if clitic > 0, !isWord(at: next + clitic) {
      flush(body)
      append(Self.apostrophe)
      for offset in next..<next + clitic { append(lowercases ? Self.lower(bytes[offset]) : bytes[offset]) }
      flush(body)
      return next + clitic
    }
    if length > 0, isWord(at: next) {
      append(Self.apostrophe)
      return next
    }
    if width == 1 { return takeMarks(at: index, body) }
    flush(body)
    withUnsafeBytes(of: Self.apostrophe) { raw in
      if goesOn { goesOn = body(raw.bindMemory(to: UInt8.self)) }
    }
    return next
  }

  /// A character outside ASCII.
  private mutating func takeScalar(at index: Int, _ body: Body) -> Int {
    let (scalar, width) = decode(at: index)
    let next = index + width
    if scalar.value == 0x2019 || scalar.value == 0x2018 { return takeApostrophe(at: index, width: width, body) }
    switch scalar.properties.generalCategory {
    case .spaceSeparator, .lineSeparator, .paragraphSeparator, .control:
      flush(body)
    case .format:
      break
    case let category where Self.isWord(category):
      if scalar.properties.isIdeographic { flush(body) }
      if lowercases {
        for lower in scalar.properties.lowercaseMapping.unicodeScalars { append(lower) }
      } else {
        append(scalar)
      }
      if scalar.properties.isIdeographic { flush(body) }
    default:
      flush(body)
      if goesOn { goesOn = body(UnsafeBufferPointer(rebasing: bytes[index..<next])) }
    }
    return next
  }

  private static func isWord(_ category: Unicode.GeneralCategory) -> Bool {
    switch category {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
      .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber:
      true
    default: false
    }
  }

  private func decode(at index: Int) -> (scalar: Unicode.Scalar, width: Int) {
    let lead = bytes[index]
    let width = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
    var value = UInt32(lead) & (width == 2 ? 0x1F : width == 3 ? 0x0F : 0x07)
    for offset in 1..<width where index + offset < bytes.count {
      value = value << 6 | UInt32(bytes[index + offset] & 0x3F)
    }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", width)
  }
}
