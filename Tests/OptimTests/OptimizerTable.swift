import Optim
import PluginAPI
import Testing

/// An optimizer under test: its name as on the command line (`sam:sgd`) with options by name.
struct OptimizerCase: Sendable, CustomTestStringConvertible {
  let name: String
  let settings: [String: String]

  init(_ name: String, _ settings: [String: String] = [:]) {
    self.name = name
    self.settings = settings
  }

  var testDescription: String {
    ([name] + settings.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }).joined(separator: " ")
  }

  /// The wrappers from the outside in, then the optimizer.
  var parts: [String] { name.split(separator: ":").map(String.init) }

  /// Whether each parameter goes its way as if the others were not there.
  var isSeparable: Bool { !name.contains(":") && !name.hasPrefix("schedule-free") }

  static var registry: Registry {
    var registry = Registry(module: "optim", domain: "")
    registerBuiltIns(in: &registry)
    return registry
  }

  /// Made through the registry, as the host does.
  func make(_ parameters: [NamedTensor]) throws -> any UpdateRule {
    let registry = Self.registry
    var names = parts
    let last = names.removeLast()
    let optimizer = try #require(registry.optimizers.first { $0.name == last }, "\(last)")
    var rule = try optimizer.make(settings(for: optimizer.options), parameters)
    for name in names.reversed() {
      let wrapper = try #require(registry.wrappers.first { $0.name == name }, "\(name)")
      rule = try wrapper.make(settings(for: wrapper.options), rule, parameters)
    }
    return rule
  }

  private func settings(for options: [OptionDescription]) -> [String: String] {
    settings.filter { setting in options.contains { $0.name == setting.key } }
  }

  /// Every optimizer with its defaults and with everything else it can do.
  static let all: [OptimizerCase] = [
    OptimizerCase("sgd"),
    OptimizerCase("sgd", ["momentum": "0.9", "dampening": "0.1", "weightDecay": "0.01"]),
    OptimizerCase("sgd", ["momentum": "0.9", "nesterov": "true"]),
    OptimizerCase("adam"),
    OptimizerCase("adam", ["beta2": "0.9", "weightDecay": "0.01", "amsgrad": "true"]),
    OptimizerCase("adamw"),
    OptimizerCase("adamw", ["beta2": "0.9", "weightDecay": "0.5", "amsgrad": "true"]),
    OptimizerCase("rmsprop"),
    OptimizerCase(
      "rmsprop", ["alpha": "0.9", "centered": "true", "momentum": "0.9", "epsilon": "0.001", "weightDecay": "0.01"]),
    OptimizerCase("adagrad"),
    OptimizerCase(
      "adagrad", ["lrDecay": "0.05", "initialAccumulator": "0.5", "epsilon": "0.001", "weightDecay": "0.01"]),
    OptimizerCase("nadam"),
    OptimizerCase(
      "nadam", ["beta1": "0.8", "beta2": "0.95", "momentumDecay": "0.05", "epsilon": "0.001", "weightDecay": "0.1"]),
    OptimizerCase("nadam", ["weightDecay": "0.5", "decoupled": "true"]),
    OptimizerCase("lion"),
    OptimizerCase("lion", ["beta1": "0.8", "beta2": "0.95", "weightDecay": "0.5"]),
    OptimizerCase("lamb"),
    OptimizerCase("lamb", ["beta1": "0.8", "beta2": "0.95", "epsilon": "0.001", "weightDecay": "0"]),
    OptimizerCase("muon"),
    OptimizerCase("muon", ["filters": "false", "adjust": "match-rms-adamw", "adamLearningRate": "0.5"]),
    OptimizerCase("muon", ["momentum": "0.8", "nesterov": "false", "newtonSchulzSteps": "3", "weightDecay": "0.5"]),
    OptimizerCase("schedule-free-sgd"),
    OptimizerCase(
      "schedule-free-sgd",
      ["momentum": "0.8", "weightDecay": "0.01", "warmupSteps": "10", "r": "1", "weightLrPower": "1"]),
    OptimizerCase("schedule-free-adamw"),
    OptimizerCase(
      "schedule-free-adamw",
      ["beta1": "0.85", "beta2": "0.95", "epsilon": "0.001", "weightDecay": "0.05", "warmupSteps": "20", "r": "0.5"]),
    OptimizerCase("sam:sgd", ["momentum": "0.9", "weightDecay": "0.01"]),
    OptimizerCase("sam:adam", ["rho": "0.2"]),
    OptimizerCase("asam:sgd", ["momentum": "0.9"]),
    OptimizerCase("asam:adamw", ["rho": "0.2", "eta": "0.1"]),
    OptimizerCase("lookahead:sgd"),
    OptimizerCase("lookahead:adam", ["syncEvery": "3", "slowStep": "0.8"]),
    OptimizerCase("sam:lookahead:sgd", ["momentum": "0.9"]),
    OptimizerCase("asam:schedule-free-adamw"),
  ]
}

// MARK: Training on decreed gradients

/// A matrix, a vector and a filter.
let tableShapes = [[3, 4], [5], [2, 3, 3, 3]]

func tableWeights(channelsLast: Bool = false) throws -> TestWeights {
  var starts = try tableShapes.indices.map { try noise(tableShapes[$0], $0) }
  if channelsLast { starts[2] = try starts[2].channelsLast() }
  return try TestWeights(starts)
}

/// How much of the weights is in the gradient, so that it matters where it is taken.
let tableSlope = 0.3

/// noise(step) + 0.3 w; none for the parameters that are missing.
func setNoisyGradients(_ model: TestWeights, _ step: Int, missing: Set<Int> = []) throws {
  let gradients = try model.weights.enumerated().map { position, weight -> Tensor? in
    if missing.contains(position) { return nil }
    return try noise(weight.shape, 1000 + 10 * step + position) + weight.detached() * tableSlope
  }
  try model.setGradients(gradients)
}

/// Up and down, as schedules do.
func tableRate(_ step: Int) -> Double { 0.005 * Double(1 + (step + 1) % 3) }

/// One step of any rule, with as many gradients as it takes.
func takeStep(_ rule: any UpdateRule, rate: Double, setGradients: () throws -> Void) throws {
  try setGradients()
  if let rule = rule as? any TwoPassRule {
    try rule.ascend()
    try setGradients()
  }
  try rule.step(learningRate: rate)
}

func trainOnNoise(
  _ model: TestWeights, _ optimizer: any UpdateRule, _ steps: Range<Int>, missing: (Int) -> Set<Int> = { _ in [] }
) throws {
  for step in steps {
    try takeStep(optimizer, rate: tableRate(step)) { try setNoisyGradients(model, step, missing: missing(step)) }
  }
}

/// The same weights in memory of their own.
func separateCopy(of model: TestWeights) throws -> TestWeights {
  try TestWeights(model.weights.map { try $0.detached() })
}
