import Foundation
import PluginAPI

/// Which combinations of values are tried, and for how long: decided before anything runs, a function of what was asked for alone.
struct SweepPlan: Codable, Hashable, Sendable {
  enum Strategy: String, CaseIterable, Codable, Sendable {
    /// Every combination.
    case grid
    /// Combinations drawn from the ranges.
    case random
    /// Many drawn combinations for a short time, the better part of them for longer, and so on (Jamieson and Talwalkar, AISTATS 2016).
    case halving
  }

  /// One combination.
  struct Trial: Codable, Hashable, Sendable {
    /// By key, in the order of the dimensions.
    let values: [[String]]

    /// The same for the same values, whichever sweep they are of: its runs are found in the store again.
    var name: String {
      "trial-" + CanonicalJSON.sha256(values.map { $0.joined(separator: "=") }.sorted().joined(separator: "\n")).prefix(8)
    }
    var text: String { values.map { $0.joined(separator: " ") }.joined(separator: ", ") }
  }

  /// A round of trials of the same length.
  struct Rung: Codable, Hashable, Sendable {
    let epochs: Int
    /// How many of the trials of the rung before take part.
    let count: Int
  }

  let strategy: Strategy
  let trials: [Trial]
  let rungs: [Rung]

  /// - Parameters:
  ///   - count: how many combinations are drawn; a grid has as many as it has.
  ///   - seed: of the drawing.
  ///   - epochs: of a whole run.
  ///   - least: epochs of the shortest rung.
  ///   - eta: a rung is so many times longer than the one before, and has so many times fewer trials.
  init(_ dimensions: [SweepDimension], _ strategy: Strategy, count: Int, seed: Int, epochs: Int, least: Int, eta: Int) throws {
    self.strategy = strategy
    let trials = try strategy == .grid ? Self.grid(dimensions) : Self.drawn(dimensions, count: count, seed: seed)
    self.trials = trials
    guard strategy == .halving else {
      rungs = [Rung(epochs: epochs, count: trials.count)]
      return
    }
    // As many rungs as trials and epochs allow.
    var rungs = [Rung(epochs: epochs, count: trials.count)]
    while let first = rungs.first, first.epochs / eta >= least, trials.count / Self.power(eta, rungs.count) >= 1 {
      rungs.insert(Rung(epochs: first.epochs / eta, count: trials.count), at: 0)
    }
    self.rungs = rungs.enumerated().map { Rung(epochs: $1.epochs, count: max(1, trials.count / Self.power(eta, $0))) }
  }

  private static func power(_ base: Int, _ exponent: Int) -> Int { (0..<exponent).reduce(1) { power, _ in power * base } }

  private static func grid(_ dimensions: [SweepDimension]) throws -> [Trial] {
    var combinations: [[[String]]] = [[]]
    for dimension in dimensions {
      guard let list = dimension.list else {
        throw BasinError.usage("a grid needs values, \(dimension.key) has a range", advice: "List values, or take --strategy random")
      }
      combinations = combinations.flatMap { begun in list.map { begun + [[dimension.key, $0]] } }
      guard combinations.count <= 10_000 else {
        throw BasinError.usage("the grid has more than 10,000 combinations", advice: "Take --strategy random with --trials")
      }
    }
    return combinations.map { Trial(values: $0) }
  }

  /// A trial's values depend on its number and their keys alone: more trials begin with the same ones.
  private static func drawn(_ dimensions: [SweepDimension], count: Int, seed: Int) -> [Trial] {
    let random = Random(seed: UInt64(seed))["sweep"]
    var trials: [Trial] = []
    var seen: Set<Trial> = []
    // A small space may have fewer combinations than were asked for.
    for index in 0..<count * 20 where trials.count < count {
      let trial = Trial(
        values: dimensions.map { dimension in
          let word = random[index][dimension.key].words(0..<1)[0]
          return [dimension.key, dimension.value(at: Double(word) * 0x1p-32)]
        })
      if seen.insert(trial).inserted { trials.append(trial) }
    }
    return trials
  }
}
