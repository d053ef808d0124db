import Statistics
import Testing

/// Intervals and p values are scipy's, and the squared t of each effect is the F of a repeated-measures analysis of variance
/// (statsmodels' AnovaRM).
@Suite("Averaging against learning rate") struct FactorialEffectsTests {
  typealias Cell = FactorialEffects.Cell

  let known: StatisticsFixture.Factorial
  let values: [Cell: [Int: Double]]

  init() throws {
    known = try StatisticsFixture.load().factorial
    values = Dictionary(
      uniqueKeysWithValues: known.cells.compactMap { name, values in
        Cell(rawValue: name).map { ($0, Dictionary(uniqueKeysWithValues: zip(0..., values))) }
      })
  }

  @Test("effects, intervals and p values are scipy's")
  func scipy() throws {
    let effects = try #require(try FactorialEffects(values))
    #expect(effects.seeds == Array(0..<10) && effects.leftOut.isEmpty)
    #expect(agrees(effects.means[.backbone], 0.8588) && agrees(effects.means[.averagedHigh], 0.8638))
    #expect(effects.effects.map(\.name) == known.effects.map(\.name))
    for (effect, known) in zip(effects.effects, known.effects) {
      #expect(agrees(effect.comparison.mean, known.mean, absolute: 1e-12), "\(known.name)")
      #expect(agrees(effect.comparison.tInterval?.lower, known.interval[0], absolute: 1e-12), "\(known.name)")
      #expect(agrees(effect.comparison.tInterval?.upper, known.interval[1], absolute: 1e-12), "\(known.name)")
      #expect(agrees(effect.pValue, known.p) && agrees(effect.comparison.tTestP, known.t), "\(known.name)")
      let t = effect.comparison.mean / (try #require(SampleStatistics(effect.differences).standardError))
      #expect(agrees(t * t, known.anovaF, relative: 1e-7), "\(known.name)")
    }
  }

  @Test("a seed whose run failed in one cell is left out of all four")
  func failedRun() throws {
    var values = values
    values[.averagedHigh]?[3] = nil
    // Would change everything if it counted.
    values[.backbone]?[3] = 0
    let effects = try #require(try FactorialEffects(values))
    #expect(effects.seeds == [0, 1, 2, 4, 5, 6, 7, 8, 9] && effects.leftOut == [3])
    let expected = try #require(try FactorialEffects(self.values.mapValues { $0.filter { $0.key != 3 } }))
    #expect(effects.effects.map(\.differences) == expected.effects.map(\.differences))
    #expect(effects.means == expected.means)

    values[.averaged] = [3: 1]
    #expect(try FactorialEffects(values) == nil)
    values[.averaged] = nil
    #expect(try FactorialEffects(values) == nil)
  }

  @Test("equal values show no effect, one seed has no interval, NaN is refused")
  func edges() throws {
    func all(_ values: [Double]) -> [Cell: [Int: Double]] {
      Dictionary(uniqueKeysWithValues: Cell.allCases.map { ($0, Dictionary(uniqueKeysWithValues: zip(0..., values))) })
    }
    for effect in try #require(try FactorialEffects(all([0.7, 0.7, 0.7]))).effects {
      #expect(effect.comparison.mean == 0 && effect.comparison.halfWidth == 0 && effect.pValue == 1)
    }
    let one = try #require(
      try FactorialEffects([.backbone: [0: 0.5], .backboneHigh: [0: 0.4], .averaged: [0: 0.6], .averagedHigh: [0: 0.8]]))
    #expect(zip(one.effects, [0.25, 0.05, 0.3]).allSatisfy { agrees($0.comparison.mean, $1) })
    #expect(one.effects.allSatisfy { $0.comparison.halfWidth == nil && $0.pValue == 1 })
    #expect(throws: StatisticsError.notFinite(index: 1)) { try FactorialEffects(all([0.5, .nan])) }
  }

  @Test("p values are corrected over all cases together")
  func family() throws {
    let one = try #require(try FactorialEffects(values))
    #expect(one.effects.map(\.holmValue) == one.effects.map(\.pValue))
    let family = FactorialEffects.corrected([one, one])
    let expected = HolmCorrection.adjusted(one.effects.map(\.pValue) + one.effects.map(\.pValue))
    #expect(family.flatMap { $0.effects.map(\.holmValue) } == expected)
    #expect(FactorialEffects.corrected([]).isEmpty)
  }
}
