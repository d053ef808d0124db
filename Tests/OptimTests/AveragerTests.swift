import Optim
import PluginAPI
import Testing

private func makeWeights(_ dtype: DType = .float32) throws -> TestWeights {
  try TestWeights([noise([3, 4], 1, dtype), noise([7], 2, dtype), noise([2, 3, 3, 3], 3, dtype).channelsLast()])
}

private func move(_ model: TestWeights, _ step: Int) throws {
  for (index, weight) in model.weights.enumerated() {
    try weight.copy(from: noise(weight.shape, 100 * step + index))
  }
}

@Suite struct AveragerTests {
  @Test(arguments: [true, false], [DType.float32, .float64])
  func itIsTheMeanOfItsSamples(fused: Bool, dtype: DType) throws {
    let model = try makeWeights(dtype)
    let averager = ParameterAverager(model.tensors(), fused: fused)
    #expect(try averager.average() == nil && averager.samples == 0)
    var sums = try model.weights.map { try Tensor.zeros($0.shape, .float64) }
    for step in 1...30 {
      try move(model, step)
      try averager.sample()
      sums = try zip(sums, model.weights).map { try $0 + $1.detached().to(.float64) }
      #expect(averager.samples == step)
      let average = try presentAverage(averager)
      for (a, sum) in zip(average, sums) {
        let error = try relativeError(a, sum / Double(step))
        #expect(error < (dtype == .float32 ? 2e-6 : 1e-14))
      }
    }
  }

  @Test func theFirstSampleReplaces() throws {
    let model = try makeWeights()
    let averager = ParameterAverager(model.tensors())
    for step in 1...3 {
      try move(model, step)
      try averager.sample()
    }
    averager.reset()
    #expect(try averager.average() == nil && averager.samples == 0)
    try move(model, 9)
    try averager.sample()
    let average = try presentAverage(averager)
    #expect(try average.map { try $0.bytes() } == model.bytes())
  }

  @Test func anAverageDoesNotMoveWithTheNextSample() throws {
    let model = try makeWeights()
    let averager = ParameterAverager(model.tensors())
    try averager.sample()
    let average = try presentAverage(averager), state = try averager.state
    let before = try average.map { try $0.bytes() }
    try move(model, 5)
    try averager.sample()
    #expect(try average.map { try $0.bytes() } == before)
    #expect(try #require(state.tensors["average/items.1.w"]).bytes() == before[1])
  }

  @Test(arguments: [0, 1, 4])
  func aRestoredAverageGoesOnToTheBit(saveAt: Int) throws {
    let model = try makeWeights()
    let through = ParameterAverager(model.tensors())
    for step in 0..<saveAt {
      try move(model, step)
      try through.sample()
    }
    let state = try through.state
    let resumed = ParameterAverager(model.tensors())
    try resumed.sample()
    try resumed.restore(state)
    #expect(resumed.samples == saveAt)
    for step in saveAt..<8 {
      try move(model, step)
      try through.sample()
      try resumed.sample()
    }
    let a = try presentAverage(through), b = try presentAverage(resumed)
    #expect(try a.map { try $0.bytes() } == b.map { try $0.bytes() })
  }

  @Test func aForeignStateIsRefused() throws {
    let model = try makeWeights()
    let averager = ParameterAverager(model.tensors())
    try averager.sample()
    let good = try averager.state
    var bad = good
    bad.counters["samples"] = 0
    #expect(throws: BasinError.self) { try averager.restore(bad) }
    bad = good
    bad.counters = [:]
    #expect(throws: BasinError.self) { try averager.restore(bad) }
    bad = good
    bad.tensors["average/items.1.w"] = nil
    #expect(throws: BasinError.self) { try averager.restore(bad) }
    bad = good
    bad.tensors["average/items.1.w"] = try Tensor.zeros([8])
    #expect(throws: BasinError.self) { try averager.restore(bad) }
    bad = good
    bad.tensors["momentum/items.1.w"] = try Tensor.zeros([7])
    #expect(throws: BasinError.self) { try averager.restore(bad) }
    #expect(averager.samples == 1)
  }

  @Test func narrowTypesAreAveragedInFloat32() throws {
    let model = try TestWeights([Tensor([Float](repeating: 256, count: 4)).to(.bfloat16)])
    let averager = ParameterAverager(model.tensors())
    // In bfloat16 the steps at 256 are 2: a mean kept in that type would stay at 256.
    for step in 1...64 {
      try model.weights[0].fill(step == 1 ? 256 : 272)
      try averager.sample()
    }
    let average = try presentAverage(averager)
    #expect(average[0].dtype == .bfloat16)
    #expect(try average[0].to(.float32).values(Float.self) == [272, 272, 272, 272])
    let again = ParameterAverager(model.tensors())
    try again.restore(averager.state)
    #expect(again.samples == 64)
  }

  @Test func onlyParametersAreAveragedAndLoaded() throws {
    let layer = try BatchNorm(3)
    let averager = ParameterAverager(layer.tensors())
    try layer.weight.fill(3)
    try averager.sample()
    try layer.weight.fill(5)
    try averager.sample()
    try layer.runningMean.fill(7)
    let average = try presentAverage(averager)
    #expect(average.count == 2)
    try loadAverage(average, into: layer.tensors())
    #expect(try layer.weight.values(Float.self) == [4, 4, 4])
    #expect(try layer.runningMean.values(Float.self) == [7, 7, 7])
    #expect(throws: BasinError.self) { try loadAverage([], into: layer.tensors()) }
    #expect(throws: BasinError.self) { try loadAverage([average[0], Tensor.zeros([4])], into: layer.tensors()) }
  }
}
