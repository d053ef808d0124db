/// What a model gives: its prediction and losses of its own that are added to the task's.
public struct Output {
  /// Logits `[N, classes]` for classification.
  public var prediction: Tensor
  /// One-element tensors, added to the loss in training.
  public var auxiliaryLosses: [String: Tensor]

  public init(_ prediction: Tensor, auxiliaryLosses: [String: Tensor] = [:]) {
    self.prediction = prediction
    self.auxiliaryLosses = auxiliaryLosses
  }
}

/// A trainable network. Write these two; the associated types are inferred:
///
/// 1. `init(_ options:shape:task:)` makes the layers; their tensors are filled by path and seed afterwards.
/// 2. `callAsFunction(_ input:_ mode:)` runs them.
public protocol Model<Input>: Module {
  associatedtype Input: InputBatch
  associatedtype ModelOptions: Options
  init(_ options: ModelOptions, shape: Input.Shape, task: Task) throws
  func callAsFunction(_ input: Input, _ mode: Mode) throws -> Output
  /// About how many multiplications a forward pass over a batch has: runs with small ones take one thread. nil: many.
  func multiplications(_ input: Input) -> Int?
}

extension Model {
  public func multiplications(_ input: Input) -> Int? { nil }
}
