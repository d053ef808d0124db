import PluginAPI

/// What LibTorch's fused kernels read the step count from: one tensor, named once for every parameter.
struct StepTensors {
  private var tensors: [Tensor] = []

  /// As many tensors as `batch` has parameters, holding its step count.
  mutating func counting(_ batch: ParameterBuffers.Batch) throws -> [Tensor] {
    let count = batch.weights.count
    if tensors.count < count, let device = batch.weights.first?.device {
      tensors = Array(repeating: try Tensor.zeros([], .float32, device: device), count: count)
    }
    try tensors.first?.fill(Double(batch.count))
    return tensors.count == count ? tensors : Array(tensors.prefix(count))
  }
}
