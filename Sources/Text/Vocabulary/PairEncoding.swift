import PluginAPI

extension Vocabulary {
  /// The fewest tokens in which a pair fits: `[CLS] a [SEP] b [SEP]`.
  public static let shortestPair = 5

  /// Encodes pairs of sentences as `[CLS] first [SEP] second [SEP]`. What goes up to the first `[SEP]` is segment 0, the rest 1.
  ///
  /// Where both together are too long, tokens are taken off the end of the longer one until they fit or are equally long,
  /// then of both in turn (the truncation `longest_first` of the field's tokenizers).
  ///
  /// - Throws: `BasinError` (`.usage`) for a length below ``shortestPair``, `.internalError` without a separator.
  public func encode(_ texts: [String], pairs: [String], maximumLength: Int = .max) throws -> TokenSequences {
    guard maximumLength >= Self.shortestPair else {
      throw BasinError.usage(
        "a maximumLength of \(maximumLength) has no room for a pair of sentences", advice: "Use \(Self.shortestPair) or more")
    }
    guard let separator, texts.count == pairs.count else {
      throw BasinError.internalError("a vocabulary without [SEP], or \(texts.count) texts with \(pairs.count) pairs")
    }
    let room = maximumLength == .max ? Int.max : maximumLength - 3
    var sequences = TokenSequences()
    for (text, pair) in zip(texts, pairs) {
      let first = encode(text, maximumLength: room, addsClassification: false)
      let second = encode(pair, maximumLength: room, addsClassification: false)
      let (a, b) = Self.lengths(first.count, second.count, room: room)
      sequences.tokens.append(Self.classification)
      sequences.tokens += first.prefix(a)
      sequences.tokens.append(separator)
      sequences.tokens += second.prefix(b)
      sequences.tokens.append(separator)
      sequences.segments += repeatElement(0, count: a + 2)
      sequences.segments += repeatElement(1, count: b + 1)
      sequences.offsets.append(sequences.tokens.count)
    }
    return sequences
  }

  /// How much of a pair of `a` and `b` tokens stays in `room`.
  static func lengths(_ a: Int, _ b: Int, room: Int) -> (Int, Int) {
    guard a + b > room else { return (a, b) }
    // Of an odd room the longer one has the more.
    if a <= b { return (min(a, room / 2), room - min(a, room / 2)) }
    return (room - min(b, room / 2), min(b, room / 2))
  }
}
