import PluginAPI

/// An averager whose sample can be taken by the optimizer, in the pass over memory that makes the step.
///
/// Its sample is average += weight (w - average) for every parameter.
public protocol FusableAverager: Averager {
  /// How many parameters it averages.
  var parameterCount: Int { get }
  /// The memory of the averages that a sample of `parameters` goes into, one tensor each in their order, and the weight of
  /// that sample; nil where the next sample is not of that form.
  ///
  /// - Parameter parameters: some of the averager's or all of them, in its order; nil comes back for others.
  func fusedSample(of parameters: [Tensor]) -> FusedSample?
  /// Counts a sample that was written into the averages of all parameters.
  func countFusedSample()
}

/// Where a sample goes; see ``FusableAverager``.
public struct FusedSample {
  public let averages: [Tensor]
  /// 0...1.
  public let weight: Double
}

extension ParameterAverager: FusableAverager {
  public var parameterCount: Int { trained.tensors.count }

  /// nil for the first sample, which replaces, and for 16-bit weights.
  public func fusedSample(of parameters: [Tensor]) -> FusedSample? {
    guard fused, samples > 0 else { return nil }
    var found: [Tensor] = []
    found.reserveCapacity(parameters.count)
    for (tensor, average) in zip(trained.tensors, averages) {
      guard found.count < parameters.count else { break }
      if tensor.isIdentical(to: parameters[found.count]) { found.append(average) }
    }
    return found.count == parameters.count ? FusedSample(averages: found, weight: weighting.next(after: samples)) : nil
  }
}
