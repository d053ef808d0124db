import PluginAPI

/// What a checkpoint of a training run holds, put together and taken apart.
struct RunState {
  let run: PreparedRun
  let step: TrainingStep
  let tracks: [AveragingTrack]

  /// The group of files of a track's average: the method's own is `averager`, observers are numbered.
  private static func group(_ index: Int) -> String { index == 0 ? "averager" : "observer\(index)" }

  func checkpoint(_ plain: [String: JSONValue], best: [(name: String, tensor: Tensor)]?) throws -> Checkpoint {
    var state = plain
    var groups = ["model": try run.copyTensors()]
    func add(_ part: OptimizerState, _ name: String) {
      if !part.tensors.isEmpty { groups[name] = part.tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
      state[name] = .object(part.counters.mapValues { .int($0) })
    }
    add(try step.rule.state, "optimizer")
    for (index, track) in tracks.enumerated() { add(try track.averager.state, Self.group(index)) }
    if let best { groups["best"] = best }
    if let scaler = step.scaler { state["lossScale"] = scaler.json }
    return Checkpoint(state: .object(state), groups: groups)
  }

  /// - Parameter file: named in errors.
  func restore(_ checkpoint: Checkpoint, done: Int, file: String) throws {
    func part(_ name: String) -> OptimizerState {
      var counters: [String: Int] = [:]
      // Not by way of a Double: a counter may hold the bits of one.
      if case .object(let object)? = checkpoint.state[name] {
        counters = object.compactMapValues { if case .int(let value) = $0 { value } else { nil } }
      }
      return OptimizerState(tensors: Dictionary(checkpoint.groups[name] ?? [], uniquingKeysWith: { $1 }), counters: counters)
    }
    try Checkpoint.load(checkpoint.groups["model"] ?? [], into: run.tensors, file: file)
    try step.rule.restore(part("optimizer"))
    for (index, track) in tracks.enumerated() {
      try track.averager.restore(part(Self.group(index)))
      track.seek(done)
    }
    step.restoreScaler(checkpoint.state["lossScale"])
  }
}
