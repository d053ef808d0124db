/// A figure of merit of all predictions of a split together, which is not a mean over batches.
///
/// A data set states which count for it (``MeasuredDataset``); the host computes them and writes them under their name
/// in `summary.json`. The ready ones are ``accuracy``, ``f1``, ``macroF1``, ``matthews``, ``pearson``, ``spearman`` and
/// ``perplexity``; a module makes another with ``init(_:_:evidence:isHigherBetter:formula:)``.
public struct Metric: Sendable {
  /// What must be kept of the predictions until all are made.
  public enum Evidence: Sendable {
    /// The mean loss alone.
    case loss
    /// Of each example the class with the highest score and the true class; for regression its values.
    case classes
    /// Every score of each example.
    case scores
  }

  /// The key in `summary.json`: `matthews`.
  public let name: String
  /// For people: `Matthews correlation`.
  public let summary: String
  /// What must be kept of the predictions.
  public let evidence: Evidence
  /// Whether a greater figure is a better one.
  public let isHigherBetter: Bool
  private let formula: @Sendable (Predictions) -> Double

  /// - Parameter formula: NaN where the figure is not defined.
  public init(
    _ name: String, _ summary: String, evidence: Evidence, isHigherBetter: Bool = true,
    formula: @escaping @Sendable (Predictions) -> Double
  ) {
    self.name = name
    self.summary = summary
    self.evidence = evidence
    self.isHigherBetter = isHigherBetter
    self.formula = formula
  }

  /// The figure; NaN where it is not defined.
  public func callAsFunction(_ predictions: Predictions) -> Double { formula(predictions) }
}

extension Metric {
  /// The part of the examples whose class is right.
  public static let accuracy = Metric("accuracy", "accuracy", evidence: .classes) { predictions in
    guard !predictions.labels.isEmpty else { return .nan }
    let right = zip(predictions.classes, predictions.labels).count { $0 == $1 }
    return Double(right) / Double(predictions.labels.count)
  }

  /// The F1 score of class 1: 2 TP / (2 TP + FP + FN); 0 where class 1 neither occurs nor is predicted.
  public static let f1 = Metric("f1", "F1 of class 1", evidence: .classes) {
    MetricFormulas.f1($0.classes, $0.labels, of: 1)
  }

  /// The unweighted mean of the F1 scores of the classes that occur or are predicted.
  public static let macroF1 = Metric("macroF1", "mean F1 of all classes", evidence: .classes) { predictions in
    let present = Set(predictions.classes).union(predictions.labels).sorted()
    guard !present.isEmpty else { return .nan }
    let sum = present.reduce(0.0) { $0 + MetricFormulas.f1(predictions.classes, predictions.labels, of: $1) }
    return sum / Double(present.count)
  }

  /// The Matthews correlation of predicted and true classes, for more than two classes as Gorodkin (2004) generalizes
  /// it; 0 where either of them is always the same.
  public static let matthews = Metric("matthews", "Matthews correlation", evidence: .classes) {
    MetricFormulas.matthews($0.classes, $0.labels)
  }

  /// Pearson's correlation of predicted and true values; of several outputs the mean of theirs.
  public static let pearson = Metric("pearson", "Pearson correlation", evidence: .scores) {
    MetricFormulas.meanOverOutputs($0, MetricFormulas.pearson)
  }

  /// Spearman's rank correlation of predicted and true values, equal values having the mean of their ranks; of several
  /// outputs the mean of theirs.
  public static let spearman = Metric("spearman", "Spearman rank correlation", evidence: .scores) {
    MetricFormulas.meanOverOutputs($0) { MetricFormulas.pearson(MetricFormulas.ranks($0), MetricFormulas.ranks($1)) }
  }

  /// exp of the mean cross-entropy of a token.
  public static let perplexity = Metric("perplexity", "perplexity", evidence: .loss, isHigherBetter: false) {
    MetricFormulas.exponential($0.loss)
  }
}
