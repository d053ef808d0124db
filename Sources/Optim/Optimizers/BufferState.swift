import PluginAPI

// How an optimizer's or averager's buffers are named in a saved state, and checked when they come back.

extension TrainedTensors {
  /// Copies of the buffers, named `kind/path`; absent ones are left out.
  func saved(_ buffers: [Tensor?], as kind: String) throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (path, buffer) in zip(paths, buffers) {
      // A copy: the state must not change with the steps that follow.
      if let buffer { result["\(kind)/\(path)"] = try buffer.clone() }
    }
    return result
  }

  /// Buffers for the tensors named `kind/path` in `state`, laid out in memory as the parameters; nil where there is
  /// none.
  ///
  /// - Parameter dtype: the buffers' element type; nil: that of each parameter.
  /// - Throws: `BasinError` of kind badData for a tensor of another shape or type.
  func buffers(_ kind: String, from state: OptimizerState, dtype: DType? = nil) throws -> [Tensor?] {
    try paths.indices.map { position in
      let name = "\(kind)/\(paths[position])"
      guard let saved = state.tensors[name] else { return nil }
      let parameter = tensors[position]
      let expected = dtype ?? parameter.dtype
      guard saved.shape == parameter.shape, saved.dtype == expected else {
        throw BasinError.badData(
          "the saved state holds \(saved.shape) of \(saved.dtype), the parameter needs \(parameter.shape) of \(expected)",
          place: "tensor \"\(name)\"", advice: "It was saved with another model")
      }
      let buffer = try dtype == nil ? zeros(position) : zeros(position).to(expected)
      try buffer.copy(from: saved)
      return buffer
    }
  }

  /// - Throws: `BasinError` of kind badData if `state` has anything but tensors `kind/path` and the named counters.
  func check(_ state: OptimizerState, kinds: [String], counters: (String) -> Bool, of owner: String) throws {
    let known = Set(kinds.flatMap { kind in paths.map { "\(kind)/\($0)" } })
    let strange = state.tensors.keys.filter { !known.contains($0) } + state.counters.keys.filter { !counters($0) }
    guard let first = strange.min() else { return }
    throw BasinError.badData(
      "the saved state has '\(first)', which \(owner) does not have here",
      advice: "It was saved with another model, other options or another kind of \(owner)")
  }
}
