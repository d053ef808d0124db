import PluginAPI

/// The loss of a task, and what is counted beside it.
struct Objective {
  let task: Task
  private let labelSmoothing: Double
  /// `[classes]`, float32.
  private let classWeights: Tensor?

  /// - Parameter labels: of the training examples, where the data set tells them.
  /// - Throws: `BasinError` of kind usage where the loss options do not fit the task.
  init(_ task: Task, _ options: LossOptions, labels: @autoclosure () -> [Int32]?, device: Device) throws {
    self.task = task
    labelSmoothing = options.labelSmoothing
    classWeights = try options.weights(task, labels: labels()).map { try Tensor($0.map { Float($0) }).to(device) }
    if labelSmoothing > 0, case .classification = task { return }
    guard labelSmoothing == 0 else {
      throw BasinError.usage("loss.labelSmoothing needs a classification set; the task is \(task)", advice: "Set loss.labelSmoothing=0")
    }
  }

  /// The mean loss over the batch that training minimizes: smoothed and weighted, auxiliary losses added.
  func trainingLoss(_ output: Output, _ target: Tensor) throws -> Tensor {
    var loss = try isPlain ? self.loss(output.prediction, target)
      : crossEntropy(output.prediction, target, classWeights: classWeights, labelSmoothing: labelSmoothing)
    for (_, extra) in output.auxiliaryLosses.sorted(by: { $0.key < $1.key }) { loss = try loss + extra }
    return loss
  }

  private var isPlain: Bool { labelSmoothing == 0 && classWeights == nil }

  /// The plain mean loss over the batch.
  func loss(_ prediction: Tensor, _ target: Tensor) throws -> Tensor {
    switch task {
    case .classification, .nextToken: try crossEntropy(prediction, target)
    case .multiLabel:
      if let known = try KnownLabels(target) { try known.loss(prediction) } else { try binaryCrossEntropy(prediction, target) }
    case .regression: try meanSquaredError(prediction, target)
    }
  }

  /// What predictions of several weights are averaged as: probabilities, or the values themselves for regression.
  func probabilities(_ prediction: Tensor) throws -> Tensor {
    switch task {
    case .classification, .nextToken: try softmax(prediction)
    case .multiLabel: try prediction.sigmoid()
    case .regression: prediction
    }
  }

  /// The prediction whose ``probabilities(_:)`` these are.
  func prediction(of probabilities: Tensor) throws -> Tensor {
    switch task {
    // The least positive normal float keeps a probability of 0 finite.
    case .classification, .nextToken: try (probabilities + 1.2e-38).log()
    case .multiLabel: try (probabilities + 1.2e-38).log() - (1.0 - probabilities + 1.2e-38).log()
    case .regression: probabilities
    }
  }

  /// How many predictions are right, as a tensor (not read yet); nil where that does not apply.
  func correct(_ prediction: Tensor, _ target: Tensor) throws -> Tensor? {
    switch task {
    case .classification, .nextToken:
      // Of mixed examples the class with the greatest part counts.
      try target.dtype.isFloatingPoint
        ? prediction.argmax(-1).equals(target.argmax(-1)).sum() : correctPredictions(prediction, target)
    case .multiLabel(let labels):
      if let known = try KnownLabels(target) {
        try known.correct(prediction)
      } else {
        try prediction.isGreater(than: 0).equals(target.isGreater(than: 0.5)).to(.float64).sum() / Double(labels)
      }
    case .regression: nil
    }
  }
}
