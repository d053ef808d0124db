/// Sequences of token numbers of different lengths, one behind the other.
public struct TokenSequences: Sendable, Equatable {
  /// All sequences, one behind the other.
  public internal(set) var tokens: [Int32] = []
  /// Sequence `i` is `tokens[offsets[i] ..< offsets[i + 1]]`; `[count + 1]`.
  public internal(set) var offsets: [Int] = [0]
  /// The part of a pair each token belongs to, 0 or 1, as many as ``tokens``; empty where there are no pairs.
  public internal(set) var segments: [UInt8] = []

  public var count: Int { offsets.count - 1 }
  public subscript(index: Int) -> ArraySlice<Int32> { tokens[offsets[index]..<offsets[index + 1]] }

  mutating func append(contentsOf other: TokenSequences) {
    let begin = tokens.count
    tokens += other.tokens
    segments += other.segments
    offsets += other.offsets.dropFirst().map { begin + $0 }
  }
}
