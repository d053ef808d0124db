import Foundation
import PluginAPI

/// `table:PATH`: a CSV file, or a folder with `train.csv`, `test.csv` and maybe `validation.csv`.
///
/// Of a single file a part is kept for the test: with classes the same part of each. Everything that is learned from data (means,
/// deviations, categories, the scale of the target) is learned from the training rows.
public struct TableDataset: MeasuredDataset, UnlabelledDataset {
  private var examples: TableExamples
  private let options: TableFileOptions
  public let files: [String]

  public init(_ options: TableFileOptions, source: DataSource, random: Random) throws {
    let path = try source.requirePath()
    self.options = options
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      let table = try Self.table(path, options), content = try TableContent(table, options.columns)
      files = [path]
      examples = TableExamples(content, splits: Self.divided(content, options), options.columns)
      return
    }
    let parts: [(Split, String)] = [(.train, "train"), (.validation, "validation"), (.test, "test")]
    let found = parts.map { ($0.0, "\(path)/\($0.1).csv") }.filter { FileManager.default.fileExists(atPath: $0.1) }
    for name in ["train", "test"] where !found.contains(where: { $0.1 == "\(path)/\(name).csv" }) {
      throw BasinError.missing("has no \(name).csv", file: path, advice: "Name a single file to have it divided")
    }
    let tables = try found.map { try Self.table($0.1, options) }
    var splits: [Split: [Int]] = [:], begin = 0
    for (part, table) in zip(found, tables) {
      splits[part.0] = Array(begin..<begin + table.rows)
      begin += table.rows
    }
    files = found.map(\.1)
    examples = TableExamples(
      try TableContent(Table(joining: tables), options.columns), splits: splits, options.columns)
  }

  private static func table(_ path: String, _ options: TableFileOptions) throws -> Table {
    try Table(file: path, delimiter: options.delimiter.character, hasHeader: options.header)
  }

  /// A seeded part of the rows for the test, of every class the same.
  private static func divided(_ content: TableContent, _ options: TableFileOptions) -> [Split: [Int]] {
    let random = Random(seed: UInt64(options.splitSeed))["table split"]
    var groups: [[Int]] = [Array(0..<content.rows)]
    if case .classes(let names, let labels) = content.target {
      groups = Array(repeating: [], count: names.count)
      for (row, label) in labels.enumerated() { groups[Int(label)].append(row) }
    }
    var train: [Int] = [], test: [Int] = []
    for (index, group) in groups.enumerated() {
      let order = random[index].permutation(group.count).map { group[$0] }
      let kept = Int((options.testFraction * Double(group.count)).rounded())
      test += order.prefix(kept)
      train += order.dropFirst(kept)
    }
    return [.train: train.sorted(), .test: test.sorted()]
  }

  public var facts: DatasetFacts<TableBatch.Shape> { examples.facts }
  public var metrics: [Metric] { examples.metrics }
  public func count(_ split: Split) -> Int { examples.count(split) }
  public func labels(_ split: Split) -> [Int32]? { examples.labels(split) }
  public mutating func fit(training: [Int]) throws { examples.fit(training: training) }
  public func inspection() throws -> DataInspection { examples.inspection("table") }

  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: TableBatch, target: Tensor) {
    try examples.batch(ids, of: split)
  }

  /// The rows of another file with the same columns; the target may be absent.
  public func unlabelled(file: String, _ options: NoOptions) throws -> UnlabelledExamples<TableBatch> {
    let content = try TableContent(Self.table(file, self.options), like: examples.content, self.options.columns)
    let encoder = examples.encoder
    return UnlabelledExamples(count: content.rows) { try encoder.batch(content, $0) }
  }
}
