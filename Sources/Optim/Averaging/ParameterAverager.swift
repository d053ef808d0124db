import PluginAPI

/// A running average of parameters, avg += weight (w - avg), in one pass over the memory of each: by default their mean,
/// with weight 1 / (n + 1).
///
/// Statistics and counters of a model are no business of its: only tensors of role `.parameter` are averaged. 16-bit
/// weights are averaged in float32, for a running mean loses what is smaller than a rounding step of its type.
public final class ParameterAverager: Averager {
  let trained: TrainedTensors
  let fused: Bool
  private let hasNarrowTypes: Bool
  let weighting: AverageWeight
  /// Empty before the first sample; kept through a reset, whose next sample overwrites it.
  private(set) var averages: [Tensor] = []
  public private(set) var samples = 0

  /// - Parameters:
  ///   - parameters: those of a model, in the order `average()` gives them; other roles are left out.
  ///   - weighting: what the next sample weighs.
  ///   - fused: false takes the plain twin, tensor by tensor.
  public init(_ parameters: [NamedTensor], weighting: AverageWeight = .mean, fused: Bool = true) {
    self.weighting = weighting
    trained = TrainedTensors(parameters)
    hasNarrowTypes = trained.tensors.contains { $0.averagingType != $0.dtype }
    self.fused = fused && !hasNarrowTypes
  }

  public func sample() throws {
    guard !trained.tensors.isEmpty else { return samples += 1 }
    let share = weighting.next(after: samples)
    try LibTorch.withoutGradient {
      if averages.isEmpty {
        averages = try trained.tensors.indices.map { position in
          try trained.zeros(position).to(trained.tensors[position].averagingType)
        }
      }
      if samples == 0 {
        try copyTensors(trained.tensors, to: averages)
      } else if fused {
        for (average, weight) in zip(averages, trained.tensors) { try average.lerp(to: weight, weight: share) }
      } else {
        for (average, weight) in zip(averages, trained.tensors) {
          try average.add(weight.to(average.dtype) - average, scale: share)
        }
      }
    }
    samples += 1
  }

  public func average() throws -> [Tensor]? {
    guard samples > 0 else { return nil }
    // Copies: the caller's average must not move with the next sample.
    return try zip(averages, trained.tensors).map { average, weight in
      average.dtype == weight.dtype ? try average.clone() : try average.to(weight.dtype)
    }
  }

  /// `average/<path>` and the counter `samples`.
  public var state: OptimizerState {
    get throws {
      OptimizerState(
        tensors: samples == 0 ? [:] : try trained.saved(averages, as: "average"), counters: ["samples": samples])
    }
  }

  public func restore(_ state: OptimizerState) throws {
    try trained.check(state, kinds: ["average"], counters: { $0 == "samples" }, of: "average")
    let found = try trained.buffers("average", from: state, dtype: hasNarrowTypes ? .float32 : nil).compactMap { $0 }
    let count = state.counters["samples"] ?? -1
    guard count >= 0, found.count == (count == 0 ? 0 : trained.tensors.count) else {
      throw BasinError.badData(
        "the saved average holds \(found.count) of \(trained.tensors.count) parameters after \(count) samples",
        advice: "It was saved with another model")
    }
    averages = found
    samples = count
  }

  public func countFusedSample() { samples += 1 }

  public func reset() { samples = 0 }
}

extension Tensor {
  /// The type sums over samples of this tensor are kept in: float32 for 16-bit types, else its own.
  var averagingType: DType {
    let dtype = dtype
    return dtype == .float16 || dtype == .bfloat16 ? .float32 : dtype
  }
}
