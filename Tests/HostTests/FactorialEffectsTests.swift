import Host
import Testing

/// Expected values are of scipy 1.17: `stats.ttest_1samp(d, 0).confidence_interval(0.95)` for the interval, and
/// `stats.permutation_test((d,), numpy.mean, permutation_type="samples", n_resamples=numpy.inf)` for p.
@Suite("Averaging against learning rate") struct FactorialEffectsTests {
  typealias Cell = FactorialEffects.Cell

  static let values: [Cell: [Double]] = [
    .backbone: [0.8420, 0.8600, 0.8580, 0.8660, 0.8520, 0.8740, 0.8480, 0.8560, 0.8620, 0.8700],
    .backboneHigh: [0.8380, 0.8560, 0.8620, 0.8600, 0.8440, 0.8680, 0.8520, 0.8480, 0.8600, 0.8640],
    .averaged: [0.8440, 0.8620, 0.8580, 0.8680, 0.8560, 0.8720, 0.8500, 0.8600, 0.8660, 0.8700],
    .averagedHigh: [0.8500, 0.8640, 0.8660, 0.8720, 0.8540, 0.8740, 0.8600, 0.8580, 0.8640, 0.8760],
  ]

  private func bySeed(_ values: [Cell: [Double]]) -> [Cell: [Int: Double]] {
    values.mapValues { Dictionary(uniqueKeysWithValues: $0.enumerated().map { ($0.offset, $0.element) }) }
  }

  private func isClose(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-10) -> Bool {
    a.map { abs($0 - b) <= tolerance } ?? false
  }

  @Test("effects, intervals and p values are scipy's")
  func scipy() throws {
    let effects = try #require(FactorialEffects(bySeed(Self.values)))
    #expect(effects.seeds == Array(0..<10) && effects.leftOut.isEmpty)
    #expect(isClose(effects.means[.backbone], 0.8588) && isClose(effects.means[.averagedHigh], 0.8638))
    let expected = [
      ("averaging", 0.0052, 0.001422743199438998, 0.001953125),
      ("learning rate", -0.0002, 0.002877280529812457, 0.92578125),
      ("interaction", 0.0068, 0.002450380222385992, 0.00390625),
    ]
    #expect(effects.effects.map(\.name) == expected.map(\.0))
    for (effect, (name, mean, halfWidth, p)) in zip(effects.effects, expected) {
      #expect(isClose(effect.comparison.mean, mean), "\(name)")
      #expect(isClose(effect.comparison.halfWidth, halfWidth), "\(name)")
      #expect(isClose(effect.pValue, p), "\(name)")
    }
  }

  @Test("a seed whose run failed in one cell is left out of all four")
  func failedRun() throws {
    var values = bySeed(Self.values)
    values[.averagedHigh]?[3] = nil
    // Would change everything if it counted.
    values[.backbone]?[3] = 0
    let effects = try #require(FactorialEffects(values))
    #expect(effects.seeds == [0, 1, 2, 4, 5, 6, 7, 8, 9] && effects.leftOut == [3])
    var shorter = Self.values
    for cell in Cell.allCases { shorter[cell]?.remove(at: 3) }
    let expected = try #require(FactorialEffects(bySeed(shorter)))
    #expect(effects.effects.map(\.differences) == expected.effects.map(\.differences))
    #expect(effects.means == expected.means)

    values[.averaged] = [3: 1]
    #expect(FactorialEffects(values) == nil)
    values[.averaged] = nil
    #expect(FactorialEffects(values) == nil)
  }

  @Test("equal values show no effect")
  func equal() throws {
    let effects = try #require(
      FactorialEffects(bySeed(Dictionary(uniqueKeysWithValues: Cell.allCases.map { ($0, [0.7, 0.7, 0.7]) }))))
    for effect in effects.effects {
      #expect(effect.comparison.mean == 0 && effect.comparison.halfWidth == 0 && effect.pValue == 1)
    }
  }

  @Test("one seed gives a difference, but no interval")
  func oneSeed() throws {
    let effects = try #require(
      FactorialEffects(bySeed([.backbone: [0.5], .backboneHigh: [0.4], .averaged: [0.6], .averagedHigh: [0.8]])))
    #expect(isClose(effects.effects[0].comparison.mean, 0.25))
    #expect(isClose(effects.effects[1].comparison.mean, 0.05))
    #expect(isClose(effects.effects[2].comparison.mean, 0.3))
    #expect(effects.effects.allSatisfy { $0.comparison.halfWidth == nil && $0.pValue == 1 })
  }

  @Test("p values are corrected over all cases together")
  func family() throws {
    let one = try #require(FactorialEffects(bySeed(Self.values)))
    #expect(one.effects.map(\.holmValue) == one.effects.map(\.pValue))
    let family = FactorialEffects.corrected([one, one])
    // In a family of six: twice 0.00195, twice 0.0039, twice 0.926.
    let expected = [6 * 0.001953125, 1, 4 * 0.00390625]
    for member in family {
      #expect(
        zip(member.effects, expected).allSatisfy { isClose($0.holmValue, $1) }, "\(member.effects.map(\.holmValue))")
    }
    #expect(FactorialEffects.corrected([]).isEmpty)
  }

  @Test(
    "Holm's correction",
    arguments: [
      // R's p.adjust(p, "holm").
      ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]), ([0.04, 0.01, 0.03], [0.06, 0.03, 0.06]),
      ([0.9, 0.8], [1, 1]), ([0.2], [0.2]), ([], []),
    ])
  func holm(values: [Double], expected: [Double]) {
    let adjusted = HolmCorrection.adjusted(values)
    #expect(adjusted.count == expected.count && zip(adjusted, expected).allSatisfy { isClose($0, $1) }, "\(adjusted)")
  }

  @Test("the sign-flip test is exact, ties counted")
  func signFlips() {
    #expect(SignFlipTest.pValue([0.5, -1, 2, 0.25, 1.5]) == 0.3125)
    #expect(SignFlipTest.pValue([1, 1, 1, 1]) == 0.125)
    #expect(SignFlipTest.pValue([-1, -1, -1, -1]) == 0.125)
    #expect(SignFlipTest.pValue([0, 0]) == 1 && SignFlipTest.pValue([3]) == 1 && SignFlipTest.pValue([]) == 1)
    // 0.1 + 0.2 is not 0.3: patterns that are as far but for rounding count.
    #expect(SignFlipTest.pValue([0.1, 0.2, -0.3, 0.3]) == SignFlipTest.pValue([1, 2, -3, 3]))
  }

  @Test("drawn sign patterns agree with all of them")
  func drawn() {
    let differences = [1, 2, -1, 3, 1, -2, 2, 1, 0, 1, 2, -1, 1, 3, -2, 1, 2, 1, -1, 2].map { Double($0) / 100 }
    let exact = SignFlipTest.pValue(differences, exhaustively: true)
    let drawn = SignFlipTest.pValue(differences)
    #expect(isClose(exact, 0.0424346923828125))
    // Five standard errors of 65,536 draws; and it was drawn.
    #expect(isClose(drawn, exact, 0.004) && drawn != exact)
    #expect(SignFlipTest.pValue(differences) == drawn)
    // More than a word of signs, and the smallest p it can give.
    #expect(isClose(SignFlipTest.pValue([Double](repeating: 1, count: 40)), 1.0 / 65537))
  }

  @Test(
    "quantiles of Student's t",
    arguments: [
      (1.0, 12.706204736174694), (2, 4.302652729749462), (9, 2.262157162798205), (30, 2.0422724563012378),
    ])
  func student(freedom: Double, expected: Double) {
    #expect(isClose(StudentT.quantile(0.975, freedom: freedom), expected, 1e-8))
  }
}
