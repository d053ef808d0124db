/// What is done with the tokens of one or two texts: offsets trimmed, special tokens put around them, types given.
enum PostProcessor: Sendable, Equatable {
  struct Special: Sendable, Equatable {
    var token: String
    var id: Int32
  }

  enum Piece: Sendable, Equatable {
    /// The tokens of text 0 or 1.
    case sequence(Int, segment: Int32)
    /// A special token by its name in the template.
    case special(String, segment: Int32)
  }

  struct TemplateToken: Sendable, Equatable {
    var id: String
    var ids: [Int32]
    var tokens: [String]
  }

  case byteLevel(addsPrefixSpace: Bool, trimsOffsets: Bool, usesPattern: Bool)
  case roberta(separator: Special, classifier: Special, trimsOffsets: Bool, addsPrefixSpace: Bool)
  case bert(separator: Special, classifier: Special)
  case template(single: [Piece], pair: [Piece], tokens: [TemplateToken])
  /// Several, one after another; only the last may put in special tokens.
  case sequence([PostProcessor])
}

/// A ``PostProcessor`` as flat lists.
struct TokenAssembly: Sendable {
  enum Part: Sendable, Equatable {
    case special(Int32, segment: Int32)
    case sequence(Int, segment: Int32)
  }

  /// For each trimming of offsets whether a space was put before the text.
  private(set) var trims: [Bool] = []
  private(set) var single: [Part] = [.sequence(0, segment: 0)]
  private(set) var pair: [Part] = [.sequence(0, segment: 0), .sequence(1, segment: 1)]
  /// The same without special tokens.
  private(set) var bareSingle: [Part] = [.sequence(0, segment: 0)]
  private(set) var barePair: [Part] = [.sequence(0, segment: 0), .sequence(1, segment: 1)]

  init(_ processor: PostProcessor?) {
    guard let processor else { return }
    var processors = [processor]
    if case .sequence(let inner) = processor { processors = inner }
    for processor in processors { add(processor) }
  }

  private mutating func add(_ processor: PostProcessor) {
    switch processor {
    case .byteLevel(let addsPrefixSpace, let trimsOffsets, _):
      if trimsOffsets { trims.append(addsPrefixSpace) }
    case .roberta(let separator, let classifier, let trimsOffsets, let addsPrefixSpace):
      if trimsOffsets { trims.append(addsPrefixSpace) }
      single = [.special(classifier.id, segment: 0), .sequence(0, segment: 0), .special(separator.id, segment: 0)]
      pair = single + [
        .special(separator.id, segment: 0), .sequence(1, segment: 0), .special(separator.id, segment: 0),
      ]
      bareSingle = [.sequence(0, segment: 0)]
      barePair = [.sequence(0, segment: 0), .sequence(1, segment: 0)]
    case .bert(let separator, let classifier):
      single = [.special(classifier.id, segment: 0), .sequence(0, segment: 0), .special(separator.id, segment: 0)]
      pair = single + [.sequence(1, segment: 1), .special(separator.id, segment: 1)]
    case .template(let single, let pair, let tokens):
      func parts(_ pieces: [PostProcessor.Piece]) -> [Part] {
        pieces.flatMap { piece -> [Part] in
          switch piece {
          case .sequence(let index, let segment): [.sequence(index, segment: segment)]
          case .special(let name, let segment):
            (tokens.first { $0.id == name }?.ids ?? []).map { .special($0, segment: segment) }
          }
        }
      }
      func bare(_ parts: [Part]) -> [Part] {
        parts.filter { if case .sequence = $0 { true } else { false } }
      }
      (self.single, self.pair) = (parts(single), parts(pair))
      (bareSingle, barePair) = (bare(self.single), bare(self.pair))
    case .sequence(let inner):
      for processor in inner { add(processor) }
    }
  }

  func parts(isPair: Bool, addsSpecialTokens: Bool) -> [Part] {
    isPair ? (addsSpecialTokens ? pair : barePair) : (addsSpecialTokens ? single : bareSingle)
  }
}

/// Takes white space at the ends of tokens out of their offsets, as the reference implementation does.
struct OffsetTrimming: Sendable {
  /// White space at the beginning and at the end of each token.
  private let leading: [UInt8]
  private let trailing: [UInt8]

  /// - Parameter tokens: The bytes that each token stands for.
  init(byteTokens tokens: some Collection<ArraySlice<UInt8>>) {
    func count(_ bytes: some Sequence<UInt8>) -> UInt8 {
      UInt8(clamping: bytes.prefix { $0 == 0x20 }.count)
    }
    leading = tokens.map { count($0) }
    trailing = tokens.map { count($0.reversed()) }
  }

  init() { (leading, trailing) = ([], []) }

  func trim(_ buffer: TokenBuffer, _ text: UnsafeBufferPointer<UInt8>, addsPrefixSpace: Bool) {
    guard let base = text.baseAddress else { return }
    var nextAdded = 0
    for index in 0..<buffer.count {
      var (before, after): (Int, Int)
      if nextAdded < buffer.added.count, buffer.added[nextAdded] == index {
        nextAdded += 1
        (before, after) = Self.spaces(base, Int(buffer.starts[index])..<Int(buffer.ends[index]))
      } else {
        let id = Int(buffer.ids[index])
        guard id < leading.count else { continue }
        (before, after) = (Int(leading[id]), Int(trailing[id]))
      }
      guard before > 0 || after > 0 else { continue }
      var (start, end) = (Int(buffer.starts[index]), Int(buffer.ends[index]))
      if index == 0 || start == 0, addsPrefixSpace, before == 1 { before = 0 }
      while before > 0, start < end {
        start += 1
        while start < end, base[start] & 0xC0 == 0x80 { start += 1 }
        before -= 1
      }
      var trimmed = end
      while after > 0, trimmed > 0 {
        trimmed -= 1
        while trimmed > 0, base[trimmed] & 0xC0 == 0x80 { trimmed -= 1 }
        after -= 1
      }
      // With fewer characters before the end than there are spaces, the end stays.
      if after == 0 { end = max(trimmed, start) }
      buffer.setOffsets(index, Int32(truncatingIfNeeded: start), Int32(truncatingIfNeeded: end))
    }
  }

  /// White space at both ends of a part of the text, in characters.
  private static func spaces(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) -> (before: Int, after: Int) {
    var scalars: [Bool] = []
    var index = range.lowerBound
    while index < range.upperBound {
      scalars.append(AddedTokens.spaceWidth(at: index, text) != nil)
      index += UTF8Scalar.decode(text + index).width
    }
    return (scalars.prefix { $0 }.count, scalars.reversed().prefix { $0 }.count)
  }
}
