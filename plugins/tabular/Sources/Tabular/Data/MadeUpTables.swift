import Foundation
import PluginAPI

/// A generated table.
public protocol MadeUpTable: Sendable {
  /// The column to predict.
  static var target: String { get }
  /// `rows` rows: a pure function of its arguments.
  static func table(rows: Int, noise: Double, _ random: Random) -> Table
}

/// A generated table as a data set.
public struct MadeUpDataset<Source: MadeUpTable>: MeasuredDataset {
  private var examples: TableExamples

  public init(_ options: MadeUpOptions, source: DataSource, random: Random) throws {
    let rows = options.train + options.test
    var settings = options.columns
    settings.target = Source.target
    let content = try TableContent(Source.table(rows: rows, noise: options.noise, random), settings)
    examples = TableExamples(
      content, splits: [.train: Array(0..<options.train), .test: Array(options.train..<rows)], settings)
  }

  public var facts: DatasetFacts<TableBatch.Shape> { examples.facts }
  public var metrics: [Metric] { examples.metrics }
  public func count(_ split: Split) -> Int { examples.count(split) }
  public func labels(_ split: Split) -> [Int32]? { examples.labels(split) }
  public mutating func fit(training: [Int]) throws { examples.fit(training: training) }
  public func inspection() throws -> DataInspection { examples.inspection("generated") }

  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: TableBatch, target: Tensor) {
    try examples.batch(ids, of: split)
  }
}

/// `made-up-credit`: whether a loan is paid back. What matters most is a ratio of two columns, and what is bearable differs by a
/// third. Some incomes are missing, more often of those who do not pay.
public enum MadeUpCredit: MadeUpTable {
  public static let target = "outcome"

  public static func table(rows: Int, noise: Double, _ random: Random) -> Table {
    let draw = Draws(random, rows: rows)
    let age = draw.uniform("age", 20...75), income = draw.normal("income").map { 2500 * exp(0.5 * $0) }
    let amount = draw.normal("amount").map { 9000 * exp(0.7 * $0) }, years = draw.uniform("years", 0...30)
    let purposes = ["car", "house", "education", "business", "holiday", "other"]
    let purpose = draw.integers("purpose", below: purposes.count), region = draw.integers("region", below: 12)
    let owner = draw.uniform("owner", 0...1), chance = draw.uniform("chance", 0.001...0.999), gap = draw.uniform("gap", 0...1)
    let bearable = [0.9, 1.6, 1.2, 0.6, 0.4, 0.8]
    var outcome: [String] = [], incomes: [String] = []
    for row in 0..<rows {
      let burden = amount[row] / (12 * income[row]) / bearable[purpose[row]]
      var score = 1.3 + 2.2 * log(burden + 0.05) + 0.6 * sin(Double(region[row])) - 0.04 * min(years[row], 12)
      score += owner[row] < 0.4 ? -0.8 : 0.2
      score += abs(age[row] - 45) / 20 * (purpose[row] == 3 ? 1.2 : 0.3)
      score += 0.7 * noise * log(chance[row] / (1 - chance[row]))
      outcome.append(score > 0 ? "defaults" : "pays")
      incomes.append(gap[row] < (score > 0 ? 0.09 : 0.03) ? "" : text(income[row], 0))
    }
    return Table(
      names: ["age", "income", "amount", "years_employed", "purpose", "region", "home_owner", target],
      columns: [
        age.map { text($0, 0) }, incomes, amount.map { text($0, 0) }, years.map { text($0, 1) }, purpose.map { purposes[$0] },
        region.map { "R\($0 + 1)" }, owner.map { $0 < 0.4 ? "yes" : "no" }, outcome,
      ])
  }
}

/// `made-up-prices`: what a flat costs, in thousands. Area and district multiply each other; the age of the house counts in both directions.
public enum MadeUpPrices: MadeUpTable {
  public static let target = "price"

  public static func table(rows: Int, noise: Double, _ random: Random) -> Table {
    let draw = Draws(random, rows: rows)
    let area = draw.normal("area").map { 75 * exp(0.4 * $0) }, floor = draw.integers("floor", below: 9)
    let built = draw.uniform("built", 1890...2024), distance = draw.uniform("distance", 0...25)
    let district = draw.integers("district", below: 10), heating = draw.integers("heating", below: 4)
    let condition = draw.integers("condition", below: 5), error = draw.normal("error"), gap = draw.uniform("gap", 0...1)
    let heatings = ["district heating", "gas", "oil", "heat pump"], conditions = ["poor", "fair", "good", "very good", "new"]
    let factors = (0..<10).map { 0.7 + 0.15 * Double(($0 * 7) % 10) }
    var prices: [String] = []
    for row in 0..<rows {
      // Old houses are sought after in the two oldest districts, elsewhere new ones.
      let age = (2024 - built[row]) / 134, charm = district[row] < 2 ? 0.5 * age : -0.35 * age
      var price = 2.6 * area[row] * factors[district[row]] * (1 + charm) * exp(-distance[row] / 40)
      price *= 1 + 0.06 * Double(condition[row] - 2) + (heating[row] == 3 ? 0.05 : heating[row] == 2 ? -0.04 : 0)
      price *= floor[row] == 0 ? 0.93 : 1 + 0.008 * Double(floor[row])
      prices.append(text(price * exp(0.08 * noise * error[row]), 1))
    }
    return Table(
      names: ["area", "floor", "built", "distance", "district", "heating", "condition", target],
      columns: [
        area.map { text($0, 1) }, floor.map { "\($0)" }, built.enumerated().map { gap[$0] < 0.05 ? "" : text($1, 0) },
        distance.map { text($0, 1) }, district.map { "D\($0 + 1)" }, heating.map { heatings[$0] },
        condition.map { conditions[$0] }, prices,
      ])
  }
}

private func text(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

/// Columns of random numbers, each from a stream of its own name.
private struct Draws {
  let random: Random
  let rows: Int

  init(_ random: Random, rows: Int) {
    self.random = random
    self.rows = rows
  }

  func uniform(_ name: String, _ range: ClosedRange<Double>) -> [Double] {
    random[name].uniform(rows).map { range.lowerBound + Double($0) * (range.upperBound - range.lowerBound) }
  }

  func integers(_ name: String, below bound: Int) -> [Int] { random[name].integers(rows, below: bound) }

  /// Of mean 0 and deviation 1 (Box and Muller).
  func normal(_ name: String) -> [Double] {
    let radius = random[name]["radius"].uniform(rows), angle = random[name]["angle"].uniform(rows)
    return zip(radius, angle).map { (-2 * log(1 - Double($0))).squareRoot() * cos(2 * .pi * Double($1)) }
  }
}
