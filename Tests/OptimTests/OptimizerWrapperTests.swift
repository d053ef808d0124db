import Optim
import PluginAPI
import Testing

@Suite struct OptimizerWrapperTests {
  private func twoPass(_ name: String, _ model: TestWeights) throws -> any TwoPassRule {
    try #require(try OptimizerCase(name, ["momentum": "0.9"]).make(model.tensors()) as? any TwoPassRule)
  }

  @Test(arguments: ["sam:sgd", "asam:sgd", "sam:lookahead:sgd", "asam:schedule-free-sgd"], [false, true])
  func descendRestoresTheWeightsToTheBit(name: String, channelsLast: Bool) throws {
    let model = try tableWeights(channelsLast: channelsLast)
    let rule = try twoPass(name, model)
    for step in 0..<5 {
      let before = try model.bytes(), state = try rule.state
      try setNoisyGradients(model, step, missing: step == 3 ? [1] : [])
      try rule.ascend()
      let uphill = try model.bytes()
      for position in model.weights.indices {
        #expect((uphill[position] == before[position]) == (step == 3 && position == 1))
      }
      try rule.descend()
      #expect(try model.bytes() == before)
      #expect(try rule.state.counters == state.counters)
      try rule.descend()
      #expect(try model.bytes() == before, "descending twice is no more than once")
      try takeStep(rule, rate: 0.01) { try setNoisyGradients(model, step) }
    }
  }

  @Test func ascentIsRhoLong() throws {
    for (name, length) in [("sam:sgd", 0.05), ("sam:adam", 0.3)] {
      let model = try tableWeights(), before = try separateCopy(of: model)
      let rule = try #require(
        try OptimizerCase(name, ["rho": "\(length)"]).make(model.tensors()) as? any TwoPassRule)
      try setNoisyGradients(model, 1)
      try rule.ascend()
      let squares = try zip(model.weights, before.weights).reduce(0.0) {
        try $0 + ($1.0.detached() - $1.1.detached()).to(.float64).power(2).sum().item()
      }
      #expect(abs(squares.squareRoot() - length) < 1e-5)
    }
  }

  @Test func aStepWithoutAscentIsADefect() throws {
    let model = try tableWeights()
    let rule = try twoPass("sam:sgd", model)
    try setNoisyGradients(model, 0)
    #expect(throws: BasinError.self) { try rule.step(learningRate: 0.1) }
    try rule.ascend()
    #expect(throws: BasinError.self) { try rule.ascend() }
    try rule.step(learningRate: 0.1)
    #expect(throws: BasinError.self) { try rule.step(learningRate: 0.1) }
  }

  @Test func vanishingGradientsLeaveTheWeights() throws {
    for name in ["sam:sgd", "asam:sgd"] {
      let model = try tableWeights()
      let before = try model.bytes()
      let rule = try twoPass(name, model)
      try model.setGradients(tableShapes.map { try Tensor.zeros($0) })
      try rule.ascend()
      #expect(try model.bytes() == before)
      try rule.step(learningRate: 0.1)
      #expect(try model.bytes() == before)
    }
  }

  @Test(arguments: ["sam", "asam"])
  func samSwitchesWithTheRuleInside(name: String) throws {
    let model = try tableWeights(), bare = try tableWeights()
    let rule = try twoPass("\(name):schedule-free-sgd", model)
    try trainOnNoise(model, rule, 0..<4)
    let training = try model.bytes()
    let switching = try #require(rule as? any SwitchingRule)
    // The same state in a rule without the wrapper evaluates the same weights.
    let inner = try ScheduleFreeSGD(ScheduleFreeSGDOptions(), parameters: bare.tensors())
    var state = OptimizerState()
    for (key, tensor) in try rule.state.tensors { state.tensors[String(key.dropFirst("inner/".count))] = tensor }
    for (key, count) in try rule.state.counters { state.counters[String(key.dropFirst("inner/".count))] = count }
    for (target, source) in zip(bare.weights, model.weights) { try target.copy(from: source) }
    try inner.restore(state)
    try inner.useEvaluationWeights()
    try switching.useEvaluationWeights()
    #expect(try model.bytes() == bare.bytes())
    #expect(try model.bytes() != training)
    try switching.useTrainingWeights()
    #expect(try model.bytes() == training)

    let plain = try #require(try twoPass("\(name):sgd", model) as? any SwitchingRule)
    try plain.useEvaluationWeights()
    #expect(try model.bytes() == training)
    try plain.useTrainingWeights()
    #expect(try model.bytes() == training)
  }

  @Test func lookaheadSynchronizesOnTime() throws {
    let model = try tableWeights(), alone = try tableWeights()
    let start = try alone.weights.map { try $0.detached().clone() }
    let rule = try OptimizerCase("lookahead:sgd", ["syncEvery": "4", "slowStep": "0.25"]).make(model.tensors())
    let sgd = try OptimizerCase("sgd").make(alone.tensors())
    for step in 0..<3 {
      try trainOnNoise(model, rule, step..<step + 1)
      try trainOnNoise(alone, sgd, step..<step + 1)
      #expect(try model.bytes() == alone.bytes())
    }
    try trainOnNoise(model, rule, 3..<4)
    try trainOnNoise(alone, sgd, 3..<4)
    for (position, weight) in model.weights.enumerated() {
      let expected = try start[position] + (alone.weights[position].detached() - start[position]) * 0.25
      #expect(try relativeError(weight, expected) < 1e-6)
    }
  }

  @Test(arguments: [
    ("sam:sam:sgd", "sam:sgd"), ("asam:sam:adam", "asam:sgd"), ("lookahead:sam:sgd", "sam:lookahead:sgd"),
    ("lookahead:schedule-free-sgd", "leave lookahead out"),
  ])
  func pairsThatCannotBeAreUsageErrors(name: String, advice: String) throws {
    do {
      _ = try OptimizerCase(name).make(tableWeights().tensors())
      Issue.record("\(name) was taken")
    } catch let error as BasinError {
      #expect(error.kind == .usage)
      #expect(error.advice?.contains(advice) == true)
    }
  }
}
