import Statistics
import Testing

/// Against scipy and mpmath, to 1e-9 of the value, small tails included, unless said otherwise.
@Suite("Distribution functions") struct DistributionTests {
  let known: StatisticsFixture.Distributions

  init() throws { known = try StatisticsFixture.load().distributions }

  private func tail(_ a: Double, _ b: Double) -> Bool { agrees(a, b, relative: 1e-9, absolute: 1e-300) }

  @Test func normal() {
    for row in known.normal {
      #expect(tail(NormalDistribution.cumulative(row[0]), row[1]) && tail(NormalDistribution.upperTail(row[0]), row[2]), "\(row)")
    }
    for row in known.normalQuantile { #expect(agrees(NormalDistribution.quantile(row[0]), row[1], absolute: 1e-15), "\(row)") }
    #expect(NormalDistribution.quantile(0) == -.infinity && NormalDistribution.quantile(1) == .infinity)
    #expect(NormalDistribution.quantile(-0.1).isNaN && NormalDistribution.quantile(.nan).isNaN)
  }

  @Test func student() {
    for row in known.t {
      #expect(tail(StudentT.cumulative(row[0], freedom: row[1]), row[2]), "\(row)")
      #expect(tail(StudentT.upperTail(row[0], freedom: row[1]), row[3]), "\(row)")
    }
    for row in known.tQuantile { #expect(agrees(StudentT.quantile(row[0], freedom: row[1]), row[2]), "\(row)") }
    #expect(StudentT.quantile(0.5, freedom: 3) == 0 && StudentT.quantile(0.9, freedom: 0).isNaN)
    // The density is the slope of the distribution.
    let slope = (StudentT.cumulative(0.7001, freedom: 5) - StudentT.cumulative(0.6999, freedom: 5)) / 0.0002
    #expect(agrees(StudentT.density(0.7, freedom: 5), slope, relative: 1e-6))
  }

  @Test func chiSquaredAndF() {
    for row in known.chi2 {
      #expect(tail(ChiSquaredDistribution.cumulative(row[0], freedom: row[1]), row[2]), "\(row)")
      #expect(tail(ChiSquaredDistribution.upperTail(row[0], freedom: row[1]), row[3]), "\(row)")
    }
    for row in known.f {
      #expect(tail(FDistribution.cumulative(row[0], row[1], row[2]), row[3]), "\(row)")
      #expect(tail(FDistribution.upperTail(row[0], row[1], row[2]), row[4]), "\(row)")
    }
    #expect(ChiSquaredDistribution.upperTail(0, freedom: 3) == 1 && FDistribution.upperTail(.infinity, 2, 3) == 0)
  }

  @Test func incompleteFunctions() {
    for row in known.beta { #expect(tail(IncompleteFunctions.beta(row[0], row[1], row[2]), row[3]), "\(row)") }
    for row in known.gamma {
      #expect(tail(IncompleteFunctions.gammaLower(row[0], row[1]), row[2]), "\(row)")
      #expect(tail(IncompleteFunctions.gammaUpper(row[0], row[1]), row[3]), "\(row)")
    }
  }

  @Test func noncentral() {
    for row in known.noncentralT {
      #expect(agrees(NoncentralT.cumulative(row[0], freedom: row[1], noncentrality: row[2]), row[3], absolute: 1e-16), "\(row)")
      #expect(agrees(NoncentralT.upperTail(row[0], freedom: row[1], noncentrality: row[2]), row[4], absolute: 1e-16), "\(row)")
    }
  }

  @Test func studentizedRange() {
    for row in known.studentizedRange {
      #expect(agrees(StudentizedRange.cumulative(row[0], groups: Int(row[1])), row[2], relative: 1e-10), "\(row)")
    }
    for row in known.studentizedRangeFinite {
      #expect(agrees(StudentizedRange.cumulative(row[0], groups: Int(row[1]), freedom: row[2]), row[3], relative: 1e-7), "\(row)")
    }
    // Demsar's table 5 (q / sqrt 2), k from 2 to 10.
    for (k, q) in zip(2..., [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]) {
      #expect(agrees(StudentizedRange.quantile(0.95, groups: k) / 2.0.squareRoot(), q, relative: 0, absolute: 0.001))
    }
  }
}
