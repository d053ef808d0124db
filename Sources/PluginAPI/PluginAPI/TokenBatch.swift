/// Sentences as token indices, padded to the longest of the batch.
public struct TokenBatch: InputBatch {
  public struct Shape: Hashable, Sendable, CustomStringConvertible {
    /// Different tokens, special ones included.
    public let vocabulary: Int
    /// The most tokens a sentence has.
    public let length: Int
    /// The index that fills up short sentences.
    public let padding: Int

    public init(vocabulary: Int, length: Int, padding: Int = 0) {
      self.vocabulary = vocabulary
      self.length = length
      self.padding = padding
    }

    public var description: String { "\(vocabulary) tokens, at most \(length) a sentence" }
  }

  /// `[N, L]` int64.
  public let tokens: Tensor
  /// `[N, L]` bool, true on tokens that are not padding; nil where no sentence is padded.
  public let mask: Tensor?
  public let count: Int

  public init(tokens: Tensor, mask: Tensor?) {
    self.tokens = tokens
    self.mask = mask
    count = tokens.shape.first ?? 0
  }

  public static var exampleShape: Shape { Shape(vocabulary: 10_000, length: 64) }

  public func moved(to device: Device) throws -> Self {
    Self(tokens: try tokens.to(device), mask: try mask?.to(device))
  }
}
