import Optim
import PluginAPI
import Testing

private func named(_ path: String, _ shape: [Int] = [2, 2]) throws -> NamedTensor {
  let tensor = try noise(shape, path.utf8.reduce(0) { $0 + Int($1) })
  try tensor.setRequiresGradient(true)
  return NamedTensor(path: path, role: .parameter, tensor: tensor, initializer: .keep)
}

private func options(_ settings: [String: String]) throws -> ParameterGroupOptions {
  try ParameterGroupOptions(settings: settings, of: "parameters")
}

@Suite struct ParameterGroupTests {
  private func network() throws -> [NamedTensor] {
    try [
      named("embed.weight"), named("layers.0.lin.weight"), named("layers.0.lin.bias", [2]), named("layers.10.lin.weight"),
      named("layers.10.norm.weight", [2]), named("head.weight"), named("head.bias", [2]),
    ]
  }

  @Test(arguments: [
    ("layers.0", ["layers.0.lin.weight", "layers.0.lin.bias"]),
    ("layers.1", []),
    ("*.bias", ["layers.0.lin.bias", "head.bias"]),
    ("embed,head.bias", ["embed.weight", "head.bias"]),
    ("layers.*.weight", ["layers.0.lin.weight", "layers.10.lin.weight", "layers.10.norm.weight"]),
    ("*", [
      "embed.weight", "layers.0.lin.weight", "layers.0.lin.bias", "layers.10.lin.weight", "layers.10.norm.weight",
      "head.weight", "head.bias",
    ]),
    ("head.weigh", []), ("", []),
  ])
  func patternsNameTensorsAndLayers(pattern: String, frozen: [String]) throws {
    let options = try options(["freeze": pattern])
    #expect(try network().map(\.path).filter { options.freezes($0) } == frozen)
  }

  @Test func whatFreezesNothingOrEverythingIsRefused() throws {
    let network = try network()
    try options(["freeze": "embed"]).checkFrozen(network)
    for (pattern, words) in [("layers.1", "layers.10"), ("*", "nothing to train")] {
      #expect { try options(["freeze": pattern]).checkFrozen(network) } throws: { "\($0)".contains(words) }
    }
    #expect(throws: BasinError.self) { _ = try options(["noDecay": "nothing"]).groups(network) }
    #expect(throws: BasinError.self) { _ = try options(["layerDecay": "0"]) }
    #expect(throws: BasinError.self) { _ = try options(["layerDecay": "1.1"]) }
  }

  @Test func withoutOptionsThereIsOneGroup() throws {
    let groups = try options([:]).groups(network())
    #expect(groups.count == 1 && groups[0].rate == 1 && groups[0].decays && groups[0].parameters.count == 7)
  }

  @Test func layersAndDimensionsMakeGroups() throws {
    let groups = try options(["noDecay": "vectors", "layerDecay": "0.5"]).groups(network())
    let found = groups.map { "\($0.rate) \($0.decays) \($0.parameters.map(\.path).joined(separator: " "))" }
    #expect(
      found == [
        "0.125 true embed.weight", "0.25 true layers.0.lin.weight", "0.25 false layers.0.lin.bias",
        "0.5 true layers.10.lin.weight", "0.5 false layers.10.norm.weight", "1.0 true head.weight", "1.0 false head.bias",
      ])
  }

  private func rule(_ groups: [ParameterGroup], scheduleFree: Bool = false) throws -> GroupedRule {
    try GroupedRule(groups) { parameters, decays in
      // Its state has numbers that belong to no parameter.
      if scheduleFree { return try ScheduleFreeSGD(ScheduleFreeSGDOptions(), parameters: parameters) }
      var options = AdamOptions<DecoupledDecay>()
      options.weightDecay = decays ? 0.1 : 0
      return try AdamW(options, parameters: parameters)
    }
  }

  private func step(_ rule: any UpdateRule, _ parameters: [NamedTensor], _ step: Int, rate: Double = 0.01) throws {
    for (index, item) in parameters.enumerated() {
      try item.tensor.clearGradient()
      try (item.tensor * noise(item.tensor.shape, 100 * step + index)).sum().backward()
    }
    try rule.step(learningRate: rate)
  }

  @Test func eachGroupIsSteppedByItsOwnRateAndDecay() throws {
    let together = try network(), apart = try network()
    let grouped = try rule(options(["noDecay": "*.bias", "layerDecay": "0.5"]).groups(together))
    // The same by hand: one optimizer a parameter.
    let rates = [0.125, 0.25, 0.25, 0.5, 0.5, 1, 1]
    let single = try zip(apart, rates).map { item, _ in
      var options = AdamOptions<DecoupledDecay>()
      options.weightDecay = item.path.hasSuffix("bias") ? 0 : 0.1
      return try AdamW(options, parameters: [item])
    }
    for index in 0..<5 {
      try step(grouped, together, index)
      for (position, item) in apart.enumerated() {
        try item.tensor.clearGradient()
        try (item.tensor * noise(item.tensor.shape, 100 * index + position)).sum().backward()
        try single[position].step(learningRate: 0.01 * rates[position])
      }
    }
    for (a, b) in zip(together, apart) {
      #expect(try a.tensor.detached().bytes() == b.tensor.detached().bytes(), "\(a.path)")
    }
  }

  @Test(arguments: [false, true]) func savedAndRestoredItGoesOnAsBefore(scheduleFree: Bool) throws {
    let first = try network()
    let groups = try options(["noDecay": "vectors", "layerDecay": "0.9"])
    let whole = try rule(groups.groups(first), scheduleFree: scheduleFree)
    for index in 0..<3 { try step(whole, first, index) }
    let state = try whole.state
    let second = try network()
    for (a, b) in zip(first, second) { try LibTorch.withoutGradient { try b.tensor.copy(from: a.tensor) } }
    let resumed = try rule(groups.groups(second), scheduleFree: scheduleFree)
    try resumed.restore(state)
    for index in 3..<6 {
      try step(whole, first, index)
      try step(resumed, second, index)
    }
    for (a, b) in zip(first, second) { #expect(try a.tensor.detached().bytes() == b.tensor.detached().bytes()) }

    let other = try rule(options([:]).groups(network()))
    #expect(throws: BasinError.self) { try other.restore(state) }
    var more = state
    more.tensors["exp_avg/stranger"] = try Tensor.zeros([1])
    #expect(throws: BasinError.self) { try resumed.restore(more) }
    try resumed.reset()
    let fresh = try rule(groups.groups(network()), scheduleFree: scheduleFree)
    #expect(try Set(resumed.state.tensors.keys) == Set(fresh.state.tensors.keys) && resumed.state.counters == fresh.state.counters)
  }
}
