import Foundation
import PluginAPI

/// Writes predictions: a table with a header, or JSON lines.
///
/// Columns: `index`, `truth` where it is known, then for classes `label` and `p(NAME)` of each class, for several labels
/// `labels` (separated by blanks) and `p(NAME)` of each, for numbers `prediction` (of several `prediction1`, ...).
public enum PredictionWriter {
  public enum Format: String, CaseIterable, Sendable { case csv, tsv, jsonl }

  public static func text(_ examples: PredictedExamples, _ format: Format) -> String {
    var text = ""
    if format == .jsonl {
      for index in 0..<examples.count {
        // Keys are sorted; a number is as short as it can be without loss.
        let line = (try? json(examples, index).data(pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        text += line + "\n"
      }
      return text
    }
    func add(_ cells: [String]) {
      text += cells.map { cell($0, format) }.joined(separator: format == .csv ? "," : "\t") + "\n"
    }
    add(header(examples))
    for index in 0..<examples.count { add(row(examples, index)) }
    return text
  }

  static func json(_ examples: PredictedExamples, _ index: Int) -> JSONValue {
    var object: [String: JSONValue] = ["index": .string(examples.names[index])]
    if let truth = examples.truth { object["truth"] = .string(truth[index]) }
    let values = examples.row(index).map { JSONValue(Double("\($0)")) }
    let named = JSONValue.object(Dictionary(zip(examples.classNames, values), uniquingKeysWith: { first, _ in first }))
    switch examples.task {
    case .classification, .nextToken:
      object["label"] = .string(examples.classNames[examples.best(index)])
      object["probabilities"] = named
    case .multiLabel:
      object["labels"] = JSONValue(examples.likely(index))
      object["probabilities"] = named
    case .regression: object["prediction"] = examples.width == 1 ? values[0] : .array(values)
    }
    return .object(object)
  }

  private static func header(_ examples: PredictedExamples) -> [String] {
    let first = ["index"] + (examples.truth == nil ? [] : ["truth"])
    switch examples.task {
    case .classification, .nextToken: return first + ["label"] + examples.classNames.map { "p(\($0))" }
    case .multiLabel: return first + ["labels"] + examples.classNames.map { "p(\($0))" }
    case .regression: return first + (examples.width == 1 ? ["prediction"] : (1...max(1, examples.width)).map { "prediction\($0)" })
    }
  }

  private static func row(_ examples: PredictedExamples, _ index: Int) -> [String] {
    let first = [examples.names[index]] + (examples.truth.map { [$0[index]] } ?? [])
    let values = examples.row(index).map { "\($0)" }
    switch examples.task {
    case .classification, .nextToken: return first + [examples.classNames[examples.best(index)]] + values
    case .multiLabel: return first + [examples.likely(index).joined(separator: " ")] + values
    case .regression: return first + values
    }
  }

  private static func cell(_ text: String, _ format: Format) -> String {
    if format == .tsv {
      // A table between tabs has no way to hold one.
      return String(text.map { $0 == "\t" || $0.isNewline ? " " : $0 })
    }
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// The file a benchmark's server takes.
  ///
  /// - Throws: `BasinError` (`.internalError`) for a submission that does not fit the task.
  public static func text(_ examples: PredictedExamples, for submission: Submission) throws -> String {
    var lines = [submission.header.joined(separator: "\t")]
    for index in 0..<examples.count {
      let prediction: String
      switch examples.task {
      case .classification where submission.words.count == examples.width: prediction = submission.words[examples.best(index)]
      case .regression where examples.width == 1:
        let value = Double(examples.values[index])
        let cut = submission.range.map { min(max(value, $0.lowerBound), $0.upperBound) } ?? value
        prediction = String(format: "%.3f", cut)
      default: throw BasinError.internalError("\(submission.file) cannot be written for \(examples.task)")
      }
      lines.append("\(examples.names[index])\t\(prediction)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
