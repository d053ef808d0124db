import PluginAPI

/// The mean of the samples since the last reset, mean += (w - mean) / n; of 16-bit weights in float32.
final class MeanAverager: Averager {
  private let parameters: [NamedTensor]
  private var means: [Tensor] = []
  private(set) var samples = 0

  init(_ parameters: [NamedTensor]) { self.parameters = parameters }

  private static let zerosLike = Operator("aten::zeros_like")

  /// Memory for a mean, laid out as the parameter's.
  private func memory(for tensor: Tensor) throws -> Tensor {
    let zeros = try Self.zerosLike(.tensor(tensor)).detached()
    return try tensor.dtype.size < 4 ? zeros.to(.float32) : zeros
  }

  func sample() throws {
    samples += 1
    try LibTorch.withoutGradient {
      if samples == 1 { means = try parameters.map { try memory(for: $0.tensor) } }
      for (mean, parameter) in zip(means, parameters) {
        if samples == 1 {
          try mean.copy(from: parameter.tensor)
        } else {
          try mean.lerp(to: parameter.tensor.to(mean.dtype), weight: 1 / Double(samples))
        }
      }
    }
  }

  func average() throws -> [Tensor]? {
    guard samples > 0 else { return nil }
    // Copies: what the caller has must not move with the next sample.
    return try LibTorch.withoutGradient {
      try zip(means, parameters).map { mean, parameter in
        mean.dtype == parameter.tensor.dtype ? try mean.clone() : try mean.to(parameter.tensor.dtype)
      }
    }
  }

  /// `mean/<path>` and the counter `samples`.
  var state: OptimizerState {
    get throws {
      var state = OptimizerState(counters: ["samples": samples])
      if samples > 0 {
        for (mean, parameter) in zip(means, parameters) { state.tensors["mean/\(parameter.path)"] = try mean.clone() }
      }
      return state
    }
  }

  func restore(_ state: OptimizerState) throws {
    guard let count = state.counters["samples"], count >= 0, state.counters.count == 1,
      state.tensors.count == (count == 0 ? 0 : parameters.count)
    else {
      throw BasinError.badData("the saved average is none of cyclic-swa", advice: "It was saved with another policy or model")
    }
    let restored = try (count == 0 ? [] : parameters).map { parameter -> Tensor in
      let mean = try memory(for: parameter.tensor)
      guard let saved = state.tensors["mean/\(parameter.path)"], saved.shape == mean.shape, saved.dtype == mean.dtype else {
        throw BasinError.badData(
          "the saved average does not fit the parameter, \(mean.shape) of \(mean.dtype)",
          place: "tensor \"mean/\(parameter.path)\"", advice: "It was saved with another model")
      }
      try mean.copy(from: saved)
      return mean
    }
    means = restored
    samples = count
  }

  func reset() {
    samples = 0
    means = []
  }
}
