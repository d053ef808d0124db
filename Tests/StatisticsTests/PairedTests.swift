import Statistics
import Testing

/// Against scipy and statsmodels on samples with ties, zeros, one value, two, all equal; to 1e-9 of the value.
@Suite("Paired tests and intervals") struct PairedTests {
  static let fixture = try? StatisticsFixture.load()
  static var samples: [StatisticsFixture.Sample] { fixture?.samples ?? [] }

  @Test("the fixture is there") func present() { #expect(Self.samples.count == 18) }

  @Test(arguments: samples)
  func momentsAndT(_ sample: StatisticsFixture.Sample) throws {
    let differences = try PairedDifferences(sample.values)
    let moments = SampleStatistics(sample.values)
    #expect(agrees(moments.mean, sample.mean) && agrees(moments.deviation, sample.deviation))
    #expect(agrees(differences.tTestPValue, sample.t))
    let interval = differences.tInterval()
    if let expected = sample.tInterval {
      #expect(agrees(interval?.lower, expected[0], absolute: 1e-12) && agrees(interval?.upper, expected[1], absolute: 1e-12))
    } else if sample.values.count > 1 {
      // No spread: the interval has no width.
      #expect(interval?.lower == sample.mean && interval?.upper == sample.mean)
    } else {
      #expect(interval == nil)
    }
  }

  @Test(arguments: samples)
  func wilcoxon(_ sample: StatisticsFixture.Sample) throws {
    let differences = try PairedDifferences(sample.values)
    for (zeros, known) in [(WilcoxonTest.Zeros.leftOut, sample.wilcox), (.pratt, sample.pratt)] {
      let automatic = WilcoxonTest(differences, zeros: zeros)
      #expect(automatic.isExact == (sample.values.count { $0 != 0 } <= 50))
      guard let normal = known.normal else {
        #expect(automatic.pValue == 1 && automatic.count == 0)
        continue
      }
      #expect(automatic.statistic == known.statistic)
      let uncorrected = WilcoxonTest(differences, zeros: zeros, method: .normal(continuityCorrection: false))
      #expect(agrees(uncorrected.pValue, normal))
      let corrected = WilcoxonTest(differences, zeros: zeros, method: .normal(continuityCorrection: true))
      #expect(agrees(corrected.pValue, known.corrected))
      if let exact = known.exact {
        #expect(agrees(WilcoxonTest(differences, zeros: zeros, method: .exact).pValue, exact))
        if sample.values.count <= 50 { #expect(agrees(automatic.pValue, exact)) }
      }
    }
  }

  @Test("Wilcoxon's counted distribution is that of all sign patterns", arguments: samples.filter { $0.values.count <= 12 })
  func wilcoxonTwin(_ sample: StatisticsFixture.Sample) throws {
    let nonzero = sample.values.filter { $0 != 0 }
    let ranks = Ranks.averaged(nonzero.map { abs($0) })
    let sum = zip(nonzero, ranks).reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
    var low = 0
    var high = 0
    for pattern in 0..<(1 << nonzero.count) {
      let other = ranks.indices.reduce(0) { $0 + (pattern >> $1 & 1 == 1 ? ranks[$1] : 0) }
      low += other <= sum ? 1 : 0
      high += other >= sum ? 1 : 0
    }
    let expected = min(1, 2 * Double(min(low, high)) / Double(1 << nonzero.count))
    #expect(agrees(WilcoxonTest(try PairedDifferences(sample.values)).pValue, expected))
  }

  @Test(arguments: samples)
  func signFlips(_ sample: StatisticsFixture.Sample) throws {
    let test = SignFlipTest(try PairedDifferences(sample.values))
    #expect(test.isExact == (sample.values.count <= 32))
    if let expected = sample.signFlip { #expect(agrees(test.pValue, expected)) }
  }

  @Test("sign flips by halves count what going through every pattern counts")
  func signFlipTwin() throws {
    var generator = SplitMix64(seed: 5)
    for count in 1...12 {
      // Few levels, so that many sums tie; in hundredths, so that they round.
      let values = (0..<count).map { _ in Double(Int.random(in: -3...4, using: &generator)) / 100 }
      let sum = abs(values.reduce(0, +)) - 1e-12
      let far = (0..<(1 << count)).count { pattern in
        abs(values.indices.reduce(0.0) { $0 + (pattern >> $1 & 1 == 0 ? values[$1] : -values[$1]) }) >= sum
      }
      let p = SignFlipTest(try PairedDifferences(values)).pValue
      #expect(agrees(p, Double(far) / Double(1 << count)), "\(values)")
    }
  }

  @Test("drawn sign patterns agree with all of them, and are the same each time")
  func drawn() throws {
    let values = [1, 2, -1, 3, 1, -2, 2, 1, 0, 1, 2, -1, 1, 3, -2, 1, 2, 1, -1, 2].map { Double($0) / 100 }
    let differences = try PairedDifferences(values)
    let exact = SignFlipTest(differences).pValue
    #expect(agrees(exact, 0.0424346923828125))
    let drawn = SignFlipTest(differences, exhaustively: false)
    // Five standard errors of 65,536 draws.
    #expect(agrees(drawn.pValue, exact, absolute: 0.004) && drawn.pValue != exact && !drawn.isExact)
    #expect(SignFlipTest(differences, exhaustively: false) == drawn)
    // More than a word of signs, and the smallest p it can give.
    #expect(agrees(SignFlipTest(try PairedDifferences([Double](repeating: 1, count: 70))).pValue, 1.0 / 65537))
  }

  @Test(arguments: samples)
  func effectSizes(_ sample: StatisticsFixture.Sample) throws {
    let effect = EffectSize(try PairedDifferences(sample.values))
    #expect(agrees(effect.cohen, sample.cohen) && agrees(effect.hedges, sample.hedges))
    #expect(agrees(effect.rankBiserial, sample.rankBiserial))
  }

  @Test func cliff() throws {
    for item in try #require(Self.fixture).cliff {
      #expect(agrees(try EffectSize.cliffsDelta(item.a, over: item.b), item.delta))
    }
    #expect(try EffectSize.cliffsDelta([], over: [1]) == nil)
  }

  @Test("bootstrap intervals are scipy's on the same resamples")
  func bootstrap() throws {
    let fixture = try #require(Self.fixture)
    for item in fixture.bootstrap {
      let sample = try #require(fixture.samples.first { $0.name == item.sample })
      var generator = SplitMix64(seed: item.seed)
      let bootstrap = Bootstrap(try PairedDifferences(sample.values), resamples: item.resamples, using: &generator)
      let percentile = try #require(bootstrap.percentile())
      let bca = try #require(bootstrap.bca())
      #expect(agrees(percentile.lower, item.percentile[0]) && agrees(percentile.upper, item.percentile[1]), "\(item.sample)")
      #expect(agrees(bca.lower, item.bca[0]) && agrees(bca.upper, item.bca[1]), "\(item.sample)")
      // By the general way, with the statistic told.
      var again = SplitMix64(seed: item.seed)
      let told = Bootstrap(
        try PairedDifferences(sample.values), resamples: item.resamples,
        statistic: { SampleStatistics($0).mean }, using: &again)
      #expect(told.bca() == bca)
    }
  }

  @Test("the bootstrap of no, one and equal values")
  func bootstrapEdges() throws {
    var generator = SplitMix64(seed: 1)
    for values in [[], [2.0]] {
      let bootstrap = Bootstrap(try PairedDifferences(values), resamples: 50, using: &generator)
      #expect(bootstrap.percentile() == nil && bootstrap.bca() == nil)
    }
    let equal = Bootstrap(try PairedDifferences([2, 2, 2]), resamples: 50, using: &generator)
    #expect(equal.percentile()?.lower == 2 && equal.percentile()?.upper == 2 && equal.bca() == nil)
  }

  @Test func holm() throws {
    for item in try #require(Self.fixture).holm {
      let adjusted = HolmCorrection.adjusted(item.p)
      #expect(adjusted.count == item.p.count && zip(adjusted, item.adjusted).allSatisfy { agrees($0, $1) }, "\(adjusted)")
    }
    #expect(HolmCorrection.adjusted([]).isEmpty)
  }

  @Test("power and smallest effects are statsmodels'; solved ones to 1e-5, its own tolerance")
  func power() throws {
    let fixture = try #require(Self.fixture)
    for item in fixture.power {
      #expect(agrees(PairedPower.power(effect: item.effect, pairs: item.pairs, level: item.level), item.power), "\(item)")
    }
    for item in fixture.smallestEffect {
      let effect = try #require(PairedPower.smallestEffect(pairs: item.pairs, level: item.level))
      #expect(agrees(effect, item.effect, relative: 1e-5), "\(item)")
      #expect(agrees(PairedPower.power(effect: effect, pairs: item.pairs, level: item.level), 0.8))
    }
    #expect(PairedPower.smallestEffect(pairs: 1) == nil)
  }

  @Test("five pairs cannot reach 0.05, six can, and a family needs more")
  func floor() throws {
    let five = SignificanceFloor(pairs: 5)
    #expect(five.smallestP == 0.0625 && !five.canReach && five.pairsNeeded == 6)
    // What the tests themselves say of five that all point one way.
    let best = try PairedDifferences([1, 2, 3, 4, 5])
    #expect(WilcoxonTest(best).pValue == 0.0625 && SignFlipTest(best).pValue == 0.0625)
    #expect(SignificanceFloor(pairs: 6).canReach)
    let family = SignificanceFloor(pairs: 10, family: 30)
    #expect(agrees(family.smallestCorrectedP, 30 * 2 / 1024.0) && !family.canReach && family.pairsNeeded == 11)
    #expect(SignificanceFloor(pairs: 0).smallestP == 1 && SignificanceFloor(pairs: 1).smallestP == 1)
  }

  @Test func winsTiesLosses() throws {
    let differences = try PairedDifferences([0.5, 0, -0.25, 0.25, 0.1 + 0.2 - 0.3])
    #expect(WinTieLoss(differences) == WinTieLoss(try PairedDifferences([1, 0, -1, 1, 0])))
    let down = WinTieLoss(differences, higherIsBetter: false)
    #expect(down.wins == 1 && down.ties == 2 && down.losses == 2)
    #expect(WinTieLoss(differences, tolerance: 0.3).ties == 4)
  }

  @Test("differences that are equal but for rounding tie")
  func rounding() throws {
    // 0.842 - 0.838 and 0.862 - 0.858 are not the same number.
    let rounded = try PairedDifferences([0.842 - 0.838, 0.862 - 0.858, 0.87 - 0.872, 0.9 - 0.894])
    let exact = try PairedDifferences([4, 4, -2, 6])
    #expect(WilcoxonTest(rounded) == WilcoxonTest(exact))
    #expect(SignFlipTest(rounded) == SignFlipTest(exact))
  }

  @Test("pairs are the seeds both have")
  func pairing() throws {
    let pairing = try Pairing([3: 0.5, 1: 0.25, 7: 1], minus: [1: 0.125, 3: 0.25, 4: 9])
    #expect(pairing.keys == [1, 3] && pairing.leftOut == [4, 7])
    #expect(pairing.differences.values == [0.125, 0.25] && pairing.reference == [0.125, 0.25] && pairing.values == [0.25, 0.5])
    #expect(try Pairing(["a": 1], minus: ["b": 2]).differences.count == 0)
  }

  @Test("what is not finite is refused, with its place")
  func refused() {
    #expect(throws: StatisticsError.notFinite(index: 1)) { try PairedDifferences([1, .nan]) }
    #expect(throws: StatisticsError.notFinite(index: 0)) { try PairedDifferences([.infinity]) }
    #expect(throws: StatisticsError.unequalCounts(1, 2)) { try PairedDifferences([1], minus: [1, 2]) }
    #expect(throws: StatisticsError.notFinite(index: 0)) { try Pairing([1: .nan], minus: [1: 2.0]) }
    #expect(throws: StatisticsError.notFinite(index: 1)) { try EffectSize.cliffsDelta([1, .nan], over: [1]) }
  }

  @Test("a comparison holds what the single functions say")
  func comparison() throws {
    let fixture = try #require(Self.fixture)
    let sample = try #require(fixture.samples.first { $0.name == "ten" })
    let differences = try PairedDifferences(sample.values)
    let comparison = PairedComparison(differences)
    #expect(comparison.wilcoxon == WilcoxonTest(differences) && comparison.signFlip == SignFlipTest(differences))
    #expect(comparison.tInterval == differences.tInterval() && comparison.tTestP == differences.tTestPValue)
    #expect(comparison == PairedComparison(differences))
    let effect = try #require(fixture.smallestEffect.first { $0.pairs == 10 && $0.level == 0.05 })
    #expect(agrees(comparison.smallestDifference, (sample.deviation ?? .nan) * effect.effect, relative: 1e-6))
    let bca = try #require(comparison.bcaInterval)
    let percentile = try #require(comparison.percentileInterval)
    #expect(bca.contains(comparison.mean) && percentile.contains(comparison.mean))
    let one = PairedComparison(try PairedDifferences([0.5]))
    #expect(
      one.mean == 0.5 && one.tInterval == nil && one.bcaInterval == nil && one.smallestDifference == nil
        && one.signFlip.pValue == 1)
    let none = PairedComparison(try PairedDifferences([]))
    #expect(none.count == 0 && none.mean.isNaN && none.signFlip.pValue == 1 && none.wilcoxon.pValue == 1)
  }

  @Test("the generator gives the published numbers")
  func generator() throws {
    let known = try #require(Self.fixture).splitmix
    var generator = SplitMix64(seed: known.seed)
    #expect(known.first == known.first.map { _ in "\(generator.next())" })
    // Of the reference implementation, for this seed.
    #expect(known.first.first == "6457827717110365317")
    var a = SplitMix64(seed: 0, name: "a")
    var b = SplitMix64(seed: 0, name: "b")
    #expect(a.next() != b.next())
  }
}
