import Foundation
import PluginAPI

/// A content divided into splits: what the data sets of this module have in common.
struct TableExamples: Sendable {
  let content: TableContent
  /// The rows of each split.
  private let splits: [Split: [Int]]
  private let settings: ColumnSettings
  private(set) var encoder: TableEncoder

  init(_ content: TableContent, splits: [Split: [Int]], _ settings: ColumnSettings) {
    self.content = content
    self.splits = splits
    self.settings = settings
    encoder = TableEncoder(content, training: splits[.train] ?? [], minimumCount: settings.minimumCount)
  }

  func count(_ split: Split) -> Int { splits[split]?.count ?? 0 }

  var facts: DatasetFacts<TableBatch.Shape> {
    switch content.target {
    case .classes(let names, _):
      DatasetFacts(shape: encoder.shape, task: .classification(classes: names.count), classNames: names)
    case .numbers, nil: DatasetFacts(shape: encoder.shape, task: .regression(outputs: 1))
    }
  }

  func labels(_ split: Split) -> [Int32]? {
    guard case .classes(_, let labels) = content.target else { return nil }
    return splits[split]?.map { labels[$0] } ?? []
  }

  mutating func fit(training: [Int]) {
    let rows = splits[.train] ?? []
    encoder = TableEncoder(content, training: training.map { rows[$0] }, minimumCount: settings.minimumCount)
  }

  func batch(_ ids: [Int], of split: Split) throws -> (input: TableBatch, target: Tensor) {
    let all = splits[split] ?? [], rows = ids.map { all[$0] }
    let input = try encoder.batch(content, rows)
    switch content.target {
    case .classes(_, let labels): return (input, try Tensor(rows.map { Int64(labels[$0]) }))
    case .numbers(let values): return (input, try Tensor(rows.map { Float(values[$0]) }, shape: [rows.count, 1]))
    case nil: throw BasinError.internalError("a table without a target was asked for examples")
    }
  }

  /// The root of the mean squared error, the mean absolute error and R^2, in the units of the table; for classes accuracy and F1.
  var metrics: [Metric] {
    if case .classes = content.target { return [.accuracy, .macroF1] }
    return [
      Metric("rmse", "root mean squared error", evidence: .scores, isHigherBetter: false) { predictions in
        let differences = zip(predictions.scores, predictions.targets).map { Double($0) - Double($1) }
        return (differences.reduce(0) { $0 + $1 * $1 } / Double(differences.count)).squareRoot()
      },
      Metric("mae", "mean absolute error", evidence: .scores, isHigherBetter: false) { predictions in
        let sum = zip(predictions.scores, predictions.targets).reduce(0) { $0 + abs(Double($1.0) - Double($1.1)) }
        return sum / Double(predictions.targets.count)
      },
      Metric("r2", "part of the variance explained", evidence: .scores) { predictions in
        let truth = predictions.targets.map(Double.init), mean = truth.reduce(0, +) / Double(truth.count)
        let rest = zip(predictions.scores, truth).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        let all = truth.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return all > 0 ? 1 - rest / all : .nan
      },
    ]
  }

  func inspection(_ format: String) -> DataInspection {
    var result = DataInspection(format: format)
    if case .classes(let names, _) = content.target { result.classes = names.count }
    result.shape = "\(encoder.shape)"
    result.examples = Dictionary(uniqueKeysWithValues: Split.allCases.map { ($0.rawValue, count($0)) })
    result.warnings = content.warnings
    return result
  }
}
