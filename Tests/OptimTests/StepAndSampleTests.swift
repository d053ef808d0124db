import Optim
import PluginAPI
import Testing

private let rules: [(name: String, settings: [String: String])] = [
  ("sgd", [:]), ("sgd", ["weightDecay": "0.05"]), ("sgd", ["momentum": "0.9"]),
  ("sgd", ["momentum": "0.9", "dampening": "0.3", "weightDecay": "0.05"]),
  ("sgd", ["momentum": "0.8", "nesterov": "true", "weightDecay": "0.01"]), ("adam", [:]),
  ("adam", ["weightDecay": "0.1", "beta1": "0.8", "epsilon": "0.001"]), ("adamw", [:]),
  ("adamw", ["weightDecay": "0.5", "beta2": "0.9"]), ("rmsprop", [:]),
  ("rmsprop", ["momentum": "0.9", "centered": "true", "weightDecay": "0.01", "epsilon": "0.001"]), ("nadam", [:]),
  ("nadam", ["weightDecay": "0.5", "decoupled": "true"]), ("lion", ["weightDecay": "0.5"]), ("lamb", [:]),
]

private func make(_ name: String, _ settings: [String: String], _ model: TestWeights) throws -> any UpdateRule {
  var registry = Registry(module: "optim", domain: "")
  registerBuiltIns(in: &registry)
  return try #require(registry.optimizers.first { $0.name == name }).make(settings, model.tensors())
}

/// Sizes that are no multiples of anything, one of them over several threads, one channels last, one empty.
private let shapes = [[3, 4], [1], [0], [70_001], [2, 3, 3, 3], [33, 1000], [5]]

private func makeWeights(_ dtype: DType = .float32) throws -> TestWeights {
  var starts = try shapes.indices.map { try noise(shapes[$0], $0, dtype) }
  starts[4] = try starts[4].channelsLast()
  return try TestWeights(starts)
}

private func setGradients(_ model: TestWeights, _ step: Int, missing: Int? = nil) throws {
  try model.setGradients(
    shapes.indices.map { $0 == missing ? nil : try noise(shapes[$0], 1000 + 10 * step + $0).to(model.weights[$0].dtype) })
}

private func allBytes(_ model: TestWeights, _ rule: any UpdateRule, _ averager: any Averager) throws -> [String: [UInt8]] {
  var result: [String: [UInt8]] = [:]
  for (index, bytes) in try model.bytes().enumerated() { result["weight \(index)"] = bytes }
  for (name, tensor) in try rule.state.tensors { result["rule \(name)"] = try tensor.bytes() }
  for (name, tensor) in try averager.state.tensors { result["averager \(name)"] = try tensor.bytes() }
  result["counters"] = Array("\(try rule.state.counters) \(averager.samples)".utf8)
  return result
}

/// Several rules, each for some of the parameters, as parameter groups are.
private final class Groups: SamplingRule {
  let rules: [any SamplingRule]
  init(_ rules: [any SamplingRule]) { self.rules = rules }

  func samplingPass(learningRate: Double, into averager: any FusableAverager) throws -> SamplingPass? {
    let passes = try rules.compactMap { try $0.samplingPass(learningRate: learningRate, into: averager) }
    guard passes.count == rules.count else { return nil }
    return SamplingPass(parameterCount: passes.reduce(0) { $0 + $1.parameterCount }) {
      for pass in passes { try pass.run() }
    }
  }

  func step(learningRate: Double) throws { for rule in rules { try rule.step(learningRate: learningRate) } }
  var state: OptimizerState { OptimizerState() }
  func restore(_ state: OptimizerState) throws {}
  func reset() throws { for rule in rules { try rule.reset() } }
}

@Suite struct StepAndSampleTests {
  /// Two groups of parameters, taking turns in the model, with different options.
  @Test func groupsOfParametersShareASample() throws {
    let one = try makeWeights(), apart = try makeWeights()
    func groups(_ model: TestWeights) throws -> Groups {
      let tensors = model.tensors()
      var sgd = SGDOptions()
      sgd.momentum = 0.9
      sgd.weightDecay = 0.1
      return Groups([
        try SGD(sgd, parameters: tensors.indices.filter { $0 % 2 == 0 }.map { tensors[$0] }),
        try Adam(AdamOptions(), parameters: tensors.indices.filter { $0 % 2 == 1 }.map { tensors[$0] }),
      ])
    }
    let fast = try groups(one), plain = try groups(apart)
    let averager = ParameterAverager(one.tensors()), other = ParameterAverager(apart.tensors(), fused: false)
    for step in 1...6 {
      try setGradients(one, step)
      try setGradients(apart, step)
      // A group alone is not the whole sample.
      let before = try one.bytes()
      #expect(try !fast.rules[0].step(learningRate: 0.01, samplingInto: averager))
      #expect(try one.bytes() == before)
      let done = try fast.step(learningRate: 0.01, samplingInto: averager)
      #expect(done == (step > 1))
      if !done { try stepAndSample(fast, learningRate: 0.01, into: averager) }
      try plain.step(learningRate: 0.01)
      try other.sample()
    }
    #expect(averager.samples == 6)
    for (a, b) in zip(one.weights, apart.weights) where a.count > 0 { #expect(try relativeError(a, b) < 1e-6) }
    for (a, b) in zip(try presentAverage(averager), try presentAverage(other)) where a.count > 0 {
      #expect(try relativeError(a, b) < 1e-6)
    }
  }

  @Test(arguments: rules.indices, [AverageWeight.mean, .exponential(decay: 0.9, warmup: false)])
  func onePassIsStepThenSample(rule: Int, weighting: AverageWeight) throws {
    let (name, settings) = rules[rule]
    let one = try makeWeights(), apart = try makeWeights()
    let fast = try make(name, settings, one), plain = try make(name, settings, apart)
    let averager = ParameterAverager(one.tensors(), weighting: weighting)
    let other = ParameterAverager(apart.tensors(), weighting: weighting, fused: false)
    let sampling = try #require(fast as? any SamplingRule)
    for step in 1...15 {
      let rate = 0.01 * Double(1 + step % 3)
      try setGradients(one, step)
      try setGradients(apart, step)
      let done = try sampling.step(learningRate: rate, samplingInto: averager)
      #expect(done == (step > 1))
      if !done {
        try fast.step(learningRate: rate)
        try averager.sample()
      }
      try plain.step(learningRate: rate)
      try other.sample()
      #expect(averager.samples == step)
      // Sampling is passive: the weights are the same to the bit.
      #expect(try one.bytes() == apart.bytes())
      for (a, b) in zip(try presentAverage(averager), try presentAverage(other)) where a.count > 0 {
        #expect(try relativeError(a, b) < 1e-6)
      }
    }
    let a = try fast.state, b = try plain.state
    #expect(a.counters == b.counters && Set(a.tensors.keys) == Set(b.tensors.keys))
    for (key, tensor) in a.tensors where tensor.count > 0 {
      #expect(try relativeError(tensor, try #require(b.tensors[key])) < 1e-6, "\(key)")
    }
    // Both go on from there by the usual step: no buffer is stale.
    try setGradients(one, 99)
    try setGradients(apart, 99)
    try fast.step(learningRate: 0.02)
    try plain.step(learningRate: 0.02)
    for (a, b) in zip(one.weights, apart.weights) where a.count > 0 { #expect(try relativeError(a, b) < 1e-6) }
  }

  @Test(arguments: ["adam", "lamb", "schedule-free-adamw"])
  func theDivisionOverThreadsChangesNothing(name: String) throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    var ends: [[String: [UInt8]]] = []
    for threads in [1, 2, 3] {
      try LibTorch.setThreads(threads)
      let model = try makeWeights()
      let rule = try make(name, [:], model), averager = ParameterAverager(model.tensors())
      for step in 1...4 {
        try setGradients(model, step)
        try stepAndSample(rule, learningRate: 0.01, into: averager)
      }
      ends.append(try allBytes(model, rule, averager))
    }
    #expect(ends[0] == ends[1] && ends[1] == ends[2])
  }

  /// Where it cannot be one pass, nothing has happened, and `stepAndSample` does both apart.
  @Test(arguments: ["sgd", "adam", "lion", "lamb"], [
    "first", "reset", "emptied", "gradient", "float64", "bfloat16", "other", "empty", "plain", "lawa",
  ])
  func whatCannotBeOnePassIsLeftAlone(name: String, reason: String) throws {
    let dtype: DType = reason == "float64" ? .float64 : reason == "bfloat16" ? .bfloat16 : .float32
    let settings = name == "sgd" ? ["momentum": "0.9"] : [:]
    let model = try makeWeights(dtype), twin = try makeWeights(dtype)
    let rule = try make(name, settings, model), twinRule = try make(name, settings, twin)
    let mean = ParameterAverager(
      reason == "other" ? twin.tensors() : reason == "empty" ? [] : model.tensors(), fused: reason != "plain")
    if reason != "first" {
      try setGradients(model, 1)
      try setGradients(twin, 1)
      try rule.step(learningRate: 0.1)
      try twinRule.step(learningRate: 0.1)
      try mean.sample()
    }
    if reason == "reset" { try rule.reset() }
    if reason == "emptied" { mean.reset() }
    try setGradients(model, 2, missing: reason == "gradient" ? 3 : nil)
    let before = try allBytes(model, rule, mean)
    let sampling = try #require(rule as? any SamplingRule)
    let refused = try reason == "lawa" || !sampling.step(learningRate: 0.1, samplingInto: mean)
    #expect(refused)
    #expect(try allBytes(model, rule, mean) == before)

    if reason == "reset" { try twinRule.reset() }
    try setGradients(twin, 2, missing: reason == "gradient" ? 3 : nil)
    let averager: any Averager = reason == "lawa" ? LatestAverager(model.tensors(), count: 2) : mean
    let samples = averager.samples
    try stepAndSample(rule, learningRate: 0.1, into: averager)
    try twinRule.step(learningRate: 0.1)
    #expect(averager.samples == samples + 1)
    #expect(try model.bytes() == twin.bytes())
  }

  @Test func aRestoredPairGoesOnToTheBit() throws {
    for name in ["sgd", "adamw", "rmsprop", "nadam", "lion", "lamb"] {
      let model = try makeWeights()
      let rule = try make(name, name == "sgd" ? ["momentum": "0.9"] : [:], model)
      let averager = ParameterAverager(model.tensors())
      for step in 1...3 {
        try setGradients(model, step)
        try stepAndSample(rule, learningRate: 0.01, into: averager)
      }
      let copy = try TestWeights(model.weights.map { try $0.detached() })
      let otherRule = try make(name, name == "sgd" ? ["momentum": "0.9"] : [:], copy)
      let otherAverager = ParameterAverager(copy.tensors())
      try otherRule.restore(rule.state)
      try otherAverager.restore(averager.state)
      for step in 4...7 {
        for (model, rule, averager) in [(model, rule, averager), (copy, otherRule, otherAverager)] {
          try setGradients(model, step)
          try stepAndSample(rule, learningRate: 0.01, into: averager)
        }
      }
      #expect(try allBytes(model, rule, averager) == allBytes(copy, otherRule, otherAverager))
    }
  }
}
