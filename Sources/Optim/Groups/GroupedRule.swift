import PluginAPI

/// One optimizer a parameter group, stepped together.
///
/// The state is that of all of them: tensors under their own names where these end in the path of a parameter; the others and
/// the counters as `group0/step` and so on.
public final class GroupedRule: SwitchingRule, SamplingRule, LaggingRule {
  private let rules: [any UpdateRule]
  private let groups: [ParameterGroup]

  /// - Parameter make: makes the optimizer of a group from its parameters; the second argument says whether weight decay
  ///   acts on them.
  public init(_ groups: [ParameterGroup], make: ([NamedTensor], Bool) throws -> any UpdateRule) throws {
    self.groups = groups
    rules = try groups.map { try make($0.parameters, $0.decays) }
  }

  public func step(learningRate: Double) throws {
    for (rule, group) in zip(rules, groups) { try rule.step(learningRate: learningRate * group.rate) }
  }

  public func samplingPass(learningRate: Double, into averager: any FusableAverager) throws -> SamplingPass? {
    var passes: [SamplingPass] = []
    for (rule, group) in zip(rules, groups) {
      guard let rule = rule as? any SamplingRule,
        let pass = try rule.samplingPass(learningRate: learningRate * group.rate, into: averager)
      else { return nil }
      passes.append(pass)
    }
    return SamplingPass(parameterCount: passes.reduce(0) { $0 + $1.parameterCount }) {
      for pass in passes { try pass.run() }
    }
  }

  public var state: OptimizerState {
    get throws {
      var all = OptimizerState()
      for (index, rule) in rules.enumerated() {
        let state = try rule.state
        for (name, tensor) in state.tensors {
          all.tensors[isOfParameter(name, in: index) ? name : "group\(index)/\(name)"] = tensor
        }
        for (name, count) in state.counters { all.counters["group\(index)/\(name)"] = count }
      }
      return all
    }
  }

  public func restore(_ state: OptimizerState) throws {
    var left = state
    for (index, rule) in rules.enumerated() {
      var part = OptimizerState()
      let prefix = "group\(index)/"
      for (name, tensor) in state.tensors where isOfParameter(name, in: index) || name.hasPrefix(prefix) {
        part.tensors[name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name] = tensor
        left.tensors[name] = nil
      }
      for (name, count) in state.counters where name.hasPrefix(prefix) {
        part.counters[String(name.dropFirst(prefix.count))] = count
        left.counters[name] = nil
      }
      try rule.restore(part)
    }
    if let stranger = (Array(left.tensors.keys) + Array(left.counters.keys)).min() {
      throw BasinError.badData(
        "the saved state has '\(stranger)', which no parameter group has here",
        advice: "It was saved with another model or other parameter groups")
    }
  }

  private func isOfParameter(_ name: String, in group: Int) -> Bool {
    groups[group].parameters.contains { name.hasSuffix("/" + $0.path) }
  }

  public func settle() throws { for rule in rules { try (rule as? any LaggingRule)?.settle() } }

  public func reset() throws { for rule in rules { try rule.reset() } }

  public var switchesWeights: Bool { rules.contains { ($0 as? any SwitchingRule)?.switchesWeights ?? false } }

  public func useEvaluationWeights() throws {
    for rule in rules { try (rule as? any SwitchingRule)?.useEvaluationWeights() }
  }

  public func useTrainingWeights() throws {
    for rule in rules { try (rule as? any SwitchingRule)?.useTrainingWeights() }
  }
}
