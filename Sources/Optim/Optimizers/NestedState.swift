import PluginAPI

// How the state of a rule lies inside that of the rule around it: every name with a prefix such as `inner/`.

extension OptimizerState {
  /// Adds another rule's state under `prefix`.
  mutating func nest(_ other: OptimizerState, under prefix: String) {
    for (name, tensor) in other.tensors { tensors[prefix + name] = tensor }
    for (name, counter) in other.counters { counters[prefix + name] = counter }
  }

  /// What lies under `prefix`, under the names it had, and the rest.
  func split(at prefix: String) -> (nested: OptimizerState, rest: OptimizerState) {
    var nested = OptimizerState(), rest = OptimizerState()
    for (name, tensor) in tensors {
      if name.hasPrefix(prefix) {
        nested.tensors[String(name.dropFirst(prefix.count))] = tensor
      } else {
        rest.tensors[name] = tensor
      }
    }
    for (name, counter) in counters {
      if name.hasPrefix(prefix) {
        nested.counters[String(name.dropFirst(prefix.count))] = counter
      } else {
        rest.counters[name] = counter
      }
    }
    return (nested, rest)
  }
}

extension ParameterBuffers {
  /// These buffers' state with that of `rule` under `prefix`.
  func state(around rule: any UpdateRule, under prefix: String) throws -> OptimizerState {
    var all = try state
    all.nest(try rule.state, under: prefix)
    return all
  }

  /// Takes such a state apart again. These buffers are as before where either part is refused.
  mutating func restore(_ state: OptimizerState, around rule: any UpdateRule, under prefix: String) throws {
    let (nested, own) = state.split(at: prefix)
    var restored = self
    try restored.restore(own)
    try rule.restore(nested)
    self = restored
  }
}
