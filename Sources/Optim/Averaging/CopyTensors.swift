import PluginAPI

private let foreachCopy = Operator("aten::_foreach_copy_")

/// Copies each tensor into the memory of its counterpart, in one call.
func copyTensors(_ sources: [Tensor], to targets: [Tensor]) throws {
  guard !sources.isEmpty else { return }
  try LibTorch.withoutGradient { try foreachCopy.run(.tensors(targets), .tensors(sources)) }
}

/// Writes an average into the parameters of a model; statistics and counters stay as they are.
///
/// - Parameters:
///   - average: one tensor for each tensor of role `.parameter`, in their order, as `Averager.average()` gives them.
///   - parameters: tensors of a model; other roles are passed over.
/// - Throws: `BasinError` of kind internalError where the numbers or shapes differ; the weights are untouched then.
public func loadAverage(_ average: [Tensor], into parameters: [NamedTensor]) throws {
  let targets = parameters.filter { $0.role == .parameter }
  guard average.count == targets.count else {
    throw BasinError.internalError("an average of \(average.count) tensors does not fit \(targets.count) parameters")
  }
  for (tensor, target) in zip(average, targets) where tensor.shape != target.tensor.shape {
    throw BasinError.internalError(
      "an average of shape \(tensor.shape) does not fit parameter \(target.path) of shape \(target.tensor.shape)")
  }
  try copyTensors(average, to: targets.map(\.tensor))
}
