import Foundation
import Optim
import PluginAPI
import Testing

/// The network of the fixtures `pswa`, `pswa-tail` and `swa`: `[N, 2, 6, 6]` to `[N, 3]`.
private final class SmallNetwork: Module {
  let conv1, conv2: Conv2d
  let bn1, bn2, bn3: BatchNorm
  let fc1, fc2: Linear

  init() throws {
    conv1 = try Conv2d(2, 4, 3, padding: 1, bias: false)
    bn1 = try BatchNorm(4)
    conv2 = try Conv2d(4, 6, 3, stride: 2, padding: 1, bias: false)
    bn2 = try BatchNorm(6)
    fc1 = try Linear(6, 8, bias: false)
    bn3 = try BatchNorm(8)
    fc2 = try Linear(8, 3)
  }

  func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    let first = try relu(bn1(conv1(x), mode))
    let second = try relu(bn2(conv2(first), mode))
    return try fc2(relu(bn3(fc1(second.mean([2, 3])), mode)))
  }
}

/// One run of the fixture, by the parts of this library and the plainest possible loop.
private final class Rehearsal {
  let expected: [String: Tensor]
  let metadata: [String: String]
  let network: SmallNetwork
  let batches: [(x: Tensor, labels: Tensor)]
  let optimizer: SGD

  init(_ name: String) throws {
    (expected, metadata) = try Fixture.tensors(name)
    network = try SmallNetwork()
    for item in network.tensors() where item.role == .parameter {
      try item.tensor.copy(from: FillingFormula.parameter(item.path, item.tensor.shape, gain: 2))
    }
    batches = try Self.makeBatches(#require(metadata["data"]))
    var options = SGDOptions()
    options.momentum = 0.9
    options.weightDecay = 5e-4
    optimizer = try SGD(options, parameters: network.tensors())
  }

  private static func makeBatches(_ name: String) throws -> [(x: Tensor, labels: Tensor)] {
    let classes = (0..<30).map { (7 * $0 + $0 / 3 + 3) % 3 }
    let input = FillingFormula.unit("\(name).input", 30 * 72).map { Double(Float($0)) }
    let shift = FillingFormula.unit("\(name).shift", 60).map { Double(Float($0)) }
    let byClass = FillingFormula.unit("\(name).class", 6).map { Double(Float($0)) }
    let values = input.indices.map { index in
      let example = index / 72, channel = index / 36 % 2
      return Float(input[index] + (shift[2 * example + channel] + byClass[2 * classes[example] + channel]))
    }
    let x = try Tensor(values, shape: [30, 2, 6, 6]), labels = try Tensor(classes.map { Int64($0) })
    return Array(zip(try x.split(8), try labels.split(8))).map { (x: $0, labels: $1) }
  }

  func number(_ key: String) throws -> Int {
    let text = try #require(metadata[key])
    return try #require(Int(text))
  }

  /// Compares every parameter and statistic with the entries `prefix.NAME`.
  func compare(_ prefix: String) throws {
    var compared = 0
    for item in network.tensors() where item.role != .counter {
      let error = try relativeError(item.tensor, #require(expected["\(prefix).\(item.path)"]))
      #expect(error < 1e-5, "\(prefix).\(item.path)")
      compared += 1
    }
    #expect(compared == 17)
  }

  func estimateStatistics() throws {
    let collector = MomentCollector()
    try LibTorch.withoutGradient {
      for batch in batches { _ = try network(batch.x, .estimateStatistics(collector)) }
    }
    try collector.finish()
  }

  func step(_ batch: (x: Tensor, labels: Tensor), learningRate: Double, _ step: Int) throws -> Double {
    for item in network.tensors() where item.role == .parameter { try item.tensor.clearGradient() }
    let loss = try crossEntropy(network(batch.x, .train(RandomStream(Random(seed: 1)[step]))), batch.labels)
    try loss.backward()
    try optimizer.step(learningRate: learningRate)
    return try loss.item()
  }

  func run(_ policy: any AveragingPolicy, _ schedule: any LearningRateCurve) throws {
    let run = RunLength(epochs: try number("epochs"), stepsPerEpoch: batches.count)
    let averager = try policy.makeAverager(network.tensors(), in: run)
    let events = Dictionary(grouping: try policy.events(in: run), by: \.step)
    let rates = try #require(expected["learning_rate"]).values(Double.self)
    let losses = try #require(expected["loss"]).to(.float64).values(Double.self)
    var restarts = 0
    try compareInitial()
    for step in 0..<run.steps {
      let rate = 0.05 * schedule.factor(at: Progress(step: step, run: run))
      #expect(abs(rate - rates[step]) < 1e-12)
      let loss = try self.step(batches[step % batches.count], learningRate: rate, step)
      #expect(abs(loss - losses[step]) < 1e-5 * losses[0])
      if step + 1 == run.stepsPerEpoch { try compare("epoch1") }
      for event in events[step + 1] ?? [] {
        guard event.kind == .restart else {
          try averager.sample()
          continue
        }
        let samples = Int(try #require(expected["restart.\(restarts).samples"]).item())
        let epoch = Int(try #require(expected["restart.\(restarts).epoch"]).item())
        #expect(averager.samples == samples && event.step == epoch * run.stepsPerEpoch)
        try loadAverage(presentAverage(averager), into: network.tensors())
        try estimateStatistics()
        optimizer.reset()
        averager.reset()
        try compare("restart.\(restarts)")
        restarts += 1
      }
    }
    #expect(try restarts == number("restarts"))
    try compare("final")
    #expect(averager.samples == Int(try #require(expected["average.samples"]).item()))
    try loadAverage(presentAverage(averager), into: network.tensors())
    try estimateStatistics()
    try compare("average")
    let logits = try LibTorch.withoutGradient {
      try Tensor.concatenate(batches.map { try network($0.x, .evaluate) })
    }
    #expect(try relativeError(logits, #require(expected["average.logits"])) < 1e-5)
  }

  private func compareInitial() throws {
    for item in network.tensors() where item.role == .parameter {
      #expect(try relativeError(item.tensor, #require(expected["initial.\(item.path)"])) == 0)
    }
  }
}

@Suite struct PSWAParityTests {
  @Test(arguments: ["f32", "f64"])
  func threeCyclesMatchPyTorch(type: String) throws {
    let rehearsal = try Rehearsal("pswa.\(type)")
    var options = PSWA.AveragingOptions()
    options.period = Landmark(0.25, .duration)
    try rehearsal.run(PSWA(options), PaperSchedule<PeriodicPlan>(.init()))
  }

  @Test(arguments: ["f32", "f64"])
  func plainAveragingAfterTheTailMatchesPyTorch(type: String) throws {
    var options = PSWA.AveragingOptions()
    options.start = Landmark(4, .epochs)
    options.period = Landmark(4, .epochs)
    options.tail = Landmark(16, .epochs)
    let rehearsal = try Rehearsal("pswa-tail.\(type)")
    try rehearsal.run(PSWA(options), PaperSchedule<PeriodicPlan>(.init()))
  }

  @Test(arguments: ["f32", "f64"])
  func swaMatchesPyTorch(type: String) throws {
    let rehearsal = try Rehearsal("swa.\(type)")
    try rehearsal.run(SWA(SWA.AveragingOptions()), PaperSchedule<ConstantHighPlan>(.init()))
  }

  /// With the schedule, policy and settings the methods have.
  @Test(arguments: ["dswa", "tswa", "swa"], ["f32", "f64"])
  func methodsMatchPyTorch(name: String, type: String) throws {
    let method = try #require(BuiltInMethods.all.first { $0.name == name })
    var registry = Registry(module: "optim", domain: "")
    registerBuiltIns(in: &registry)
    let settings = Dictionary(uniqueKeysWithValues: method.settings.map { ($0.split(separator: ".").map(String.init)[1], $1) })
    let policy = try #require(registry.averagings.first { $0.name == method.averaging }).make(settings)
    let schedule = try #require(registry.schedules.first { $0.name == method.schedule }).make([:])
    try Rehearsal("\(name).\(type)").run(policy, schedule)
  }
}
