import Optim
import PluginAPI
import Testing

@Suite struct ScheduleFreeTests {
  static let names = ["schedule-free-sgd", "schedule-free-adamw"]

  private func make(_ name: String, _ model: TestWeights) throws -> any SwitchingRule {
    try #require(try OptimizerCase(name, ["warmupSteps": "3"]).make(model.tensors()) as? any SwitchingRule)
  }

  @Test(arguments: ScheduleFreeTests.names, [false, true])
  func switchingThereAndBackLeavesTheTrainingWeights(name: String, channelsLast: Bool) throws {
    let model = try tableWeights(channelsLast: channelsLast), untouched = try tableWeights(channelsLast: channelsLast)
    let rule = try make(name, model), other = try make(name, untouched)
    for step in 0..<12 {
      let training = try model.bytes()
      try rule.useEvaluationWeights()
      let evaluation = try model.bytes()
      // The first step is all of the average: x = z = y until there are two.
      #expect((evaluation == training) == (step < 2))
      try rule.useEvaluationWeights()
      #expect(try model.bytes() == evaluation, "switching twice is no more than once")
      let state = try rule.state
      try rule.useTrainingWeights()
      #expect(try model.bytes() == training)
      try rule.useTrainingWeights()
      #expect(try model.bytes() == training)
      #expect(try Set(rule.state.tensors.keys) == Set(state.tensors.keys))
      try trainOnNoise(model, rule, step..<step + 1)
      try trainOnNoise(untouched, other, step..<step + 1)
    }
    #expect(try model.bytes() == untouched.bytes())
  }

  @Test func evaluationWeightsAreTheAverage() throws {
    for name in Self.names {
      let model = try tableWeights()
      let rule = try make(name, model)
      let twin = try #require(
        try OptimizerCase(name, ["warmupSteps": "3"]).slowTwin(tableShapes) as? ScheduleFreeTwin)
      var weights = try model.weights.map { try $0.detached().to(.float64).values(Double.self) }
      for step in 0..<15 {
        try twin.step(&weights, rate: tableRate(step)) { weights in
          try weights.enumerated().map { position, w in
            let decree = try noise(tableShapes[position], 1000 + 10 * step + position, .float64).values(Double.self)
            return elementwise(decree, w) { $0 + tableSlope * $1 }
          }
        }
        try trainOnNoise(model, rule, step..<step + 1)
        try rule.useEvaluationWeights()
        for (tensor, expected) in zip(model.weights, twin.x) {
          #expect(try relativeError(tensor, Tensor(expected, shape: tensor.shape)) < 1e-5, "\(name) step \(step)")
        }
        try rule.useTrainingWeights()
      }
    }
  }

  @Test(arguments: ScheduleFreeTests.names)
  func aStepInEvaluationIsADefect(name: String) throws {
    let model = try tableWeights()
    let rule = try make(name, model)
    try trainOnNoise(model, rule, 0..<2)
    try rule.useEvaluationWeights()
    #expect(throws: BasinError.self) { try rule.step(learningRate: 0.1) }
    try rule.useTrainingWeights()
    try rule.step(learningRate: 0.1)
  }

  @Test(arguments: ScheduleFreeTests.names)
  func resetInEvaluationGoesOnFromWhatIsThere(name: String) throws {
    let model = try tableWeights()
    let rule = try make(name, model)
    try trainOnNoise(model, rule, 0..<4)
    try rule.useEvaluationWeights()
    let fresh = try separateCopy(of: model)
    try rule.reset()
    try rule.useTrainingWeights()
    #expect(try model.bytes() == fresh.bytes())
    try trainOnNoise(model, rule, 4..<8)
    try trainOnNoise(fresh, make(name, fresh), 4..<8)
    #expect(try model.bytes() == fresh.bytes())
  }

  @Test func aRateOfZeroIsNoStep() throws {
    for name in Self.names {
      let model = try tableWeights()
      let before = try model.bytes()
      let rule = try make(name, model)
      try setNoisyGradients(model, 0)
      try rule.step(learningRate: 0)
      #expect(try model.bytes() == before)
      try trainOnNoise(model, rule, 1..<3)
      for weight in model.weights { #expect(try weight.isFinite()) }
    }
  }

  @Test func unsoundNumbersAreRefused() throws {
    let model = try tableWeights()
    let rule = try make("schedule-free-sgd", model)
    try trainOnNoise(model, rule, 0..<2)
    for value in [-1.0, .nan, .infinity] {
      for name in ["weightSum", "largestRate"] {
        var state = try rule.state
        state.tensors[name] = try Tensor(scalar: value)
        #expect(throws: BasinError.self, "\(name) \(value)") { try rule.restore(state) }
      }
    }
  }
}
