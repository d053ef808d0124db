/// A text, or a pair of texts, as token numbers.
public struct Encoding: Sendable, Equatable {
  /// Token numbers `[T]`, special tokens included.
  public var ids: [Int32] = []
  /// Token types `[T]`: BERT's 0 for the first text and 1 for the second; RoBERTa's are all 0.
  public var segments: [Int32] = []
  /// The UTF-8 bytes of its text that each token stands for, widened to whole characters; `0..<0` for special tokens
  /// that the tokenizer put in.
  public var offsets: [Range<Int>] = []
  /// Which text each token is from: 0 the first, 1 the second, nil for special tokens that the tokenizer put in.
  public var sources: [Int?] = []

  public init() {}

  public var count: Int { ids.count }

  /// ``offsets`` counted in Unicode scalars instead of bytes, as Python counts.
  ///
  /// - Parameter texts: The first text, and the second if there is one.
  public func scalarOffsets(in texts: String...) -> [Range<Int>] {
    let indices = texts.map { text in
      var count = 0
      return [0] + text.utf8.enumerated().map { _, byte in
        // The scalar that begins behind byte i is number `count`.
        if byte & 0xC0 != 0x80 { count += 1 }
        return count
      }
    }
    // indices[t][i]: scalars that begin before byte i.
    return zip(offsets, sources).map { offsets, source in
      guard let source, source < indices.count, offsets.upperBound < indices[source].count else { return offsets }
      return indices[source][offsets.lowerBound]..<max(
        indices[source][offsets.lowerBound], indices[source][offsets.upperBound])
    }
  }
}

/// Many texts as token numbers, one after another without padding.
public struct PackedEncodings: Sendable, Equatable {
  /// Token numbers of all sequences `[T]`.
  public var ids: [Int32] = []
  /// Token types `[T]`; nil where all are 0.
  public var segments: [Int32]?
  /// Where sequence `i` is: `offsets[i]..<offsets[i + 1]`, N + 1 numbers from 0 to T.
  public var offsets: [Int] = [0]
  /// As ``Encoding/offsets`` `[T]`, if they were asked for.
  public var spans: [Range<Int>]?

  public init() {}

  /// The number of sequences.
  public var count: Int { offsets.count - 1 }

  /// The token numbers of one sequence.
  public subscript(index: Int) -> ArraySlice<Int32> { ids[offsets[index]..<offsets[index + 1]] }
}

/// What is cut off where a sequence is longer than asked for.
public enum TruncationStrategy: String, Sendable, CaseIterable {
  /// The longer of two texts until both are equally long, then both.
  case longestFirst = "LongestFirst"
  case onlyFirst = "OnlyFirst"
  case onlySecond = "OnlySecond"
  /// Nothing: a sequence may be longer than asked for.
  case none = "None"
}

/// A tokenizer file's own truncation; used where a call says nothing else.
public struct TokenizerTruncation: Sendable, Equatable {
  public var maximumLength: Int
  public var strategy = TruncationStrategy.longestFirst
  /// Whether tokens go at the beginning instead of the end.
  public var cutsLeft = false
  /// How far the parts that are cut off would overlap; kept for writing, since those parts are not given out.
  public var stride = 0

  public init(maximumLength: Int) { self.maximumLength = maximumLength }

  /// How many tokens of each text stay.
  static func lengths(
    _ first: Int, _ second: Int?, maximum: Int, strategy: TruncationStrategy
  ) -> (first: Int, second: Int)? {
    let both = first + (second ?? 0)
    guard both > maximum, strategy != .none else { return (first, second ?? 0) }
    let excess = both - maximum
    switch strategy {
    case .none: return (first, second ?? 0)
    case .onlyFirst: return maximum == 0 ? (0, 0) : first > excess ? (first - excess, second ?? 0) : nil
    case .onlySecond:
      if maximum == 0 { return (0, 0) }
      guard let second, second > excess else { return nil }
      return (first, second - excess)
    case .longestFirst:
      guard let second else { return (maximum, 0) }
      let (shorter, longer) = (min(first, second), max(first, second))
      var (low, high) = (shorter, longer)
      high = low > maximum ? low : max(low, maximum - low)
      if low + high > maximum {
        low = maximum / 2
        high = low + maximum % 2
      }
      return first > second ? (high, low) : (low, high)
    }
  }
}

/// A tokenizer file's padding. Encodings are never padded, batches are packed; the number and the rest are kept for who
/// makes a grid, and for writing.
public struct TokenizerPadding: Sendable, Equatable {
  /// Nil: to the longest of a batch.
  public var fixedLength: Int?
  public var padsLeft = false
  public var multiple: Int?
  public var id: Int32
  public var segment: Int32 = 0
  public var token: String

  public init(id: Int32, token: String) {
    self.id = id
    self.token = token
  }
}
