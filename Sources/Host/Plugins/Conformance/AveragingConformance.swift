import PluginAPI

/// The checks of an averaging policy.
public struct AveragingConformance {
  private let entry: AveragingEntry
  private let settings: ConformanceSettings

  public init(_ entry: AveragingEntry, _ settings: ConformanceSettings) {
    self.entry = entry
    self.settings = settings
  }

  public var checks: [ConformanceCheck] {
    func check(_ name: String, _ body: @escaping () throws -> String) -> ConformanceCheck {
      ConformanceCheck("averaging \(entry.name)", name, body)
    }
    return [
      check("options", options), check("events", events), check("constant weights", constantWeights),
      check("range", range), check("weights untouched", weightsUntouched), check("determinism", determinism),
      check("state", state), check("foreign state", foreignState), check("reset", reset), check("memory", memory),
    ]
  }

  private static let run = RunLength(epochs: 40, stepsPerEpoch: 5)

  private var values: [String: String] { settings.section("averaging", entry.options) }

  /// An averager over a few parameters that move in every step.
  private final class Walk {
    let parameters: [NamedTensor]
    let averager: any Averager
    private var step = 0

    init(_ policy: any AveragingPolicy, in run: RunLength) throws {
      let random = Random(seed: 31)
      parameters = try [("matrix", [6, 4]), ("bias", [5]), ("filters", [4, 3, 3, 3])].map { name, shape in
        let tensor = try shape.count == 4 ? Tensor.emptyChannelsLast(shape) : Tensor.zeros(shape)
        try tensor.fillNormal(deviation: 1, random[name])
        try tensor.setRequiresGradient(true)
        return NamedTensor(path: name, role: .parameter, tensor: tensor)
      }
      averager = try policy.makeAverager(parameters, in: run)
    }

    /// Other weights, the same for the same step.
    func move() throws {
      step += 1
      for item in parameters { try item.tensor.detached().fillNormal(deviation: 1, Random(seed: 32)[item.path][step]) }
    }

    func average() throws -> [Tensor] {
      guard let average = try averager.average() else { throw ConformanceFailure("after \(averager.samples) samples there is no average") }
      return average
    }
  }

  private func walk() throws -> Walk {
    let policy = try entry.make(values)
    guard try !policy.events(in: Self.run).isEmpty else { throw NotChecked("it plans no sample in \(Self.run.epochs) epochs") }
    return try Walk(policy, in: Self.run)
  }

  private func bits(_ average: [Tensor]) throws -> [[UInt8]] { try average.map { try $0.bytes() } }

  // MARK: The checks

  private func options() throws -> String {
    try require(!entry.summary.isEmpty, "it is registered without a summary")
    return try OptionChecks(options: entry.options, preset: [:], verify: { _ = try entry.make($0) }, takesEnds: false).check()
  }

  private func events() throws -> String {
    let policy = try entry.make(values)
    var told: [String] = []
    for (epochs, steps) in [(1, 1), (2, 1), (1, 9), (7, 13), (40, 5), (160, 3)] {
      let run = RunLength(epochs: epochs, stepsPerEpoch: steps)
      let name = "\(epochs) epochs of \(steps) steps"
      let events: [AveragingEvent]
      do { events = try policy.events(in: run) } catch let error as BasinError {
        try require(error.kind == .usage, "\(name) are refused as \(error.kind) instead of usage: \(error)")
        told.append("\(run.steps): refused")
        continue
      }
      try require(try policy.events(in: run) == events, "\(name): the second plan is another")
      var samples = 0
      for (index, event) in events.enumerated() {
        try require((1...run.steps).contains(event.step), "\(name): an event after step \(event.step) of \(run.steps)")
        if index > 0 {
          let before = events[index - 1]
          try require(
            before.step < event.step || (before.step == event.step && before.kind == .sample && event.kind == .restart),
            "\(name): \(before.kind.rawValue) after step \(before.step), then \(event.kind.rawValue) after step \(event.step)")
        }
        if event.kind == .sample { samples += 1 } else {
          try require(samples > 0, "\(name): a restart after step \(event.step) without a sample before it")
          samples = 0
        }
      }
      told.append("\(run.steps): \(events.count)")
    }
    return "events of runs of N steps: " + told.joined(separator: ", ")
  }

  private func constantWeights() throws -> String {
    let walk = try self.walk()
    try require(try walk.averager.average()?.count == nil && walk.averager.samples == 0, "there is an average before the first sample")
    for count in 1...5 {
      try walk.averager.sample()
      try require(walk.averager.samples == count, "after \(count) samples it tells of \(walk.averager.samples)")
      let average = try walk.average()
      try require(average.count == walk.parameters.count, "the average has \(average.count) tensors for \(walk.parameters.count) parameters")
      for (mean, item) in zip(average, walk.parameters) {
        try require(mean.shape == item.tensor.shape, "the average of \(item.path) has the shape \(mean.shape)")
        let error = try (mean - item.tensor.detached()).abs().max().item()
        try require(error < 1e-5, "the average of the same weights \(count) times differs from them by \(error) in \(item.path)")
      }
    }
    return "the average of constant weights is these weights"
  }

  private func range() throws -> String {
    let walk = try self.walk()
    var samples: [[Tensor]] = []
    for _ in 0..<7 {
      try walk.move()
      try walk.averager.sample()
      samples.append(try walk.parameters.map { try $0.tensor.detached().clone() })
      let average = try walk.average()
      for (index, mean) in average.enumerated() {
        let all = try Tensor.stack(samples.map { $0[index] })
        let low = try Operator("aten::amin")(.tensor(all), .ints([0])), high = try Operator("aten::amax")(.tensor(all), .ints([0]))
        let beyond = try max((low - mean).max().item(), (mean - high).max().item())
        try require(beyond < 1e-5, "after \(samples.count) samples the average of \(walk.parameters[index].path) lies \(beyond) beyond them")
      }
    }
    let moved = try walk.average()
    let copies = try moved.map { try $0.clone() }
    try walk.move()
    try walk.averager.sample()
    try require(try bits(moved) == bits(copies), "an average that was given out moves with the next sample: give copies")
    return "between the least and the greatest sample, and given out as copies"
  }

  private func weightsUntouched() throws -> String {
    let walk = try self.walk()
    for _ in 0..<3 {
      try walk.move()
      let before = try TensorBits.of(walk.parameters)
      try walk.averager.sample()
      _ = try walk.averager.average()
      if let sampling = walk.averager as? any SamplingAverager { _ = try sampling.draw(Random(seed: 1)) }
      let changed = TensorBits.difference(before, try TensorBits.of(walk.parameters))
      try require(changed == nil, "taking a sample changes parameter \(changed ?? "")")
    }
    return "a sample leaves the weights as they are"
  }

  private func determinism() throws -> String {
    let first = try self.walk(), second = try self.walk()
    for _ in 0..<5 {
      for walk in [first, second] {
        try walk.move()
        try walk.averager.sample()
      }
    }
    try require(try bits(first.average()) == bits(second.average()), "the average of the same samples is another")
    guard let a = first.averager as? any SamplingAverager, let b = second.averager as? any SamplingAverager else {
      return "same samples, same bits"
    }
    let draws = try [a, a, b].map { try bits($0.draw(Random(seed: 4)) ?? []) }
    try require(draws[0] == draws[1] && draws[0] == draws[2], "a draw depends on more than the samples and its random stream")
    try require(a.draws > 0, "it is evaluated by \(a.draws) draws")
    return "same samples, same bits; draws too"
  }

  private func state() throws -> String {
    let first = try self.walk(), second = try self.walk()
    try second.averager.restore(TensorBits.saved(first.averager.state))
    try require(second.averager.samples == 0, "the state before the first sample restores \(second.averager.samples) samples")
    for _ in 0..<3 {
      try first.move()
      try first.averager.sample()
    }
    let state = try first.averager.state
    try second.averager.restore(TensorBits.saved(state))
    try require(second.averager.samples == 3, "after 3 samples the state restores \(second.averager.samples)")
    try require(try bits(first.average()) == bits(second.average()), "the restored average is another")
    for _ in 0..<3 { try second.move() }
    for _ in 0..<3 {
      for walk in [first, second] {
        try walk.move()
        try walk.averager.sample()
      }
    }
    try require(try bits(first.average()) == bits(second.average()), "resumed after 3 samples, the average of 6 is another")
    return "\(state.tensors.count) tensors and \(state.counters.count) counters; 3 + 3 samples give the bits of 6"
  }

  private func foreignState() throws -> String {
    let walk = try self.walk()
    try walk.averager.sample()
    var misshapen = try walk.averager.state
    guard !misshapen.tensors.isEmpty else { throw NotChecked("it remembers no tensor") }
    for name in misshapen.tensors.keys { misshapen.tensors[name] = try Tensor.zeros([7, 7]) }
    let foreign = OptimizerState(tensors: ["nothing/of/the/kind": try Tensor.zeros([2])], counters: ["nothing": 3])
    for (state, what) in [(misshapen, "tensors of other shapes"), (foreign, "other names")] {
      do { try walk.averager.restore(state) } catch is BasinError { continue } catch {
        throw ConformanceFailure("a state with \(what) is refused by an error that is not a BasinError: \(error)")
      }
      throw ConformanceFailure("a state with \(what) is taken")
    }
    return "a state of another model is refused"
  }

  private func reset() throws -> String {
    let used = try self.walk(), fresh = try self.walk()
    for _ in 0..<3 {
      try used.move()
      try used.averager.sample()
    }
    used.averager.reset()
    try require(try used.averager.samples == 0 && used.averager.average()?.count == nil, "after a reset there is still an average")
    for _ in 0..<3 { try fresh.move() }
    for _ in 0..<2 {
      for walk in [used, fresh] {
        try walk.move()
        try walk.averager.sample()
      }
    }
    try require(try bits(used.average()) == bits(fresh.average()), "after a reset the average is another than a fresh one")
    return "after a reset as fresh"
  }

  private func memory() throws -> String {
    let walk = try self.walk()
    return try MemoryGrowth.check(steps: settings.steps) { _ in try walk.averager.sample() }
  }
}
