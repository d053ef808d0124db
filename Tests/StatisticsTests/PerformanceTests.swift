import Statistics
import Testing

@Suite("Curves, times to target and profiles") struct PerformanceTests {
  static let fixture = try? StatisticsFixture.load()

  @Test func profile() throws {
    let known = try #require(Self.fixture).profile
    let profile = try PerformanceProfile(known.times)
    for method in 0..<4 {
      // The fixture sums a profile sampled at 10,000 places.
      #expect(agrees(profile.score(method: method), known.scores[method], absolute: 2e-4), "\(method)")
      #expect(profile.part(method: method, within: 2) == known.within2[method])
      let steps = profile.steps(method: method)
      #expect(steps.allSatisfy { profile.part(method: method, within: $0.tau) == $0.part })
    }
    #expect(try PerformanceProfile([[nil, nil]]).score(method: 0) == 0)
    #expect(try PerformanceProfile([]).score(method: 0).isNaN)
    #expect(try PerformanceProfile([[2.0, 2.0]]).score(method: 1) == 1)
    #expect(throws: StatisticsError.notFinite(index: 1)) { try PerformanceProfile([[1, 0]]) }
    #expect(throws: StatisticsError.notFinite(index: 0)) { try PerformanceProfile([[.nan, 1]]) }
    #expect(throws: StatisticsError.unequalCounts(1, 2)) { try PerformanceProfile([[1, 2], [1]]) }
  }

  @Test func curve() throws {
    let curve = try TrainingCurve([0, 10, 20, 30], [0.25, 0.5, .nan, 1])
    #expect(curve.places == [0, 10, 30])
    #expect(curve.value(at: 5) == 0.375 && curve.value(at: 20) == 0.75 && curve.value(at: 30) == 1)
    #expect(curve.value(at: -1) == nil && curve.value(at: 31) == nil && curve.valueHeld(at: 31) == 1)
    #expect(curve.first(reaching: 0.5) == 10 && curve.first(reaching: 0.6) == 30 && curve.first(reaching: 2) == nil)
    #expect(try TrainingCurve([1, 2], [3, 2]).first(reaching: 2.5, higherIsBetter: false) == 2)
    #expect(try TrainingCurve([2, 1], [1, 0]).values == [0, 1])
    let billed = try TrainingCurve([0, 10], [0, 1], billing: 1.5)
    #expect(billed.value(at: 15) == 1 && billed.value(at: 7.5) == 0.5)
    let empty = try TrainingCurve([], [])
    #expect(empty.value(at: 0) == nil && empty.valueHeld(at: 0) == nil && empty.first(reaching: 0) == nil)
    #expect(throws: StatisticsError.unequalCounts(1, 0)) { try TrainingCurve([1], []) }
  }

  @Test func bands() throws {
    let a = try TrainingCurve([0, 1, 2], [0, 1, 2])
    let b = try TrainingCurve([0, 1, 2], [2, 1, 4])
    let band = CurveBand([a, b])
    #expect(band.points.map(\.place) == [0, 1, 2] && band.points.map(\.mean) == [1, 1, 3])
    #expect(band.points.map(\.minimum) == [0, 1, 2] && band.points.map(\.maximum) == [2, 1, 4])
    #expect(band.points.map(\.standardError) == [1, 0, 1])
    // Only where both are known, and thinned.
    let c = try TrainingCurve([0.5, 3], [0, 5])
    let part = CurveBand([a, c], count: 4)
    #expect(part.points.map(\.place) == [0.5, 1, 1.5, 2] && part.points.last?.mean == 2.5)
    #expect(CurveBand([]).points.isEmpty)
    let apart = try TrainingCurve([7], [1])
    #expect(CurveBand([a, apart]).points.isEmpty)
    #expect(CurveBand([apart]).points.count == 1)
  }

  @Test("the lead changes where straight lines cross")
  func crossing() throws {
    let flat = try TrainingCurve([0, 10], [0.5, 0.5])
    let pairs = try [0.0, 0.1].map { (method: try TrainingCurve([0, 10], [0.2 + $0, 1.2 + $0]), reference: flat) }
    let crossing = CurveCrossing(pairs, count: 11)
    #expect(crossing.stretches.map(\.sign) == [-1, 1] && crossing.crossings.count == 1)
    #expect(agrees(crossing.crossings.first, 2.5, relative: 1e-9))
    #expect(crossing.points.first?.interval != nil && crossing.decidedParts.above > 0.08)
    #expect(CurveCrossing([]).stretches.isEmpty)
    let same = CurveCrossing([(flat, flat)], count: 5)
    #expect(same.stretches.map(\.sign) == [0] && same.points.allSatisfy { $0.interval == nil } && same.crossings.isEmpty)
  }

  @Test("where curves are equal nobody leads")
  func equalStretch() throws {
    let reference = try TrainingCurve([0, 10], [0.5, 0.5])
    let later = CurveCrossing([(try TrainingCurve([0, 8, 10], [0.5, 0.5, 0.4]), reference)], count: 11)
    #expect(later.stretches.map(\.sign) == [0, -1] && later.crossings.isEmpty)
    #expect(later.points.map(\.isEqual) == (0...10).map { $0 <= 8 })
    let between = CurveCrossing([(try TrainingCurve([0, 2, 4, 6, 10], [0.7, 0.5, 0.5, 0.3, 0.3]), reference)], count: 11)
    #expect(between.stretches.map(\.sign) == [1, 0, -1] && between.crossings.count == 1)
    #expect(between.crossings.allSatisfy { 4...5 ~= $0 })
    // Differences that cancel out are not equal curves.
    let pairs = try [0.4, 0.6].map { (method: try TrainingCurve([0, 10], [$0, $0]), reference: reference) }
    #expect(CurveCrossing(pairs, count: 3).points.allSatisfy { !$0.isEqual })
  }
}
