/// A token that is looked for in the text itself, before the model sees it: a special token such as `<mask>`, or a word
/// added to a vocabulary after training.
public struct AddedToken: Sendable, Hashable {
  public var content: String
  public var id: Int32
  /// Only where no letter, digit or underscore stands beside it.
  public var isSingleWord = false
  /// Takes the white space to its left, or right, along.
  public var stripsLeft = false
  public var stripsRight = false
  /// Is looked for in the normalized text.
  public var isNormalized = false
  /// Is left out by decoding, if so asked.
  public var isSpecial = true

  public init(_ content: String, id: Int32) {
    self.content = content
    self.id = id
  }
}

/// The added tokens of a tokenizer, ready to be found: the leftmost, and of those the longest.
struct AddedTokens: Sendable {
  let tokens: [AddedToken]
  private let byID: [Int32: Int]
  /// What decoding writes for each: a token that is looked for in normalized text is written so too.
  private let decoded: [[UInt8]]
  private let plain: Finder?
  private let normalized: Finder?

  /// - Parameter normalize: What the normalizer makes of a token.
  init(_ tokens: [AddedToken], normalize: (String) -> [UInt8]) {
    self.tokens = tokens
    byID = Dictionary(tokens.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { $1 })
    decoded = tokens.map { $0.isNormalized ? normalize($0.content) : Array($0.content.utf8) }
    let decoded = decoded
    func finder(_ isNormalized: Bool) -> Finder? {
      let trie = ByteTrie()
      var firsts = [Bool](repeating: false, count: 256)
      var isEmpty = true
      // Special ones first: of two that normalize to the same the first counts.
      let order = tokens.indices.filter { tokens[$0].isSpecial } + tokens.indices.filter { !tokens[$0].isSpecial }
      for index in order.reversed() where tokens[index].isNormalized == isNormalized {
        let bytes = decoded[index]
        guard let first = bytes.first, trie.insert(bytes, value: Int32(index)) else { continue }
        firsts[Int(first)] = true
        isEmpty = false
      }
      trie.seal()
      return isEmpty ? nil : Finder(trie: trie, firsts: firsts)
    }
    plain = finder(false)
    normalized = finder(true)
  }

  private struct Finder: Sendable {
    let trie: ByteTrie
    let firsts: [Bool]
  }

  var hasNormalized: Bool { normalized != nil }

  func token(_ id: Int32) -> AddedToken? { byID[id].map { tokens[$0] } }

  /// What decoding writes for an added token.
  func decoded(_ id: Int32) -> [UInt8]? { byID[id].map { decoded[$0] } }

  /// A part of a text: an added token, or what lies between.
  struct Part {
    var id: Int32?
    var range: Range<Int>
  }

  /// The parts of `range`, none empty; nil where no added token is in it.
  func parts(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, isNormalized: Bool = false
  ) -> [Part]? {
    guard let finder = isNormalized ? normalized : plain else { return nil }
    return finder.firsts.withUnsafeBufferPointer { firsts in
      var parts: [Part]?
      var begin = range.lowerBound
      var index = range.lowerBound
      while index < range.upperBound {
        guard firsts[Int(text[index])], let found = finder.trie.longest(text + index, range.upperBound - index) else {
          index += 1
          continue
        }
        let token = tokens[Int(found.value)]
        var (start, stop) = (index, index + found.length)
        index = stop
        if token.isSingleWord, Self.isWord(before: start, text, range) || Self.isWord(at: stop, text, range) { continue }
        if token.stripsLeft {
          while start > range.lowerBound, let width = Self.spaceWidth(before: start, text, range) { start -= width }
          start = max(start, begin)
        }
        if token.stripsRight {
          while stop < range.upperBound, let width = Self.spaceWidth(at: stop, text) { stop += width }
        }
        var list = parts ?? []
        if begin < start { list.append(Part(id: nil, range: begin..<start)) }
        list.append(Part(id: token.id, range: start..<max(stop, start)))
        begin = stop
        parts = list
      }
      if parts != nil, begin < range.upperBound { parts?.append(Part(id: nil, range: begin..<range.upperBound)) }
      return parts
    }
  }

  private static func isWord(at index: Int, _ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
    guard index < range.upperBound else { return false }
    return UnicodeTables.shared.flags(UTF8Scalar.decode(text + index).scalar) & UnicodeTables.Flag.word != 0
  }

  private static func isWord(before index: Int, _ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
    guard index > range.lowerBound else { return false }
    var begin = index - 1
    while begin > range.lowerBound, text[begin] & 0xC0 == 0x80 { begin -= 1 }
    return isWord(at: begin, text, range)
  }

  static func spaceWidth(at index: Int, _ text: UnsafePointer<UInt8>) -> Int? {
    let (scalar, width) = UTF8Scalar.decode(text + index)
    return UnicodeTables.shared.flags(scalar) & UnicodeTables.Flag.space != 0 ? width : nil
  }

  private static func spaceWidth(before index: Int, _ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int? {
    var begin = index - 1
    while begin > range.lowerBound, text[begin] & 0xC0 == 0x80 { begin -= 1 }
    return spaceWidth(at: begin, text)
  }
}
