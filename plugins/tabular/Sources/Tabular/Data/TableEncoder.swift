import PluginAPI

/// Turns rows into numbers by what was learned from training rows alone: means, deviations, known categories.
public struct TableEncoder: Sendable {
  /// How a column of numbers is brought to mean 0 and deviation 1.
  public struct Standardization: Hashable, Sendable {
    public let mean, deviation: Double
    /// Whether training rows lack values: a column of 0 and 1 then says which do.
    public let marksMissing: Bool
  }

  public let numbers: [Standardization]
  /// The number of each known category, from 1, by column; 0 is anything else.
  public let categories: [[String: Int64]]
  public let outputs: [TableBatch.Scale]

  public init(_ content: TableContent, training rows: [Int], minimumCount: Int) {
    numbers = content.numbers.map { column in
      let present = rows.lazy.map { column.values[$0] }.filter { !$0.isNaN }
      let scale = Self.scale(Array(present))
      return Standardization(mean: scale.mean, deviation: scale.deviation, marksMissing: present.count < rows.count)
    }
    categories = content.categories.map { column in
      var counts: [String: Int] = [:]
      for row in rows { if let value = column.values[row] { counts[value, default: 0] += 1 } }
      let known = counts.filter { $0.value >= minimumCount }.keys.sorted()
      return Dictionary(uniqueKeysWithValues: known.enumerated().map { ($1, Int64($0 + 1)) })
    }
    if case .numbers(let values) = content.target {
      outputs = [Self.scale(rows.map { values[$0] })]
    } else {
      outputs = []
    }
  }

  /// Mean and deviation (divided by n); a deviation of 0 is told as 1.
  static func scale(_ values: [Double]) -> TableBatch.Scale {
    guard !values.isEmpty else { return .init(mean: 0, deviation: 1) }
    let mean = values.reduce(0) { $0 + $1 / Double(values.count) }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) / Double(values.count) }
    // Of equal values rounding leaves something tiny.
    let deviation = variance.squareRoot()
    return .init(mean: mean, deviation: deviation > 1e-9 * max(abs(mean), 1e-300) ? deviation : 1)
  }

  public var shape: TableBatch.Shape {
    TableBatch.Shape(
      numbers: numbers.count + numbers.count(where: \.marksMissing), categories: categories.map { $0.count + 1 }, outputs: outputs)
  }

  /// The rows of a content, in that order. A missing number is the mean; marks stand behind all numbers.
  public func batch(_ content: TableContent, _ rows: [Int]) throws -> TableBatch {
    let width = shape.numbers
    var values = [Float](repeating: 0, count: rows.count * width)
    var mark = numbers.count
    for (index, (column, standard)) in zip(content.numbers, numbers).enumerated() {
      for (place, row) in rows.enumerated() {
        let value = column.values[row]
        if !value.isNaN { values[place * width + index] = Float((value - standard.mean) / standard.deviation) }
        if value.isNaN, standard.marksMissing { values[place * width + mark] = 1 }
      }
      if standard.marksMissing { mark += 1 }
    }
    var codes = [Int64](repeating: 0, count: rows.count * categories.count)
    for (index, (column, known)) in zip(content.categories, categories).enumerated() {
      for (place, row) in rows.enumerated() {
        if let value = column.values[row] { codes[place * categories.count + index] = known[value] ?? 0 }
      }
    }
    return TableBatch(
      numbers: try Tensor(values, shape: [rows.count, width]), categories: try Tensor(codes, shape: [rows.count, categories.count]))
  }
}
