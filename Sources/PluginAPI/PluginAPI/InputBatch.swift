/// What a model eats: one batch of inputs. Models and data sets whose `Input` types are the same fit together.
///
/// `ImageBatch`, `GraphBatch` and `TokenBatch` live in PluginAPI; a new domain brings its own.
public protocol InputBatch {
  /// What a model must know of the data before it is made: extents, vocabulary sizes.
  associatedtype Shape: Sendable, CustomStringConvertible
  /// Examples in the batch.
  var count: Int { get }
  /// The shape to describe a model by when no data set is named (pictures: 3x32x32).
  static var exampleShape: Shape { get }
  /// `count` made-up examples to measure a model with; nil where none can be made from the shape alone.
  static func example(_ shape: Shape, count: Int) throws -> Self?
  /// The same batch with its tensors on `device`.
  func moved(to device: Device) throws -> Self
  /// What of the batch is not as the data set's shape says, as a phrase (`pictures of 1x28x28 instead of 3x32x32`); nil:
  /// nothing. `basin plugin check` asks it of the batches of a data set.
  func disagreement(with shape: Shape) throws -> String?
}

extension InputBatch {
  public static func example(_ shape: Shape, count: Int) throws -> Self? { nil }
  public func moved(to device: Device) throws -> Self { self }
  public func disagreement(with shape: Shape) throws -> String? { nil }
}

/// What is to be learned.
public enum Task: Hashable, Sendable, CustomStringConvertible {
  /// One of so many classes: logits `[N, classes]`, int64 targets `[N]`, cross entropy.
  case classification(classes: Int)
  /// Any of so many labels: logits and float32 targets 0 or 1 `[N, labels]`, binary cross entropy; a NaN is unknown.
  case multiLabel(labels: Int)
  /// So many numbers: predictions and float32 targets `[N, outputs]`, mean squared error.
  case regression(outputs: Int)
  /// The token that follows each: logits `[T, vocabulary]`, int64 targets `[T]`, cross entropy.
  case nextToken(vocabulary: Int)

  /// The width of a model's prediction.
  public var outputs: Int {
    switch self {
    case .classification(let n), .multiLabel(let n), .regression(let n), .nextToken(let n): n
    }
  }

  /// In words, for people.
  public var description: String {
    switch self {
    case .classification(let n): "classification into \(n) classes"
    case .multiLabel(let n): "\(n) labels"
    case .regression(let n): "regression of \(n) values"
    case .nextToken(let n): "next token of \(n)"
    }
  }
}

/// The parts of a data set: what is trained on, what decides, what is for final numbers.
public enum Split: String, Sendable, CaseIterable, Codable { case train, validation, test }
