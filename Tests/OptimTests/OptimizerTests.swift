import Optim
import PluginAPI
import Testing

/// What is in a state.
private struct Names: Equatable {
  var tensors: Set<String>
  var counters: Set<String>
}

/// The optimizers with a fused kernel, by name.
enum FusedCase: String, CaseIterable, Sendable {
  case sgd, adam, adamw, amsgrad, amsgradw, adagrad
  case rmsprop, rmspropCentered, rmspropMomentum, rmspropAll, nadam, nadamDecoupled, lion, lionDecay, lamb, lambDecay
  case scheduleFreeSGD, scheduleFreeAdamW

  func make(_ parameters: [NamedTensor], fused: Bool) throws -> any UpdateRule {
    switch self {
    case .sgd:
      var options = SGDOptions()
      options.momentum = 0.9
      options.dampening = 0.1
      options.weightDecay = 0.01
      return try SGD(options, parameters: parameters, fused: fused)
    case .adam, .amsgrad:
      var options = AdamOptions<PenaltyDecay>()
      options.weightDecay = 0.01
      options.beta2 = 0.9
      options.amsgrad = self == .amsgrad
      return try Adam(options, parameters: parameters, fused: fused)
    case .adamw, .amsgradw:
      var options = AdamOptions<DecoupledDecay>()
      options.beta2 = 0.9
      options.amsgrad = self == .amsgradw
      return try AdamW(options, parameters: parameters, fused: fused)
    case .adagrad:
      var options = AdagradOptions()
      options.lrDecay = 0.1
      options.initialAccumulator = 0.1
      options.weightDecay = 0.01
      return try Adagrad(options, parameters: parameters, fused: fused)
    case .rmsprop, .rmspropCentered, .rmspropMomentum, .rmspropAll:
      var options = RMSpropOptions()
      options.alpha = 0.9
      options.epsilon = 0.001
      options.centered = self == .rmspropCentered || self == .rmspropAll
      options.momentum = self == .rmspropMomentum || self == .rmspropAll ? 0.8 : 0
      options.weightDecay = self == .rmspropAll ? 0.1 : 0
      return try RMSprop(options, parameters: parameters, fused: fused)
    case .nadam, .nadamDecoupled:
      var options = NAdamOptions()
      options.beta2 = 0.9
      options.weightDecay = 0.1
      options.decoupled = self == .nadamDecoupled
      return try NAdam(options, parameters: parameters, fused: fused)
    case .lion, .lionDecay:
      var options = LionOptions()
      options.weightDecay = self == .lion ? 0 : 0.5
      return try Lion(options, parameters: parameters, fused: fused)
    case .lamb, .lambDecay:
      var options = LAMBOptions()
      options.beta2 = 0.9
      options.weightDecay = self == .lamb ? 0 : 0.1
      if self == .lamb { options.epsilon = 0 }
      return try LAMB(options, parameters: parameters, fused: fused)
    case .scheduleFreeSGD:
      var options = ScheduleFreeSGDOptions()
      options.weightDecay = 0.1
      options.warmupSteps = 4
      return try ScheduleFreeSGD(options, parameters: parameters, fused: fused)
    case .scheduleFreeAdamW:
      var options = ScheduleFreeAdamWOptions()
      options.weightDecay = 0.1
      options.beta2 = 0.9
      options.warmupSteps = 4
      return try ScheduleFreeAdamW(options, parameters: parameters, fused: fused)
    }
  }
}

private func bytes(_ state: OptimizerState) throws -> [String: [UInt8]] {
  try state.tensors.mapValues { try $0.bytes() }
}

@Suite struct OptimizerTests {
  @Test func theTableHasEveryRegisteredOptimizer() {
    let registry = OptimizerCase.registry
    let registered = Set(registry.optimizers.map(\.name) + registry.wrappers.map(\.name))
    #expect(registered == Set(OptimizerCase.all.flatMap(\.parts)))
    #expect(registered.count == registry.optimizers.count + registry.wrappers.count)
  }

  @Test(arguments: FusedCase.allCases, [false, true])
  func theFusedStepIsThePlainStepInEveryLayout(optimizer: FusedCase, channelsLast: Bool) throws {
    let fast = try tableWeights(channelsLast: channelsLast), plain = try tableWeights()
    let missing: (Int) -> Set<Int> = { $0 % 5 == 1 ? [1] : [] }
    try trainOnNoise(fast, optimizer.make(fast.tensors(), fused: true), 0..<20, missing: missing)
    try trainOnNoise(plain, optimizer.make(plain.tensors(), fused: false), 0..<20, missing: missing)
    #expect(fast.weights[2].isContiguous != channelsLast)
    for (a, b) in zip(fast.weights, plain.weights) { #expect(try relativeError(a, b) < 1e-5) }
  }

  /// Sizes around those that vectors, blocks of norms and threads divide memory by, among them none and one.
  private static let sizes = [[0], [1], [7], [8], [9], [8192], [8193], [3, 8191], [90_001]]

  /// Each goes on from the other's state, then from none.
  @Test(arguments: FusedCase.allCases)
  func theFusedStepIsThePlainStepInEverySizeThroughRestoreAndReset(optimizer: FusedCase) throws {
    let starts = try Self.sizes.enumerated().map { try noise($1, $0) }
    let fast = try TestWeights(starts), plain = try TestWeights(starts)
    var rules = try (optimizer.make(fast.tensors(), fused: true), optimizer.make(plain.tensors(), fused: false))
    func compare(_ label: String) throws {
      for (a, b) in zip(fast.weights, plain.weights) where a.count > 0 {
        #expect(try relativeError(a, b) < 1e-5, "\(label) \(a.shape)")
      }
      let (a, b) = (try rules.0.state, try rules.1.state)
      #expect(a.counters == b.counters && Set(a.tensors.keys) == Set(b.tensors.keys), "\(label)")
      for (name, tensor) in a.tensors where tensor.count > 0 {
        #expect(try relativeError(tensor, #require(b.tensors[name])) < 1e-5, "\(label) \(name)")
      }
    }
    func train(_ steps: Range<Int>) throws {
      try trainOnNoise(fast, rules.0, steps)
      try trainOnNoise(plain, rules.1, steps)
    }
    try train(0..<5)
    try compare("at first")
    let states = (try rules.0.state, try rules.1.state)
    rules = try (optimizer.make(fast.tensors(), fused: true), optimizer.make(plain.tensors(), fused: false))
    try rules.0.restore(states.1)
    try rules.1.restore(states.0)
    try train(5..<9)
    try compare("restored")
    try rules.0.reset()
    try rules.1.reset()
    try train(9..<12)
    try compare("reset")
  }

  @Test(arguments: OptimizerCase.all.filter(\.isSeparable))
  func aParameterGoesItsWayAsIfAlone(optimizer: OptimizerCase) throws {
    // Parameter 2 misses every third step: it must not age in them.
    let together = try tableWeights(), alone = try TestWeights([noise(tableShapes[2], 2)])
    try trainOnNoise(together, optimizer.make(together.tensors()), 0..<10) { $0 % 3 == 1 ? [2] : [] }
    let rule = try optimizer.make(alone.tensors())
    for step in 0..<10 where step % 3 != 1 {
      let gradient = try noise(tableShapes[2], 1000 + 10 * step + 2) + alone.weights[0].detached() * tableSlope
      try alone.setGradients([gradient])
      try rule.step(learningRate: tableRate(step))
    }
    #expect(try relativeError(together.weights[2], alone.weights[0]) < 1e-6)
  }

  @Test(arguments: OptimizerCase.all)
  func noGradientAtAllIsNoStep(optimizer: OptimizerCase) throws {
    let model = try tableWeights()
    let before = try model.bytes()
    let rule = try optimizer.make(model.tensors())
    let state = try rule.state
    try takeStep(rule, rate: 0.1) {}
    #expect(try model.bytes() == before)
    #expect(try bytes(rule.state) == bytes(state))
    #expect(try rule.state.counters == state.counters)
    try takeStep(optimizer.make([]), rate: 0.1) {}
  }

  @Test(arguments: OptimizerCase.all)
  func afterResetItIsAFreshOptimizer(optimizer: OptimizerCase) throws {
    let used = try tableWeights()
    let rule = try optimizer.make(used.tensors())
    try trainOnNoise(used, rule, 0..<7, missing: { $0 == 2 ? [1] : [] })
    let weights = try used.bytes()
    try rule.reset()
    #expect(try used.bytes() == weights)
    let fresh = try separateCopy(of: used)
    let other = try optimizer.make(fresh.tensors())
    #expect(try bytes(rule.state) == bytes(other.state))
    #expect(try rule.state.counters == other.state.counters)
    try trainOnNoise(used, rule, 7..<20)
    try trainOnNoise(fresh, other, 7..<20)
    #expect(try used.bytes() == fresh.bytes())
  }

  @Test(arguments: OptimizerCase.all, [0, 1, 6])
  func aRestoredOptimizerGoesOnToTheBit(optimizer: OptimizerCase, saveAt: Int) throws {
    // One parameter misses a step before the save, so that counts and buffers differ.
    let missing: (Int) -> Set<Int> = { $0 == 0 ? [1] : [] }
    let through = try tableWeights()
    let rule = try optimizer.make(through.tensors())
    try trainOnNoise(through, rule, 0..<saveAt, missing: missing)
    let state = try rule.state
    let saved = try bytes(state)
    let resumed = try separateCopy(of: through), overwritten = try tableWeights()
    // What was there before the restore must not shine through.
    let dirty = try optimizer.make(overwritten.tensors())
    try trainOnNoise(overwritten, dirty, 90..<98)
    for (target, source) in zip(overwritten.weights, through.weights) { try target.copy(from: source) }
    try trainOnNoise(through, rule, saveAt..<20, missing: missing)
    #expect(try bytes(state) == saved, "a state must not change with the steps that follow")

    let fresh = try optimizer.make(resumed.tensors())
    for (model, other) in [(resumed, fresh), (overwritten, dirty)] {
      try other.restore(state)
      #expect(try bytes(other.state) == saved)
      #expect(try other.state.counters == state.counters)
      try trainOnNoise(model, other, saveAt..<20, missing: missing)
      #expect(try through.bytes() == model.bytes())
      #expect(try bytes(other.state) == bytes(rule.state))
    }
    #expect(try bytes(state) == saved, "a state must not change with those of who was restored from it")
  }

  @Test func theStateHasTheDocumentedNames() throws {
    func names(_ name: String, _ settings: [String: String] = [:]) throws -> Names {
      let model = try TestWeights([noise([2, 2], 1), noise([2], 2)])
      let rule = try OptimizerCase(name, settings).make(model.tensors())
      for step in 0..<3 { try takeStep(rule, rate: 0.01) { try setNoisyGradients(model, step) } }
      let state = try rule.state
      let short = state.tensors.keys.map { $0.replacing("items.", with: "").replacing(".w", with: "") }
      return Names(tensors: Set(short), counters: Set(state.counters.map { "\($0)=\($1)" }))
    }
    #expect(try names("sgd", ["momentum": "0.9"]) == Names(tensors: ["momentum/0", "momentum/1"], counters: []))
    let adam: Set = ["exp_avg/0", "exp_avg/1", "exp_avg_sq/0", "exp_avg_sq/1"]
    for name in ["adam", "adamw", "nadam", "lamb"] {
      #expect(try names(name) == Names(tensors: adam, counters: ["step=3"]))
    }
    #expect(
      try names("adam", ["amsgrad": "true"])
        == Names(tensors: adam.union(["max_exp_avg_sq/0", "max_exp_avg_sq/1"]), counters: ["step=3"]))
    #expect(
      try names("rmsprop", ["centered": "true", "momentum": "0.5"]).tensors
        == ["square_avg/0", "square_avg/1", "grad_avg/0", "grad_avg/1", "momentum/0", "momentum/1"])
    #expect(try names("rmsprop").tensors == ["square_avg/0", "square_avg/1"])
    #expect(try names("adagrad") == Names(tensors: ["sum/0", "sum/1"], counters: ["step=3"]))
    #expect(try names("lion") == Names(tensors: ["momentum/0", "momentum/1"], counters: ["step=3"]))
    #expect(
      try names("muon")
        == Names(
          tensors: ["momentum/0", "adamw/exp_avg/1", "adamw/exp_avg_sq/1"], counters: ["step=3", "adamw/step=3"]))
    #expect(
      try names("schedule-free-sgd")
        == Names(tensors: ["z/0", "z/1", "weightSum", "largestRate"], counters: ["step=3"]))
    #expect(
      try names("schedule-free-adamw").tensors
        == ["z/0", "z/1", "exp_avg_sq/0", "exp_avg_sq/1", "weightSum", "largestRate"])
    #expect(try names("sam:adam") == Names(tensors: Set(adam.map { "inner/\($0)" }), counters: ["inner/step=3"]))
    #expect(
      try names("lookahead:sgd", ["momentum": "0.9"])
        == Names(tensors: ["slow/0", "slow/1", "inner/momentum/0", "inner/momentum/1"], counters: ["step=3"]))
    #expect(try names("asam:lookahead:adam").counters == ["inner/step=3", "inner/inner/step=3"])
  }

  @Test(arguments: OptimizerCase.all)
  func theStateOfAnotherModelIsRefused(optimizer: OptimizerCase) throws {
    let model = try tableWeights()
    let rule = try optimizer.make(model.tensors())
    try trainOnNoise(model, rule, 0..<3)
    let good = try rule.state
    func refuses(_ label: String, _ change: (inout OptimizerState) throws -> Void) throws {
      var bad = good
      try change(&bad)
      do {
        try rule.restore(bad)
        Issue.record("\(label) was taken")
      } catch let error as BasinError {
        #expect(error.kind == .badData && error.advice != nil, "\(label)")
      }
      // A refused state leaves the old one.
      #expect(try bytes(rule.state) == bytes(good), "\(label)")
      #expect(try rule.state.counters == good.counters, "\(label)")
    }
    for (name, tensor) in good.tensors {
      try refuses("another shape of \(name)") { $0.tensors[name] = try Tensor.zeros([4, 3], tensor.dtype) }
      try refuses("another type of \(name)") { $0.tensors[name] = try tensor.to(.float16) }
      // SGD's momentum comes with each parameter's first step.
      guard !name.contains("momentum") || optimizer.parts.last != "sgd" else { continue }
      try refuses("a state without \(name)") { $0.tensors[name] = nil }
    }
    for name in good.counters.keys {
      try refuses("a state without \(name)") { $0.counters[name] = nil }
      try refuses("a negative \(name)") { $0.counters[name] = -1 }
      try refuses("no step in \(name) but buffers") { $0.counters[name] = 0 }
    }
    try refuses("a strange tensor") { $0.tensors["strange/items.0.w"] = try Tensor.zeros([3, 4]) }
    try refuses("a strange counter") { $0.counters["strange"] = 1 }
    if optimizer.name.contains(":") {
      try refuses("a strange tensor inside") { $0.tensors["inner/strange"] = try Tensor.zeros([1]) }
    }
  }

  @Test func theMessageNamesTheTensor() throws {
    let model = try tableWeights()
    let adam = try OptimizerCase("adam").make(model.tensors())
    try trainOnNoise(model, adam, 0..<1)
    var bad = try adam.state
    bad.tensors["exp_avg/items.0.w"] = try Tensor.zeros([4, 3])
    do {
      try adam.restore(bad)
      Issue.record("a transposed buffer was taken")
    } catch let error as BasinError {
      #expect(error.place == "tensor \"exp_avg/items.0.w\"")
      #expect(error.message.contains("[4, 3]") && error.message.contains("[3, 4]"))
    }
    let sgd = try OptimizerCase("sgd", ["momentum": "0.9"]).make(model.tensors())
    #expect(throws: BasinError.self) { try sgd.restore(adam.state) }
    #expect(throws: BasinError.self) { try adam.restore(sgd.state) }
  }

  @Test(arguments: OptimizerCase.all)
  func onlyParametersAreTrained(optimizer: OptimizerCase) throws {
    let layer = try BatchNorm(3)
    let rule = try optimizer.make(layer.tensors())
    try layer.weight.fill(1)
    try layer.runningVariance.fill(1)
    try layer.runningMean.fill(0)
    var statistics: [UInt8] = []
    try takeStep(rule, rate: 0.1) {
      for tensor in [layer.weight, layer.bias] { try tensor.clearGradient() }
      try (layer(noise([4, 3], 1), .train(RandomStream(Random(seed: 1)))) * noise([4, 3], 2)).sum().backward()
      statistics = try layer.runningVariance.bytes()
    }
    #expect(try layer.runningVariance.bytes() == statistics)
    #expect(try layer.weight.values(Float.self) != [1, 1, 1])
  }
}
