import Foundation
import PluginAPI

/// The checks of an optimizer, or of one that goes around another.
public struct OptimizerConformance {
  private let name: String
  private let options: [OptionDescription]
  private let hasSummary: Bool
  private let verify: ([String: String]) throws -> Void
  private let makeRule: ([String: String], [NamedTensor]) throws -> any UpdateRule
  private let settings: ConformanceSettings

  public init(_ entry: OptimizerEntry, _ settings: ConformanceSettings) {
    name = entry.name
    options = entry.options
    hasSummary = !entry.summary.isEmpty
    verify = { try entry.check($0) }
    makeRule = entry.make
    self.settings = settings
  }

  /// - Parameter catalog: where the optimizer inside is from: plain SGD.
  public init(_ entry: WrapperEntry, in catalog: Catalog, _ settings: ConformanceSettings) {
    name = entry.name
    options = entry.options
    hasSummary = !entry.summary.isEmpty
    verify = { try entry.check($0) }
    makeRule = { values, parameters in
      try entry.make(values, catalog.optimizer("\(Catalog.ownModule)/sgd").make([:], parameters), parameters)
    }
    self.settings = settings
  }

  public var checks: [ConformanceCheck] {
    func check(_ name: String, _ body: @escaping () throws -> String) -> ConformanceCheck {
      ConformanceCheck("optimizer \(self.name)", name, body)
    }
    return [
      check("options", optionsAreChecked), check("determinism", determinism), check("convergence", convergence),
      check("no gradient", noGradient), check("rate of zero", rateOfZero), check("weight decay", weightDecay),
      check("state", state), check("foreign state", foreignState), check("reset", reset), check("memory", memory),
    ]
  }

  private func problem(_ values: [String: String] = [:]) throws -> QuadraticProblem {
    let values = settings.section("optimizer", options).merging(values) { $1 }
    return try QuadraticProblem { try makeRule(values, $0) }
  }

  /// A rate at which no optimizer blows up in a few steps.
  private static let rate = 0.01

  // MARK: The checks

  private func optionsAreChecked() throws -> String {
    try require(hasSummary, "it is registered without a summary")
    return try OptionChecks(options: options, preset: [:], verify: verify).check()
  }

  private func determinism() throws -> String {
    let first = try self.problem(), second = try self.problem()
    for _ in 0..<5 { for problem in [first, second] { try problem.step(Self.rate) } }
    let stray = TensorBits.difference(try TensorBits.of(first.parameters), try TensorBits.of(second.parameters))
    try require(stray == nil, "after the same 5 steps \(stray ?? "") is another")
    try require(
      TensorBits.difference(try TensorBits.of(first.parameters), try TensorBits.of(self.problem().parameters)) != nil,
      "5 steps change nothing")
    return "same bits after 5 steps"
  }

  private func convergence() throws -> String {
    var best = (part: Double.infinity, rate: 0.0)
    for rate in [0.1, 0.03, 0.3, 0.01, 1, 0.003] {
      let problem = try self.problem()
      let start = try problem.loss()
      for step in 1...500 {
        try problem.step(rate)
        guard step % 50 == 0 else { continue }
        let loss = try problem.loss()
        guard loss.isFinite else { break }
        if loss < 0.01 * start { return String(format: "a quadratic falls to %.2g of itself at rate %g in ", loss / start, rate) + "\(step) steps" }
        if loss / start < best.part { best = (loss / start, rate) }
      }
    }
    throw ConformanceFailure(String(format: "500 steps bring a quadratic to %.2g of its loss at best (rate %g)", best.part, best.rate))
  }

  private func noGradient() throws -> String {
    let problem = try self.problem()
    let before = try problem.idle.tensor.detached().bytes()
    for _ in 0..<3 { try problem.step(Self.rate) }
    try require(try problem.idle.tensor.detached().bytes() == before, "a parameter without a gradient is changed")
    return "a parameter without a gradient stays as it is"
  }

  private func rateOfZero() throws -> String {
    let problem = try self.problem()
    let before = try problem.parameters.map { try $0.tensor.detached().clone() }
    for _ in 0..<2 { try problem.step(0) }
    for (item, old) in zip(problem.parameters, before) {
      let change = try (item.tensor.detached() - old).abs().max().item()
      try require(change.isFinite && change < 1e-6, "a step at rate 0, as warm-up begins with, changes \(item.path) by \(change)")
    }
    try problem.step(Self.rate)
    try require(try problem.loss().isFinite, "after steps at rate 0 the next one is not finite")
    return "a step at rate 0 changes nothing"
  }

  private func weightDecay() throws -> String {
    guard options.contains(where: { $0.name == "weightDecay" }) else { throw NotChecked("it has no option weightDecay") }
    func change(_ decay: String) throws -> (before: Double, after: Double) {
      let problem = try self.problem(["weightDecay": decay])
      let before = try problem.norm()
      for _ in 0..<3 { try problem.step(Self.rate, withoutSlope: true) }
      return (before, try problem.norm())
    }
    let with = try change("0.1"), without = try change("0")
    try require(with.after < with.before, "with weightDecay=0.1 and gradients of zero the weights do not shrink")
    try require(
      abs(without.after - without.before) <= 1e-6 * without.before, "with weightDecay=0 and gradients of zero the weights change")
    return String(format: "gradients of zero: weights to %.5f of themselves, without decay as they were", with.after / with.before)
  }

  private func state() throws -> String {
    let first = try self.problem(), second = try self.problem()
    for _ in 0..<4 { try first.step(Self.rate) }
    let state = try first.rule.state
    let saved = try TensorBits.saved(state)
    for (target, item) in zip(second.parameters, first.parameters) { try target.tensor.copy(from: item.tensor.detached()) }
    try second.rule.restore(saved)
    let lost = TensorBits.difference(try TensorBits.of(second.rule.state), try TensorBits.of(saved))
    try require(lost == nil, "\(lost ?? "") is another once it was restored")
    for _ in 0..<4 { for problem in [first, second] { try problem.step(Self.rate) } }
    let stray = TensorBits.difference(try TensorBits.of(first.parameters), try TensorBits.of(second.parameters))
    try require(stray == nil, "resumed after step 4, \(stray ?? "") is another after step 8")
    return "\(state.tensors.count) tensors and \(state.counters.count) counters; 4 + 4 steps give the bits of 8"
  }

  private func foreignState() throws -> String {
    let problem = try self.problem()
    for _ in 0..<2 { try problem.step(Self.rate) }
    let own = try problem.rule.state
    guard !own.tensors.isEmpty else { throw NotChecked("it remembers no tensor") }
    var misshapen = own
    for name in own.tensors.keys { misshapen.tensors[name] = try Tensor.zeros([7, 7]) }
    let foreign = OptimizerState(tensors: ["nothing/of/the/kind": try Tensor.zeros([2])], counters: ["nothing": 3])
    for (state, what) in [(misshapen, "tensors of other shapes"), (foreign, "other names")] {
      do { try problem.rule.restore(state) } catch is BasinError { continue } catch {
        throw ConformanceFailure("a state with \(what) is refused by an error that is not a BasinError: \(error)")
      }
      throw ConformanceFailure("a state with \(what) is taken")
    }
    return "a state of another model or optimizer is refused"
  }

  private func reset() throws -> String {
    let used = try self.problem(), fresh = try self.problem()
    for _ in 0..<3 { try used.step(Self.rate) }
    try used.rule.reset()
    for (target, item) in zip(fresh.parameters, used.parameters) { try target.tensor.copy(from: item.tensor.detached()) }
    // Weights were put into place by hand: a rule that keeps its own copy of them begins with these.
    try fresh.rule.reset()
    for _ in 0..<3 { for problem in [used, fresh] { try problem.step(Self.rate) } }
    let stray = TensorBits.difference(try TensorBits.of(used.parameters), try TensorBits.of(fresh.parameters))
    try require(stray == nil, "after a reset \(stray ?? "") goes another way than with a fresh optimizer")
    return "after a reset as fresh"
  }

  private func memory() throws -> String {
    let problem = try self.problem()
    return try MemoryGrowth.check(steps: settings.steps) { _ in try problem.step(1e-4) }
  }
}

/// Parameters of different shapes and layouts with the loss 1/2 sum a (w - t)^2, for an optimizer to go down.
final class QuadraticProblem {
  /// Those with a gradient.
  let parameters: [NamedTensor]
  /// One that the loss does not read.
  let idle: NamedTensor
  let rule: any UpdateRule
  private let targets: [Tensor]
  private let scales: [Tensor]

  init(_ make: ([NamedTensor]) throws -> any UpdateRule) throws {
    let random = Random(seed: 21)
    let shapes = [("matrix", [6, 4]), ("bias", [5]), ("filters", [4, 3, 3, 3]), ("scale", [1])]
    func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
      let tensor = try shape.count == 4 ? Tensor.emptyChannelsLast(shape) : Tensor.zeros(shape)
      try tensor.fillNormal(deviation: 1, random[name])
      return tensor
    }
    func parameter(_ name: String, _ shape: [Int]) throws -> NamedTensor {
      let tensor = try tensor(name, shape)
      try tensor.setRequiresGradient(true)
      return NamedTensor(path: name, role: .parameter, tensor: tensor)
    }
    parameters = try shapes.map { try parameter($0.0, $0.1) }
    idle = try parameter("idle", [3])
    targets = try shapes.map { try tensor("target of " + $0.0, $0.1) }
    scales = try shapes.map { try tensor("scale of " + $0.0, $0.1).abs() + 0.5 }
    rule = try make(parameters + [idle])
  }

  private func value() throws -> Tensor {
    var sum = try Tensor(scalar: Float(0))
    for (index, item) in parameters.enumerated() {
      let difference = try item.tensor - targets[index]
      sum = try sum + (difference * difference * scales[index]).sum() * 0.5
    }
    return sum
  }

  /// At the weights that the rule evaluates.
  func loss() throws -> Double {
    guard let switching = rule as? any SwitchingRule, switching.switchesWeights else {
      return try LibTorch.withoutGradient { try value().item() }
    }
    try switching.useEvaluationWeights()
    let loss = Result { try LibTorch.withoutGradient { try value().item() } }
    try switching.useTrainingWeights()
    return try loss.get()
  }

  func norm() throws -> Double { try parameters.reduce(0) { try $0 + $1.tensor.detached().norm().item() } }

  /// - Parameter withoutSlope: gradients are there, and zero.
  func step(_ rate: Double, withoutSlope: Bool = false) throws {
    func backward() throws { try (withoutSlope ? value() * 0 : value()).backward() }
    func clear() throws { for item in parameters { try item.tensor.clearGradient() } }
    try backward()
    if let rule = rule as? any TwoPassRule {
      try rule.ascend()
      try clear()
      try backward()
    }
    try rule.step(learningRate: rate)
    try clear()
  }
}
