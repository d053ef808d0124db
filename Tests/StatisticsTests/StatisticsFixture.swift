import Foundation
import Testing

/// What scipy, statsmodels and scikit-posthocs computed: Tests/Parity/make_statistics.py.
struct StatisticsFixture: Decodable {
  struct Generator: Decodable {
    let seed: UInt64
    let first: [String]
  }
  struct Distributions: Decodable {
    let normal, normalQuantile, t, tQuantile, chi2, f, beta, gamma, noncentralT, studentizedRange,
      studentizedRangeFinite: [[Double]]
  }
  struct Wilcoxon: Decodable {
    let exact, normal, corrected, statistic: Double?
  }
  struct Sample: Decodable, CustomTestStringConvertible {
    let name: String
    let values: [Double]
    let mean: Double
    let deviation, t, cohen, hedges, rankBiserial, signFlip: Double?
    let tInterval: [Double]?
    let wilcox, pratt: Wilcoxon
    var testDescription: String { name }
  }
  struct Bootstrap: Decodable {
    let sample: String
    let seed: UInt64
    let resamples: Int
    let percentile, bca: [Double]
  }
  struct Holm: Decodable {
    let p, adjusted: [Double]
  }
  struct Power: Decodable {
    let effect: Double
    let pairs: Int
    let level, power: Double
  }
  struct SmallestEffect: Decodable {
    let pairs: Int
    let level, effect: Double
  }
  struct Friedman: Decodable, CustomTestStringConvertible {
    let name: String
    let rows: [[Double]]
    let chiSquared, p, f, fP, criticalDifference: Double
    let averageRanks, nemenyi, wilcoxonHolm: [Double]
    var testDescription: String { name }
  }
  struct Factorial: Decodable {
    struct Effect: Decodable {
      let name: String
      let mean, p, t, anovaF: Double
      let interval: [Double]
    }
    let cells: [String: [Double]]
    let effects: [Effect]
  }
  struct Profile: Decodable {
    let times: [[Double?]]
    let scores, within2: [Double]
  }
  struct Cliff: Decodable {
    let a, b: [Double]
    let delta: Double
  }

  let splitmix: Generator
  let distributions: Distributions
  let samples: [Sample]
  let bootstrap: [Bootstrap]
  let holm: [Holm]
  let power: [Power]
  let smallestEffect: [SmallestEffect]
  let friedman: [Friedman]
  let factorial: Factorial
  let profile: Profile
  let cliff: [Cliff]

  static func load() throws -> StatisticsFixture {
    let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Parity/Fixtures/statistics.json")
    return try JSONDecoder().decode(StatisticsFixture.self, from: Data(contentsOf: file))
  }
}

/// Whether two numbers agree to `relative` of the larger, or to `absolute`; two absent ones do.
func agrees(_ a: Double?, _ b: Double?, relative: Double = 1e-9, absolute: Double = 1e-14) -> Bool {
  guard let a, let b else { return a == nil && b == nil }
  return abs(a - b) <= max(relative * max(abs(a), abs(b)), absolute)
}
