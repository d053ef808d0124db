import PluginAPI

/// The mean of the latest samples of parameters, which it keeps: memory of `count` copies of the model.
///
/// The mean is made afresh from them, oldest first, each time it is asked for. (A running sum from which the oldest is
/// subtracted would gather rounding errors for ever, and would depend on what was before.) A sample keeps the type of its
/// parameter; the mean of 16-bit weights is taken in float32.
public final class LatestAverager: Averager {
  private let trained: TrainedTensors
  private var ring: SampleRing
  public private(set) var samples = 0

  public init(_ parameters: [NamedTensor], count: Int) {
    trained = TrainedTensors(parameters)
    ring = SampleRing(capacity: max(count, 1))
  }

  public func sample() throws {
    let memory = try ring.advance { try trained.tensors.indices.map { try trained.zeros($0) } }
    try copyTensors(trained.tensors, to: memory)
    samples += 1
  }

  public func average() throws -> [Tensor]? {
    guard samples > 0 else { return nil }
    return try LibTorch.withoutGradient {
      try trained.tensors.indices.map { position in
        let weight = trained.tensors[position]
        let mean = try trained.zeros(position).to(weight.averagingType)
        for set in ring.sets { try mean.add(set[position].to(mean.dtype)) }
        try mean.multiply(by: 1 / Double(ring.sets.count))
        return mean.dtype == weight.dtype ? mean : try mean.to(weight.dtype)
      }
    }
  }

  /// `sample.0/<path>` (the oldest), `sample.1/<path>` ... and the counter `samples`.
  public var state: OptimizerState {
    get throws { OptimizerState(tensors: try ring.saved(as: "sample", of: trained), counters: ["samples": samples]) }
  }

  public func restore(_ state: OptimizerState) throws {
    try trained.check(state, kinds: ring.kinds("sample"), counters: { $0 == "samples" }, of: "average")
    let count = try state.sampleCount
    ring = try ring.restored("sample", count: min(count, ring.capacity), from: state, of: trained)
    samples = count
  }

  public func reset() {
    ring.removeAll()
    samples = 0
  }
}

extension OptimizerState {
  /// The counter `samples` of a saved average.
  ///
  /// - Throws: `BasinError` of kind badData where it is missing or negative.
  var sampleCount: Int {
    get throws {
      guard let count = counters["samples"], count >= 0 else {
        throw BasinError.badData(
          "the saved average does not say how many samples it holds", advice: "It was saved with another kind of average")
      }
      return count
    }
  }
}
