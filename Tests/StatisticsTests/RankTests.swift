import Statistics
import Testing

@Suite("Ranks over workloads") struct RankTests {
  static let fixture = try? StatisticsFixture.load()

  @Test func averagedRanks() {
    #expect(Ranks.averaged([0.5, 0.25, 0.5, 1]) == [2.5, 1, 2.5, 4])
    #expect(Ranks.averaged([]) == [] && Ranks.averaged([3]) == [1])
    #expect(Ranks.averaged([0.3, 0.1 + 0.2, 0.5], tolerance: 1e-12) == [1.5, 1.5, 3])
  }

  @Test("Friedman, Nemenyi and pairwise Wilcoxon are scipy's and scikit-posthocs'", arguments: fixture?.friedman ?? [])
  func friedman(_ known: StatisticsFixture.Friedman) throws {
    let up = known.rows.map { _ in true }
    let test = try #require(try FriedmanTest(known.rows, higherIsBetter: up))
    #expect(agrees(test.chiSquared, known.chiSquared) && agrees(test.pValue, known.p))
    #expect(agrees(test.imanDavenport, known.f) && agrees(test.imanDavenportP, known.fP))
    #expect(zip(test.averageRanks, known.averageRanks).allSatisfy { agrees($0, $1) })
    let k = test.methods
    let n = test.workloads
    let cd = try #require(NemenyiTest.criticalDifference(methods: k, workloads: n))
    // scipy solves to about 1e-8.
    #expect(agrees(cd, known.criticalDifference, relative: 1e-6))
    let pairwise = try PairwiseWilcoxon(known.rows)
    var place = 0
    for i in 0..<k {
      for j in (i + 1)..<max(k, i + 1) {
        let p = NemenyiTest.pValue(difference: test.averageRanks[i] - test.averageRanks[j], methods: k, workloads: n)
        // scikit-posthocs takes k = infinity as a large number.
        #expect(agrees(p, known.nemenyi[place], relative: 1e-4), "\(i) \(j)")
        #expect(agrees(pairwise.pValues[i][j], known.wilcoxonHolm[place]) && pairwise.pValues[i][j] == pairwise.pValues[j][i])
        place += 1
      }
    }
    // Losses instead of accuracies: the same ranks.
    let down = try FriedmanTest(known.rows.map { $0.map { -$0 } }, higherIsBetter: up.map { !$0 })
    #expect(down == test)
  }

  @Test func edges() throws {
    #expect(try FriedmanTest([[1, 2]], higherIsBetter: [true]) == nil)
    #expect(try FriedmanTest([[1], [2]], higherIsBetter: [true, true]) == nil)
    #expect(try FriedmanTest([], higherIsBetter: []) == nil)
    let equal = try #require(try FriedmanTest([[1, 1], [2, 2]], higherIsBetter: [true, true]))
    #expect(equal.averageRanks == [1.5, 1.5] && equal.pValue == 1 && equal.chiSquared == 0)
    let same = try #require(try FriedmanTest([[1, 2], [1, 2], [1, 2]], higherIsBetter: [true, true, true]))
    #expect(same.imanDavenport == .infinity && same.imanDavenportP == 0)
    #expect(throws: StatisticsError.unequalCounts(1, 2)) { try FriedmanTest([[1, 2], [1]], higherIsBetter: [true, true]) }
    #expect(throws: StatisticsError.notFinite(index: 1)) {
      try FriedmanTest([[1, .nan], [1, 2]], higherIsBetter: [true, true])
    }
    #expect(NemenyiTest.criticalDifference(methods: 1, workloads: 5) == nil)
  }

  @Test("groups are maximal runs without a significant pair")
  func groups() {
    let ranks = [1.0, 3, 2, 4]
    // In order of ranks: 0 2 1 3.
    let far: Set<Set<Int>> = [[0, 1], [0, 3], [2, 3]]
    #expect(MethodGroups.maximal(ranks) { far.contains([$0, $1]) } == [[0, 2], [2, 1], [1, 3]])
    #expect(MethodGroups.maximal(ranks) { _, _ in false } == [[0, 2, 1, 3]])
    #expect(MethodGroups.maximal(ranks) { _, _ in true }.isEmpty)
    #expect(MethodGroups.nemenyi(ranks, criticalDifference: 1.5) == [[0, 2], [2, 1], [1, 3]])
    #expect(MethodGroups.maximal([]) { _, _ in true }.isEmpty)
  }

  @Test("five workloads cannot separate methods by Wilcoxon's test")
  func fewWorkloads() throws {
    let rows = (0..<5).map { [Double($0), Double($0) + 1, Double($0) + 3] }
    let pairwise = try PairwiseWilcoxon(rows)
    #expect(!pairwise.floor.canReach && pairwise.floor.pairs == 5 && pairwise.floor.family == 3)
    #expect(pairwise.groups(by: [3, 2, 1]) == [[2, 1, 0]])
    let more = try PairwiseWilcoxon((0..<10).map { [Double($0), Double($0) + 1, Double($0) + 3] })
    #expect(more.floor.canReach && more.groups(by: [3, 2, 1]).isEmpty)
  }
}
