import Foundation

/// A batch as the host handles it: inputs of any kind and their targets.
public struct PreparedBatch {
  /// Of the type that the data set gives and the model takes.
  public let input: any InputBatch
  /// As ``Dataset/batch(_:of:augmentation:)`` gives them, on the run's device.
  public let target: Tensor
  /// Examples.
  public let count: Int
}

/// A data set whose input type the host does not know.
public protocol LoadedDataset: AnyObject {
  /// What is to be learned.
  var task: Task { get }
  /// The name of each class, where there are any.
  var classNames: [String] { get }
  /// The shape of the inputs, in words.
  var shapeDescription: String { get }
  /// The type of a batch of inputs.
  var inputType: Any.Type { get }
  /// The files the data were read from.
  var files: [String] { get }
  /// Examples in a split as published.
  func count(_ split: Split) -> Int
  /// The class of each example; nil where that does not apply.
  func labels(_ split: Split) -> [Int32]?
  /// How long each example is; nil where that does not apply.
  func lengths(_ split: Split) -> [Int32]?
  /// Learns what is learned from training data alone.
  func fit(training: [Int]) throws
  /// The examples `ids` of a split with their targets, on a device.
  func batch(_ ids: [Int], of split: Split, augmentation: Random?, device: Device) throws -> PreparedBatch
  /// What `basin data inspect` tells.
  func inspection() throws -> DataInspection
  /// The batch's inputs as a person would see them, uint8 `[N, H, W, C]`; nil where they cannot be shown.
  func pictures(of batch: PreparedBatch) throws -> Tensor?
  /// What of the batch's inputs is not as the stated shape says; nil: nothing.
  func disagreement(of batch: PreparedBatch) throws -> String?
}

extension LoadedDataset {
  public func lengths(_ split: Split) -> [Int32]? { nil }
  public func pictures(of batch: PreparedBatch) throws -> Tensor? { nil }
  public func disagreement(of batch: PreparedBatch) throws -> String? { nil }
}

final class DatasetBox<D: Dataset>: LoadedDataset {
  var dataset: D
  // The host makes batches ahead on a thread of its own, while it evaluates on another.
  private let lock = NSLock()
  init(_ dataset: D) { self.dataset = dataset }

  var task: Task { dataset.facts.task }
  var classNames: [String] { dataset.facts.classNames }
  var shapeDescription: String { "\(dataset.facts.shape)" }
  var inputType: Any.Type { D.Input.self }
  var files: [String] { dataset.files }
  /// Examples in a split as published.
  func count(_ split: Split) -> Int { dataset.count(split) }
  /// The class of each example; nil where that does not apply.
  func labels(_ split: Split) -> [Int32]? { dataset.labels(split) }
  /// How long each example is; nil where that does not apply.
  func lengths(_ split: Split) -> [Int32]? { dataset.lengths(split) }
  /// Learns what is learned from training data alone.
  func fit(training: [Int]) throws { try dataset.fit(training: training) }
  /// What `basin data inspect` tells.
  func inspection() throws -> DataInspection { try dataset.inspection() }
  func pictures(of batch: PreparedBatch) throws -> Tensor? {
    try (batch.input as? D.Input).flatMap { try dataset.pictures(of: $0) }
  }
  func disagreement(of batch: PreparedBatch) throws -> String? {
    guard let input = batch.input as? D.Input else { return "\(type(of: batch.input)) instead of \(D.Input.self)" }
    return try input.disagreement(with: dataset.facts.shape)
  }

  /// The examples `ids` of a split with their targets, on a device.
  func batch(_ ids: [Int], of split: Split, augmentation: Random?, device: Device) throws -> PreparedBatch {
    let (input, target) = try lock.withLock { try dataset.batch(ids, of: split, augmentation: augmentation) }
    return PreparedBatch(input: try input.moved(to: device), target: try target.to(device), count: ids.count)
  }
}

/// A model whose input type the host does not know.
public protocol LoadedModel: AnyObject {
  /// The model's layers and tensors.
  var module: any Module { get }
  /// Runs the model.
  ///
  /// - Throws: `BasinError` where the batch is of another input type.
  func forward(_ batch: PreparedBatch, _ mode: Mode) throws -> Output
  /// About how many multiplications a forward pass has; nil: many.
  func multiplications(_ batch: PreparedBatch) -> Int?
  /// `count` made-up examples of the shape the model was made for; nil where its inputs cannot be made up. Every class is 0.
  func exampleBatch(_ count: Int) throws -> PreparedBatch?
}

final class ModelBox<M: Model>: LoadedModel {
  let model: M
  let shape: M.Input.Shape

  init(_ options: M.ModelOptions, shape: M.Input.Shape, task: Task) throws {
    model = try M(options, shape: shape, task: task)
    self.shape = shape
  }

  var module: any Module { model }

  /// Runs the model.
  ///
  /// - Throws: `BasinError` where the batch is of another input type.
  func forward(_ batch: PreparedBatch, _ mode: Mode) throws -> Output {
    guard let input = batch.input as? M.Input else {
      throw BasinError.internalError("the model takes \(M.Input.self), the batch is \(type(of: batch.input))")
    }
    return try model(input, mode)
  }

  func multiplications(_ batch: PreparedBatch) -> Int? { (batch.input as? M.Input).flatMap(model.multiplications) }

  func exampleBatch(_ count: Int) throws -> PreparedBatch? {
    try M.Input.example(shape, count: count).map {
      PreparedBatch(input: $0, target: try Tensor.zeros([count], .int64), count: count)
    }
  }
}
