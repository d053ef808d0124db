/// Sequences of token indices of different lengths, one behind the other: there is no padding.
///
/// Sequence i is `tokens[offsets[i] ..< offsets[i + 1]]`. ``padded(with:)`` spreads them out to a grid for models that need one.
public struct TokenBatch: InputBatch {
  /// What a model of sentences must know of the data before it is made.
  public struct Shape: Hashable, Sendable, CustomStringConvertible {
    /// Different tokens, special ones included.
    public let vocabulary: Int
    /// The most tokens a sequence has.
    public let length: Int
    /// The index that fills up short sequences where they are padded.
    public let padding: Int

    /// Sizes of the vocabulary and of the longest sequence, in tokens.
    public init(vocabulary: Int, length: Int, padding: Int = 0) {
      self.vocabulary = vocabulary
      self.length = length
      self.padding = padding
    }

    /// In words, for people.
    public var description: String { "\(vocabulary) tokens, at most \(length) a sentence" }
  }

  /// All sequences one behind the other, int64 `[T]`.
  public let tokens: Tensor
  /// Where each sequence begins and, last, where the last ends: N + 1 numbers from 0 to T.
  public let offsets: [Int]
  /// Which part of a pair each token belongs to (BERT's token types), int64 `[T]`; nil: 0 everywhere.
  public let segments: Tensor?

  /// - Throws: `TensorError` where tokens or segments are no int64 `[T]`, or offsets do not rise from 0 to T.
  public init(tokens: Tensor, offsets: [Int], segments: Tensor? = nil) throws {
    guard tokens.dimensions == 1, tokens.dtype == .int64, segments.map({ $0.dtype == .int64 }) ?? true,
      segments.map({ $0.shape == tokens.shape }) ?? true
    else {
      throw TensorError(
        operation: "TokenBatch", shapes: [tokens.shape] + (segments.map { [$0.shape] } ?? []),
        message: "needs int64 tokens [T] and segments of the same shape")
    }
    try SequenceOffsets.check(offsets, rows: tokens.count, "TokenBatch")
    self.tokens = tokens
    self.offsets = offsets
    self.segments = segments
  }

  /// Sequences given one by one.
  public init(_ sequences: [[Int64]], segments: [[Int64]]? = nil) throws {
    try self.init(
      tokens: Tensor(sequences.flatMap { $0 }), offsets: sequences.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) },
      segments: segments.map { try Tensor($0.flatMap { $0 }) })
  }

  /// Sequences, N.
  public var count: Int { offsets.count - 1 }

  /// The tokens of each sequence.
  public var lengths: [Int] { zip(offsets.dropFirst(), offsets).map { $0 - $1 } }

  /// The tokens of the longest sequence, L; 0 for a batch of nothing.
  public var longest: Int { lengths.max() ?? 0 }

  /// The place of each token in its sequence, from 0: int64 `[T]`.
  public func positions() throws -> Tensor {
    try Tensor(lengths.flatMap { 0..<Int64($0) }).to(tokens.device)
  }

  /// The sequences in a grid, short ones filled up behind: tokens int64 `[N, L]` and a mask `[N, L]`, bool, true on tokens that
  /// are not padding.
  public func padded(with padding: Int = 0) throws -> (tokens: Tensor, mask: Tensor) {
    let values = try tokens.values(Int64.self), longest = longest
    var grid = [Int64](repeating: Int64(padding), count: count * longest)
    var mask = [Bool](repeating: false, count: count * longest)
    for (row, begin) in offsets.dropLast().enumerated() {
      for place in 0..<offsets[row + 1] - begin {
        grid[row * longest + place] = values[begin + place]
        mask[row * longest + place] = true
      }
    }
    let shape = [count, longest]
    return (try Tensor(grid, shape: shape).to(tokens.device), try Tensor(mask, shape: shape).to(tokens.device))
  }

  /// 10,000 words, sentences of up to 64.
  public static var exampleShape: Shape { Shape(vocabulary: 10_000, length: 64) }

  public func disagreement(with shape: Shape) throws -> String? {
    if longest > shape.length { return "a sequence of \(longest) tokens where at most \(shape.length) are stated" }
    let stray = try tokens.to(.cpu).values(Int64.self).first { !(0..<Int64(shape.vocabulary)).contains($0) }
    return stray.map { "token \($0) of a vocabulary of \(shape.vocabulary)" }
  }

  public func moved(to device: Device) throws -> Self {
    try Self(tokens: tokens.to(device), offsets: offsets, segments: segments?.to(device))
  }
}
