import Optim
import PluginAPI
import Testing

/// What each averager must give, in [Double], the straightforward way: from all samples at once.
private func expected(_ kind: String, _ samples: [[Double]]) -> [Double] {
  let n = samples.count
  var weights: [Double]
  switch kind {
  case "lawa": weights = (0..<n).map { $0 < n - 3 ? 0 : 1 / Double(min(n, 3)) }
  case "swag", "mean": weights = samples.map { _ in 1 / Double(n) }
  default:
    // Running averages as explicit weights: sample k keeps its share times what each later one left.
    let shares = (0..<n).map { k -> Double in
      let k = Double(k)
      switch kind {
      case "ema": return k == 0 ? 1 : 0.3
      case "ema-warm": return k == 0 ? 1 : max(0.3, 9 / (10 + k))
      default: return 3 / (k + 1 + 2)
      }
    }
    weights = shares.indices.map { k in shares[(k + 1)...].reduce(shares[k]) { $0 * (1 - $1) } }
  }
  return samples[0].indices.map { i in zip(weights, samples).reduce(0) { $0 + $1.0 * $1.1[i] } }
}

private let kinds = ["mean", "ema", "ema-warm", "polynomial", "lawa", "swag"]

private func make(_ kind: String, _ model: TestWeights, fused: Bool = true) -> any Averager {
  switch kind {
  case "lawa": LatestAverager(model.tensors(), count: 3)
  case "swag": GaussianAverager(model.tensors(), rank: 4, draws: 3, scale: 0.5)
  case "ema": ParameterAverager(model.tensors(), weighting: .exponential(decay: 0.7, warmup: false), fused: fused)
  case "ema-warm": ParameterAverager(model.tensors(), weighting: .exponential(decay: 0.7, warmup: true), fused: fused)
  case "polynomial": ParameterAverager(model.tensors(), weighting: .polynomial(power: 2), fused: fused)
  default: ParameterAverager(model.tensors(), fused: fused)
  }
}

private func makeWeights(_ dtype: DType = .float32) throws -> TestWeights {
  try TestWeights([noise([3, 4], 1, dtype), noise([7], 2, dtype), noise([2, 3, 3, 3], 3, dtype).channelsLast()])
}

private func move(_ model: TestWeights, _ step: Int) throws {
  for (index, weight) in model.weights.enumerated() { try weight.copy(from: noise(weight.shape, 100 * step + index)) }
}

private func flat(_ tensors: [Tensor]) throws -> [Double] {
  try tensors.flatMap { try $0.detached().to(.float64).values(Double.self) }
}

@Suite struct AverageRuleTests {
  @Test(arguments: kinds, [DType.float32, .float64, .bfloat16])
  func everyAverageIsItsFormula(kind: String, dtype: DType) throws {
    for fused in [true, false] {
      let model = try makeWeights(dtype)
      let averager = make(kind, model, fused: fused)
      #expect(try averager.average() == nil && averager.samples == 0)
      var samples: [[Double]] = []
      for step in 1...20 {
        try move(model, step)
        try averager.sample()
        samples.append(try flat(model.weights))
        let average = try presentAverage(averager)
        #expect(averager.samples == step)
        #expect(zip(average, model.weights).allSatisfy { $0.shape == $1.shape && $0.dtype == dtype })
        // The average of 16-bit weights is float32 until it is rounded once.
        let bound = dtype == .float64 ? 1e-14 : dtype == .float32 ? 1e-6 : 0.004
        let errors = zip(try flat(average), expected(kind, samples)).map { abs($0 - $1) }
        #expect(errors.allSatisfy { $0 < bound }, "\(kind) after \(step): \(errors.max() ?? 0)")
      }
    }
  }

  /// 256 and then 272 in bfloat16, whose steps there are 2: small corrections must not be lost.
  @Test func narrowTypesAreAveragedInFloat32() throws {
    for kind in kinds where kind != "lawa" {
      let model = try TestWeights([Tensor([Float](repeating: 256, count: 4)).to(.bfloat16)])
      let averager = make(kind, model)
      var samples: [[Double]] = []
      for step in 1...64 {
        try model.weights[0].fill(step == 1 ? 256 : 272)
        try averager.sample()
        samples.append(try flat(model.weights))
      }
      let value = try #require(flat(presentAverage(averager)).first)
      #expect(abs(value - expected(kind, samples)[0]) <= 1, "\(kind): \(value)")
      #expect(try averager.state.tensors.values.allSatisfy { $0.dtype == .float32 })
    }
  }

  @Test(arguments: kinds, [0, 1, 2, 5, 9])
  func aRestoredAverageGoesOnToTheBit(kind: String, saveAt: Int) throws {
    for dtype in [DType.float32, .bfloat16] {
      let model = try makeWeights(dtype)
      let through = make(kind, model)
      for step in 0..<saveAt {
        try move(model, step)
        try through.sample()
      }
      let state = try through.state
      let resumed = make(kind, model)
      for step in 50..<57 {
        try move(model, step)
        try resumed.sample()
      }
      try resumed.restore(state)
      #expect(resumed.samples == saveAt)
      for step in saveAt..<14 {
        try move(model, step)
        try through.sample()
        try resumed.sample()
        #expect(try presentAverage(through).map { try $0.bytes() } == presentAverage(resumed).map { try $0.bytes() })
      }
      let a = try through.state, b = try resumed.state
      #expect(a.counters == b.counters && Set(a.tensors.keys) == Set(b.tensors.keys))
      for (name, tensor) in a.tensors { #expect(try tensor.bytes() == b.tensors[name]?.bytes(), "\(name)") }
      if let one = through as? GaussianAverager, let other = resumed as? GaussianAverager {
        let draws = try [one, other].map { try #require(try $0.draw(Random(seed: 3))).map { try $0.bytes() } }
        #expect(draws[0] == draws[1])
      }
    }
  }

  @Test(arguments: kinds)
  func afterResetItIsAFreshAverage(kind: String) throws {
    let model = try makeWeights()
    let used = make(kind, model), fresh = make(kind, model)
    for step in 0..<8 {
      try move(model, step)
      try used.sample()
    }
    used.reset()
    #expect(try used.average() == nil && used.samples == 0 && used.state.tensors.isEmpty)
    for step in 8..<13 {
      try move(model, step)
      try used.sample()
      try fresh.sample()
      #expect(try presentAverage(used).map { try $0.bytes() } == presentAverage(fresh).map { try $0.bytes() })
      let a = try used.state, b = try fresh.state
      #expect(Set(a.tensors.keys) == Set(b.tensors.keys))
      for (name, tensor) in a.tensors { #expect(try tensor.bytes() == b.tensors[name]?.bytes(), "\(name)") }
    }
  }

  @Test(arguments: kinds)
  func neitherAverageNorStateMovesWithTheNextSample(kind: String) throws {
    let model = try makeWeights()
    let averager = make(kind, model)
    for step in 0..<5 {
      try move(model, step)
      try averager.sample()
    }
    let average = try presentAverage(averager), state = try averager.state
    let before = try average.map { try $0.bytes() }, saved = try state.tensors.mapValues { try $0.bytes() }
    try move(model, 9)
    try averager.sample()
    #expect(try average.map { try $0.bytes() } == before)
    #expect(try state.tensors.mapValues { try $0.bytes() } == saved)
  }

  @Test(arguments: kinds)
  func aForeignStateIsRefusedAndLeavesTheOld(kind: String) throws {
    let model = try makeWeights()
    let averager = make(kind, model)
    for step in 0..<6 {
      try move(model, step)
      try averager.sample()
    }
    let good = try averager.state
    let before = try presentAverage(averager).map { try $0.bytes() }
    var states: [OptimizerState] = []
    for name in good.tensors.keys.sorted() {
      var bad = good
      bad.tensors[name] = nil
      states.append(bad)
      bad.tensors[name] = try Tensor.zeros([8])
      states.append(bad)
    }
    for counters in [[:], ["samples": -1], ["samples": 0], ["samples": 6, "more": 1]] {
      states.append(OptimizerState(tensors: good.tensors, counters: counters))
    }
    var bad = good
    bad.tensors["momentum/items.1.w"] = try Tensor.zeros([7])
    states.append(bad)
    for state in states {
      do {
        try averager.restore(state)
        Issue.record("\(kind) took a state with \(state.tensors.keys.sorted()) and \(state.counters)")
      } catch let error as BasinError { #expect(error.kind == .badData) }
    }
    #expect(averager.samples == 6)
    #expect(try presentAverage(averager).map { try $0.bytes() } == before)
  }
}
