/// What a model gives: its prediction and losses of its own that are added to the task's.
public struct Output {
  /// Logits `[N, classes]` for classification.
  public var prediction: Tensor
  /// One-element tensors, added to the loss in training.
  public var auxiliaryLosses: [String: Tensor]

  /// A prediction, and losses of the model's own by their names.
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
  /// The type of a batch of inputs. Data sets of the same type fit.
  associatedtype Input: InputBatch
  /// What `--set model.NAME` sets.
  associatedtype ModelOptions: Options
  /// Makes the layers; `Module.initialize` fills their tensors afterwards.
  ///
  /// - Throws: `BasinError` of kind usage where options, shape and task do not fit.
  init(_ options: ModelOptions, shape: Input.Shape, task: Task) throws
  /// Runs the layers: `[N, task.outputs]` for a batch of N.
  ///
  /// - Throws: `TensorError` for shapes that do not fit; it ends that run with the layer's path.
  func callAsFunction(_ input: Input, _ mode: Mode) throws -> Output
  /// About how many multiplications a forward pass over a batch has: runs with small ones take one thread. nil: many.
  func multiplications(_ input: Input) -> Int?
}

extension Model {
  public func multiplications(_ input: Input) -> Int? { nil }
}
