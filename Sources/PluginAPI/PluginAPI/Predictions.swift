/// What a metric sees: predictions and truth of all examples of a split, in the same order.
public struct Predictions: Sendable {
  /// What was to be learned.
  public let task: Task
  /// The mean loss of a prediction.
  public var loss: Double
  /// Classification: the class with the highest score, and the true one, int32 `[N]`. Empty where no metric asks for them.
  public private(set) var classes: [Int32] = []
  /// As ``classes``, of the truth.
  public private(set) var labels: [Int32] = []
  /// What the model predicts, `[N, width]`: logits, or values for regression. Empty where no metric asks for them.
  public private(set) var scores: [Float] = []
  /// Regression and several labels: the truth, `[N, width]`.
  public private(set) var targets: [Float] = []
  /// Numbers in a row of ``scores``.
  public var width: Int { task.outputs }

  private let keepsClasses, keepsScores: Bool

  /// - Parameter metrics: what is kept is what these need.
  public init(_ task: Task, for metrics: [Metric], loss: Double = .nan) {
    self.task = task
    self.loss = loss
    let isClassified = if case .classification = task { true } else { false }
    keepsClasses = isClassified && metrics.contains { $0.evidence != .loss }
    keepsScores = metrics.contains { $0.evidence == .scores || ($0.evidence == .classes && !isClassified) }
  }

  /// Predictions that are at hand already.
  public init(classes: [Int32], labels: [Int32], of count: Int, loss: Double = .nan) {
    self.init(.classification(classes: count), for: [], loss: loss)
    self.classes = classes
    self.labels = labels
  }

  /// Values that are at hand already, `[N, outputs]` each.
  public init(values: [Float], targets: [Float], outputs: Int = 1, loss: Double = .nan) {
    self.init(.regression(outputs: outputs), for: [], loss: loss)
    scores = values
    self.targets = targets
  }

  /// Whether anything is kept.
  public var isKeeping: Bool { keepsClasses || keepsScores }

  /// Takes a batch.
  ///
  /// - Parameters:
  ///   - prediction: `[N, width]`.
  ///   - target: classes int64 `[N]` or, for regression and several labels, `[N, width]`.
  public mutating func add(_ prediction: Tensor, _ target: Tensor) throws {
    if keepsClasses {
      classes += try prediction.argmax(-1).to(.cpu).values(Int64.self).map { Int32(truncatingIfNeeded: $0) }
      let truth = target.dtype.isFloatingPoint ? try target.argmax(-1) : target
      labels += try truth.to(.cpu).values(Int64.self).map { Int32(truncatingIfNeeded: $0) }
    }
    if keepsScores {
      scores += try prediction.to(.float32).to(.cpu).values(Float.self)
      if case .classification = task { return }
      targets += try target.to(.float32).to(.cpu).values(Float.self)
    }
  }
}
