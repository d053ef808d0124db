import Host
import PluginAPI
import Testing

/// The checks of optimizers, schedules and averaging policies: Basin's own pass, and flawed ones are found out.
@Suite("Conformance of optimizers", .serialized)
struct ConformanceOptimizerTests {
  private static let settings = ConformanceFixture.settings()

  @Test("Basin's own optimizers")
  func ownOptimizers() throws {
    let catalog = try Catalog()
    for entry in catalog.registry.optimizers {
      #expect(ConformanceFixture.failures(OptimizerConformance(entry, Self.settings).checks) == [:], "\(entry.name)")
    }
    for entry in catalog.registry.wrappers {
      #expect(ConformanceFixture.failures(OptimizerConformance(entry, in: catalog, Self.settings).checks) == [:], "\(entry.name)")
    }
  }

  @Test("Basin's own schedules and averaging policies")
  func ownPolicies() throws {
    let registry = try Catalog().registry
    for entry in registry.schedules {
      #expect(ConformanceFixture.failures(ScheduleConformance(entry, Self.settings).checks) == [:], "\(entry.name)")
    }
    for entry in registry.averagings {
      #expect(ConformanceFixture.failures(AveragingConformance(entry, Self.settings).checks) == [:], "\(entry.name)")
    }
  }

  // MARK: Flawed ones

  @Test(
    "what is wrong with an optimizer is found by the check for it",
    arguments: [
      (HeavyBall.Flaw.forgets, "state", "restored"), (.takesAnything, "foreign state", "is taken"), (.noReset, "reset", "another way"),
      (.uphill, "convergence", "at best"), (.touchesIdle, "no gradient", "without a gradient"), (.restless, "rate of zero", "rate 0"),
      (.random, "determinism", "another"), (.noDecay, "weight decay", "do not shrink"), (.leaks, "memory", "a step"),
    ])
  func flawedOptimizer(flaw: HeavyBall.Flaw, check: String, words: String) throws {
    var registry = Registry(module: "m", domain: "")
    registry.add(optimizer: "heavy-ball", HeavyBall.self, "momentum")
    let good = OptimizerConformance(registry.optimizers[0], Self.settings)
    #expect(ConformanceFixture.failures(good.checks) == [:])
    let flawed = OptimizerConformance(
      registry.optimizers[0], ConformanceFixture.settings(["optimizer.flaw": flaw.rawValue]))
    let failures = ConformanceFixture.failures(flawed.checks, only: check)
    #expect(failures[check]?.contains(words) == true, "\(failures)")
  }

  @Test(
    "what is wrong with an averaging policy is found by the check for it",
    arguments: [
      (Mean.Flaw.order, "events", "then"), (.beyond, "events", "after step"), (.half, "constant weights", "differs"),
      (.shared, "range", "moves with the next sample"), (.writes, "weights untouched", "changes parameter"),
      (.forgets, "state", "restore"), (.noReset, "reset", "after a reset"),
    ])
  func flawedAveraging(flaw: Mean.Flaw, check: String, words: String) throws {
    var registry = Registry(module: "m", domain: "")
    registry.add(averaging: "mean", Mean.self, "the mean")
    let good = AveragingConformance(registry.averagings[0], Self.settings)
    #expect(ConformanceFixture.failures(good.checks) == [:])
    let flawed = AveragingConformance(registry.averagings[0], ConformanceFixture.settings(["averaging.flaw": flaw.rawValue]))
    let failures = ConformanceFixture.failures(flawed.checks, only: check)
    #expect(failures[check]?.contains(words) == true, "\(failures)")
  }
}

/// Gradient descent with momentum, plainly written, with flaws to choose from.
final class HeavyBall: Optimizer {
  enum Flaw: String, CaseIterable {
    case none, forgets, takesAnything, noReset, uphill, touchesIdle, restless, random, noDecay, leaks
  }

  struct OptimizerOptions: Options {
    var weightDecay = 0.0
    var flaw = Flaw.none
    static var fields: [Field<Self>] {
      [
        Field("weightDecay", \.weightDecay, in: 0...1, "decay of the weights"), Field("flaw", \.flaw, choices: Flaw.self, "what is wrong"),
      ]
    }
  }

  private let options: OptimizerOptions
  private let parameters: [NamedTensor]
  private var momenta: [String: Tensor] = [:]
  private var kept: [Tensor] = []

  init(_ options: OptimizerOptions, parameters: [NamedTensor]) throws {
    self.options = options
    self.parameters = parameters
  }

  func step(learningRate: Double) throws {
    let flaw = options.flaw
    try LibTorch.withoutGradient {
      for item in parameters {
        guard let gradient = try item.tensor.gradient() else {
          if flaw == .touchesIdle { try item.tensor.multiply(by: 0.99) }
          continue
        }
        if flaw != .noDecay { try item.tensor.multiply(by: 1 - learningRate * options.weightDecay) }
        let momentum = try momenta[item.path] ?? gradient * 0
        try momentum.multiply(by: 0.9)
        try momentum.add(gradient)
        momenta[item.path] = momentum
        try item.tensor.add(momentum, scale: flaw == .uphill ? learningRate : -learningRate)
        if flaw == .restless { try item.tensor.multiply(by: 0.999) }
        if flaw == .random { try item.tensor.multiply(by: 1 - Double.random(in: 0...1e-3) * learningRate) }
        if flaw == .leaks { kept.append(try Tensor.zeros([64])) }
      }
    }
  }

  var state: OptimizerState {
    get throws {
      OptimizerState(tensors: options.flaw == .forgets ? [:] : try momenta.mapValues { try $0.clone() }, counters: ["momenta": momenta.count])
    }
  }

  func restore(_ state: OptimizerState) throws {
    momenta = [:]
    let known = Dictionary(uniqueKeysWithValues: parameters.map { ($0.path, $0.tensor) })
    for (path, saved) in state.tensors {
      guard let tensor = known[path], tensor.shape == saved.shape else {
        if options.flaw == .takesAnything { continue }
        throw BasinError.badData("the state is of another model")
      }
      let momentum = try tensor.detached() * 0
      try momentum.copy(from: saved)
      momenta[path] = momentum
    }
  }

  func reset() throws { if options.flaw != .noReset { momenta = [:] } }
}

/// The mean of the weights after every epoch, plainly written, with flaws to choose from.
struct Mean: AveragingPolicy {
  enum Flaw: String, CaseIterable { case none, order, beyond, half, shared, writes, forgets, noReset }

  struct AveragingOptions: Options {
    var flaw = Flaw.none
    static var fields: [Field<Self>] { [Field("flaw", \.flaw, choices: Flaw.self, "what is wrong")] }
  }

  let flaw: Flaw
  init(_ options: AveragingOptions) throws { flaw = options.flaw }

  func events(in run: RunLength) throws -> [AveragingEvent] {
    let events = (1...run.epochs).map { AveragingEvent(step: $0 * run.stepsPerEpoch, kind: .sample) }
    switch flaw {
    case .order: return events.reversed()
    case .beyond: return events + [AveragingEvent(step: run.steps + 1, kind: .sample)]
    default: return events
    }
  }

  func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager { MeanAverager(parameters, flaw) }
}

private final class MeanAverager: Averager {
  private let parameters: [NamedTensor]
  private let flaw: Mean.Flaw
  private var averages: [Tensor] = []
  private(set) var samples = 0

  init(_ parameters: [NamedTensor], _ flaw: Mean.Flaw) {
    self.parameters = parameters
    self.flaw = flaw
  }

  func sample() throws {
    if samples == 0 { averages = try parameters.map { try $0.tensor.detached() * (flaw == .half ? 0.5 : 1) } }
    for (average, item) in zip(averages, parameters) {
      try average.lerp(to: item.tensor, weight: flaw == .half ? 0.1 : 1 / Double(samples + 1))
      if flaw == .writes { try item.tensor.copy(from: average) }
    }
    samples += 1
  }

  func average() throws -> [Tensor]? {
    guard samples > 0 else { return nil }
    return flaw == .shared ? averages : try averages.map { try $0.clone() }
  }

  var state: OptimizerState {
    get throws {
      OptimizerState(
        tensors: Dictionary(uniqueKeysWithValues: try zip(parameters, averages).map { ($0.path, try $1.clone()) }),
        counters: ["samples": samples])
    }
  }

  func restore(_ state: OptimizerState) throws {
    var restored: [Tensor] = []
    for item in parameters where state.counters["samples"] ?? 1 > 0 {
      guard let saved = state.tensors[item.path], saved.shape == item.tensor.shape else {
        throw BasinError.badData("the state is of another model")
      }
      let average = try item.tensor.detached() * 0
      try average.copy(from: saved)
      restored.append(average)
    }
    averages = restored
    samples = flaw == .forgets ? 0 : state.counters["samples"] ?? 0
  }

  func reset() {
    if flaw != .noReset { samples = 0 }
  }
}
