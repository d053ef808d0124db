import Optim
import PluginAPI
import Testing

/// Feeds the samples of averages.safetensors to an averager over two parameters.
private func feed(
  _ dtype: DType, _ make: ([NamedTensor]) -> any Averager
) throws -> (averager: any Averager, fixture: [String: Tensor]) {
  let fixture = try Fixture.tensors("averages").tensors
  func sample(_ k: Int) throws -> [Tensor] {
    try ["a", "b"].map { try #require(fixture["sample.\(k).\($0)"]).to(dtype) }
  }
  let model = try TestWeights(sample(0))
  let averager = make(model.tensors())
  for k in 0..<9 {
    for (weight, value) in zip(model.weights, try sample(k)) { try weight.copy(from: value) }
    try averager.sample()
  }
  return (averager, fixture)
}

@Suite struct SWAGTests {
  @Test(arguments: [DType.float64, .float32])
  func averagesAreThoseOfTheFixture(dtype: DType) throws {
    let rules: [(String, AverageWeight)] = [
      ("mean", .mean), ("ema", .exponential(decay: 0.9, warmup: false)), ("polynomial", .polynomial(power: 3)),
    ]
    for (kind, rule) in rules {
      let (averager, fixture) = try feed(dtype) { ParameterAverager($0, weighting: rule) }
      for (tensor, name) in zip(try presentAverage(averager), ["a", "b"]) {
        let error = try relativeError(tensor, try #require(fixture["\(kind).\(name)"]))
        #expect(error < (dtype == .float64 ? 1e-14 : 1e-6), "\(kind)")
      }
    }
  }

  @Test(arguments: [DType.float64, .float32])
  func theMomentsAreThoseOfTheFixture(dtype: DType) throws {
    let (averager, fixture) = try feed(dtype) { GaussianAverager($0, rank: 4, draws: 3, scale: 0.5) }
    let swag = try #require(averager as? GaussianAverager)
    let bound = dtype == .float64 ? 1e-12 : 1e-5
    let state = try swag.state
    for (position, name) in ["a", "b"].enumerated() {
      let mean = try presentAverage(swag)[position], variance = try #require(try swag.variance())[position]
      #expect(try relativeError(mean, try #require(fixture["mean.\(name)"])) < bound)
      #expect(try relativeError(variance, try #require(fixture["swag.variance.\(name)"])) < bound)
      let deviations = try #require(fixture["swag.deviations.\(name)"])
      for index in 0..<4 {
        let column = try #require(state.tensors["deviation.\(index)/items.\(position).w"])
        #expect(try relativeError(column, deviations.select(index)) < bound)
      }
    }
  }

  @Test func smallMovementsOfLargeWeightsKeepTheirVariance() throws {
    // 100 and 100 + 0.01 in turn: the second moment in float32 has steps of 0.001, the variance is 0.000025.
    let model = try TestWeights([Tensor.full([8], 100)])
    let averager = GaussianAverager(model.tensors(), rank: 0, draws: 1, scale: 1)
    for k in 0..<1000 {
      try model.weights[0].fill(100 + 0.01 * Double(k % 2))
      try averager.sample()
    }
    let variance = try #require(try averager.variance())
    for value in try variance[0].values(Float.self) { #expect(abs(value / 2.5e-5 - 1) < 0.02) }
  }

  /// Draws of two parameters against mean and covariance by the formula, from the saved moments.
  @Test(arguments: [(0, 1.0), (3, 0.5), (4, 2.0)])
  func drawsHaveTheMeanAndCovarianceOfTheFormula(rank: Int, scale: Double) throws {
    let model = try TestWeights([noise([2], 1), noise([1, 2], 2)])
    let averager = GaussianAverager(model.tensors(), rank: rank, draws: 1, scale: scale)
    for step in 1...9 {
      for (index, weight) in model.weights.enumerated() { try weight.copy(from: noise(weight.shape, 10 * step + index)) }
      try averager.sample()
    }
    func flat(_ tensors: [Tensor]) throws -> [Double] { try tensors.flatMap { try $0.to(.float64).values(Double.self) } }
    let state = try averager.state
    let mean = try flat(presentAverage(averager)), variance = try flat(#require(try averager.variance()))
    let columns = try (0..<rank).map { k in
      try flat((0..<2).map { try #require(state.tensors["deviation.\(k)/items.\($0).w"]) })
    }
    let count = 20_000
    var sums = [Double](repeating: 0, count: 4), products = [Double](repeating: 0, count: 16)
    for index in 0..<count {
      let draw = try flat(#require(try averager.draw(Random(seed: 5)[index])))
      for i in 0..<4 {
        sums[i] += draw[i] - mean[i]
        for j in 0..<4 { products[4 * i + j] += (draw[i] - mean[i]) * (draw[j] - mean[j]) }
      }
    }
    func covariance(_ i: Int, _ j: Int) -> Double {
      let low = rank < 2 ? 0 : columns.reduce(0) { $0 + $1[i] * $1[j] } / Double(rank - 1)
      return scale * (low + (i == j ? variance[i] : 0))
    }
    for i in 0..<4 {
      // Five standard errors: the numbers are always the same, so that this cannot fail now and then.
      let deviation = covariance(i, i).squareRoot()
      #expect(abs(sums[i] / Double(count)) < 5 * deviation / Double(count).squareRoot())
      for j in 0..<4 {
        let error = (products[4 * i + j] / Double(count) - covariance(i, j)).magnitude
        let square = covariance(i, i) * covariance(j, j) + covariance(i, j) * covariance(i, j)
        let standard = (square / Double(count)).squareRoot()
        #expect(error < 5 * standard, "\(i), \(j): \(products[4 * i + j] / Double(count)) for \(covariance(i, j))")
      }
    }
  }

  @Test func aDrawIsAPureFunctionOfSamplesAndStream() throws {
    let model = try TestWeights([noise([3, 2], 1, .bfloat16), noise([5], 2)])
    let averager = GaussianAverager(model.tensors(), rank: 3, draws: 2, scale: 0.5)
    let random = Random(seed: 1)
    #expect(try averager.draw(random) == nil)
    func bytes(_ random: Random) throws -> [[UInt8]] { try #require(try averager.draw(random)).map { try $0.bytes() } }
    try averager.sample()
    // One sample has no spread.
    #expect(try bytes(random) == model.bytes())
    for step in 1...5 {
      for weight in model.weights { try weight.copy(from: noise(weight.shape, step)) }
      try averager.sample()
    }
    let before = try presentAverage(averager).map { try $0.bytes() }
    let one = try bytes(random[0])
    let two = try bytes(random[1])
    #expect(one != two)
    #expect(try bytes(random[0]) == one)
    #expect(try presentAverage(averager).map { try $0.bytes() } == before)
    #expect(try #require(try averager.draw(random)).map(\.dtype) == [.bfloat16, .float32])
  }
}
