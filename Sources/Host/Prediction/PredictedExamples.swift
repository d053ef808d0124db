import PluginAPI

/// What a model says of some examples, ready to be written.
public struct PredictedExamples: Sendable {
  public let task: Task
  /// What each example is called, `[N]`.
  public let names: [String]
  /// The classes' or labels' names; of regression with one output none.
  public let classNames: [String]
  /// Probabilities of classes or labels, or predicted values; `[N, task.outputs]`.
  public let values: [Float]
  /// The true class or value of each, where it is known.
  public let truth: [String]?

  /// - Throws: `BasinError` (`.internalError`) for a value that is not a number, `.internalError` for counts that differ.
  public init(task: Task, names: [String], classNames: [String], values: [Float], truth: [String]? = nil) throws {
    let width = task.outputs
    guard values.count == names.count * width, truth.map({ $0.count == names.count }) ?? true else {
      throw BasinError.internalError("\(values.count) predictions of \(width) for \(names.count) examples")
    }
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw BasinError.internalError(
        "the prediction for example \(names[bad / max(width, 1)]) is not a number",
        advice: "The weights hold values that are not finite: choose others with --weights, or train again with a lower rate")
    }
    self.task = task
    self.names = names
    // A data set need not name its classes.
    self.classNames = (0..<width).map { $0 < classNames.count ? classNames[$0] : "\($0)" }
    self.values = values
    self.truth = truth
  }

  public var count: Int { names.count }
  public var width: Int { task.outputs }

  func row(_ index: Int) -> ArraySlice<Float> { values[index * width..<(index + 1) * width] }

  /// The class with the highest probability, the first of equal ones.
  func best(_ index: Int) -> Int {
    let row = row(index)
    var best = row.startIndex
    for place in row.indices where row[place] > row[best] { best = place }
    return best - row.startIndex
  }

  /// The labels of a multi-label example: those that are likelier than not.
  func likely(_ index: Int) -> [String] { zip(classNames, row(index)).filter { $1 > 0.5 }.map(\.0) }
}
