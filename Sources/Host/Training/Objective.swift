import PluginAPI

/// The loss of a task, and what is counted beside it.
public struct Objective: Sendable {
  public let task: Task

  public init(_ task: Task) throws {
    if case .nextToken = task { throw BasinError.usage("training on the next token is not there yet", advice: "Use a classification set") }
    self.task = task
  }

  /// The mean loss over the batch, auxiliary losses added.
  public func loss(_ output: Output, _ target: Tensor) throws -> Tensor {
    var loss = try mainLoss(output.prediction, target)
    for (_, extra) in output.auxiliaryLosses.sorted(by: { $0.key < $1.key }) { loss = try loss + extra }
    return loss
  }

  func mainLoss(_ prediction: Tensor, _ target: Tensor) throws -> Tensor {
    switch task {
    case .classification, .nextToken: try crossEntropy(prediction, target)
    case .multiLabel: try binaryCrossEntropy(prediction, target)
    case .regression: try meanSquaredError(prediction, target)
    }
  }

  /// How many predictions are right, as a tensor (not read yet); nil where that does not apply.
  func correct(_ prediction: Tensor, _ target: Tensor) throws -> Tensor? {
    switch task {
    case .classification, .nextToken: try prediction.argmax(-1).equals(target).sum()
    case .multiLabel(let labels):
      try prediction.isGreater(than: 0).equals(target.isGreater(than: 0.5)).to(.float64).sum() / Double(labels)
    case .regression: nil
    }
  }
}

/// Loss and accuracy over some examples.
public struct Metrics: Hashable, Sendable {
  public var loss: Double
  /// From 0 to 1; nil for regression.
  public var accuracy: Double?

  public init(loss: Double, accuracy: Double?) {
    self.loss = loss
    self.accuracy = accuracy
  }

  public var json: JSONValue { ["loss": JSONValue(loss), "accuracy": JSONValue(accuracy)] }

  public init?(json: JSONValue?) {
    guard let json, case .object = json else { return nil }
    loss = json["loss"]?.number ?? .nan
    accuracy = json["accuracy"]?.number
  }

  /// Whether this is better than `other`: a higher accuracy, or a lower loss where there is none or they are equal.
  public func isBetter(than other: Metrics) -> Bool {
    if let mine = accuracy, let theirs = other.accuracy, mine != theirs { return mine > theirs }
    return loss < other.loss
  }
}
