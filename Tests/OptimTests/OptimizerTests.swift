import Optim
import PluginAPI
import Testing

/// Makes the optimizers that have state, by name.
private func makeOptimizer(_ name: String, _ parameters: [NamedTensor], fused: Bool = true) throws -> any UpdateRule {
  switch name {
  case "sgd":
    var options = SGDOptions()
    options.momentum = 0.9
    options.dampening = 0.1
    options.weightDecay = 0.01
    return try SGD(options, parameters: parameters, fused: fused)
  case "adam":
    var options = AdamOptions<PenaltyDecay>()
    options.weightDecay = 0.01
    return try Adam(options, parameters: parameters, fused: fused)
  default: return try AdamW(AdamOptions<DecoupledDecay>(), parameters: parameters, fused: fused)
  }
}

private let shapes = [[3, 4], [5], [2, 3, 3, 3]]

private func makeWeights(channelsLast: Bool = false) throws -> TestWeights {
  var starts = try shapes.indices.map { try noise(shapes[$0], $0) }
  if channelsLast { starts[2] = try starts[2].channelsLast() }
  return try TestWeights(starts)
}

private func gradients(_ step: Int, missing: Set<Int> = []) throws -> [Tensor?] {
  try shapes.indices.map { missing.contains($0) ? nil : try noise(shapes[$0], 1000 + 10 * step + $0) }
}

private func train(
  _ model: TestWeights, _ optimizer: any UpdateRule, _ steps: Range<Int>, missing: (Int) -> Set<Int> = { _ in [] }
) throws {
  for step in steps {
    try model.setGradients(gradients(step, missing: missing(step)))
    try optimizer.step(learningRate: 0.01)
  }
}

@Suite struct OptimizerTests {
  @Test(arguments: ["sgd", "adam", "adamw"], [false, true])
  func theFusedStepIsThePlainStepInEveryLayout(name: String, channelsLast: Bool) throws {
    let fast = try makeWeights(channelsLast: channelsLast), plain = try makeWeights()
    try train(fast, makeOptimizer(name, fast.tensors()), 0..<20)
    try train(plain, makeOptimizer(name, plain.tensors(), fused: false), 0..<20)
    #expect(fast.weights[2].isContiguous != channelsLast)
    for (a, b) in zip(fast.weights, plain.weights) { #expect(try relativeError(a, b) < 1e-5) }
  }

  @Test(arguments: ["sgd", "adam", "adamw"])
  func aParameterWithoutGradientIsPassedOver(name: String) throws {
    // Parameter 1 never has a gradient, 0 misses the first step, 2 every third one.
    let missing: (Int) -> Set<Int> = { step in
      Set([1] + (step == 0 ? [0] : []) + (step % 3 == 1 ? [2] : []))
    }
    let fast = try makeWeights(), plain = try makeWeights()
    let before = try fast.bytes()
    let optimizer = try makeOptimizer(name, fast.tensors())
    try train(fast, optimizer, 0..<10, missing: missing)
    try train(plain, makeOptimizer(name, plain.tensors(), fused: false), 0..<10, missing: missing)
    #expect(try fast.bytes()[1] == before[1])
    for (a, b) in zip(fast.weights, plain.weights) { #expect(try relativeError(a, b) < 1e-5) }

    // A parameter alone, with the gradients it had here, must go the same way: its step count is its own.
    let alone = try TestWeights([noise(shapes[2], 2)])
    let other = try makeOptimizer(name, alone.tensors())
    for step in 0..<10 where step % 3 != 1 {
      try alone.setGradients([gradients(step)[2]])
      try other.step(learningRate: 0.01)
    }
    #expect(try relativeError(fast.weights[2], alone.weights[0]) < 1e-6)
  }

  @Test func noGradientAtAllIsNoStep() throws {
    for name in ["sgd", "adam", "adamw"] {
      let model = try makeWeights()
      let before = try model.bytes()
      let optimizer = try makeOptimizer(name, model.tensors())
      try optimizer.step(learningRate: 0.1)
      #expect(try model.bytes() == before)
      #expect(try optimizer.state.tensors.isEmpty)
      let empty = try makeOptimizer(name, [])
      try empty.step(learningRate: 0.1)
    }
  }

  @Test(arguments: ["sgd", "adam", "adamw"])
  func afterResetItIsAFreshOptimizer(name: String) throws {
    let used = try makeWeights()
    let optimizer = try makeOptimizer(name, used.tensors())
    try train(used, optimizer, 0..<7)
    try optimizer.reset()
    #expect(try optimizer.state.tensors.isEmpty)
    let fresh = try TestWeights(used.weights.map { try $0.detached() })
    try train(used, optimizer, 7..<12)
    try train(fresh, makeOptimizer(name, fresh.tensors()), 7..<12)
    #expect(try used.bytes() == fresh.bytes())
  }

  @Test(arguments: ["sgd", "adam", "adamw"], [0, 1, 6])
  func aRestoredOptimizerGoesOnToTheBit(name: String, saveAt: Int) throws {
    // One parameter misses a step before the save, so that counts and buffers differ.
    let missing: (Int) -> Set<Int> = { $0 == 0 ? [1] : [] }
    let through = try makeWeights()
    let optimizer = try makeOptimizer(name, through.tensors())
    try train(through, optimizer, 0..<saveAt, missing: missing)
    let state = try optimizer.state
    let resumed = try TestWeights(through.weights.map { try $0.detached() })
    try train(through, optimizer, saveAt..<12, missing: missing)
    let other = try makeOptimizer(name, resumed.tensors())
    // What was there before the restore must not shine through.
    try resumed.setGradients(gradients(99))
    try other.step(learningRate: 0)
    let restoring = try makeOptimizer(name, resumed.tensors())
    try restoring.restore(state)
    try train(resumed, restoring, saveAt..<12, missing: missing)
    // Weight decay with rate 0 left the weights alone.
    #expect(try through.bytes() == resumed.bytes())
    try other.restore(state)
    #expect(try Set(other.state.tensors.keys) == Set(state.tensors.keys))
    #expect(try other.state.counters == state.counters)
  }

  @Test func theStateHasTheDocumentedNames() throws {
    let model = try makeWeights()
    let sgd = try makeOptimizer("sgd", model.tensors()), adam = try makeOptimizer("adam", model.tensors())
    try train(model, sgd, 0..<1)
    try train(model, adam, 1..<4)
    #expect(try Set(sgd.state.tensors.keys) == ["momentum/items.0.w", "momentum/items.1.w", "momentum/items.2.w"])
    #expect(try adam.state.tensors.keys.contains("exp_avg/items.1.w"))
    #expect(try adam.state.tensors.keys.contains("exp_avg_sq/items.2.w"))
    #expect(try adam.state.counters == ["step": 3])
  }

  @Test func aForeignStateIsRefused() throws {
    let model = try makeWeights()
    let sgd = try makeOptimizer("sgd", model.tensors()), adam = try makeOptimizer("adam", model.tensors())
    try train(model, sgd, 0..<1)
    try train(model, adam, 1..<2)
    let good = try adam.state
    #expect(throws: BasinError.self) { try sgd.restore(good) }
    #expect(throws: BasinError.self) { try adam.restore(sgd.state) }
    var bad = good
    bad.counters = [:]
    #expect(throws: BasinError.self) { try adam.restore(bad) }
    bad = good
    bad.counters["step"] = -1
    #expect(throws: BasinError.self) { try adam.restore(bad) }
    bad = good
    bad.tensors["exp_avg/items.0.w"] = nil
    #expect(throws: BasinError.self) { try adam.restore(bad) }
    bad = good
    bad.tensors["exp_avg/items.0.w"] = try Tensor.zeros([4, 3])
    do {
      try adam.restore(bad)
      Issue.record("a transposed buffer was taken")
    } catch let error as BasinError {
      #expect(error.kind == .badData && error.place == "tensor \"exp_avg/items.0.w\"")
      #expect(error.message.contains("[4, 3]") && error.message.contains("[3, 4]"))
    }
    // A refused state leaves the old one.
    #expect(try adam.state.counters == good.counters)
  }

  @Test func onlyParametersAreTrained() throws {
    let layer = try BatchNorm(3)
    let before = try layer.runningVariance.bytes()
    let sgd = try SGD(SGDOptions(), parameters: layer.tensors())
    let x = try noise([4, 3], 1)
    try (layer(x, .train(RandomStream(Random(seed: 1)))) * noise([4, 3], 2)).sum().backward()
    let after = try layer.runningVariance.bytes()
    try sgd.step(learningRate: 1)
    #expect(before != after)
    #expect(try layer.runningVariance.bytes() == after)
    #expect(try layer.weight.values(Float.self) != [1, 1, 1])
  }

  @Test func impossibleOptionsAreUsageErrors() {
    let bad: [(String, [String: String], any Options.Type)] = [
      ("momentum", ["momentum": "2"], SGDOptions.self), ("beta", ["beta1": "1"], AdamOptions<PenaltyDecay>.self),
      ("name", ["momentun": "0.9"], SGDOptions.self), ("text", ["weightDecay": "much"], SGDOptions.self),
    ]
    for (label, settings, type) in bad {
      #expect(throws: BasinError.self, "\(label)") { try type.init(settings: settings, of: "optimizer") }
    }
    var options = SGDOptions()
    options.nesterov = true
    #expect(throws: BasinError.self) { try SGD(options, parameters: []) }
    options.momentum = 0.9
    options.dampening = 0.1
    #expect(throws: BasinError.self) { try SGD(options, parameters: []) }
    options.dampening = 0
    #expect(throws: Never.self) { try SGD(options, parameters: []) }
  }
}
