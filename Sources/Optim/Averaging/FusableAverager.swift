import PluginAPI

/// An averager whose sample can be taken by the optimizer, in the pass over memory that makes the step.
///
/// Its sample is average += weight (w - average) for every parameter.
public protocol FusableAverager: Averager {
  /// The memory of the averages that a sample of `parameters` goes into, one tensor each in their order, and the weight of
  /// that sample; nil where the next sample is not of that form or these are not the averager's parameters.
  func fusedSample(of parameters: [Tensor]) -> FusedSample?
  /// Counts a sample that was written into the averages of ``fusedSample(of:)``.
  func countFusedSample()
}

/// Where a sample goes; see ``FusableAverager``.
public struct FusedSample {
  public let averages: [Tensor]
  /// 0...1.
  public let weight: Double
}

extension ParameterAverager: FusableAverager {
  /// nil for the first sample, which replaces, and for 16-bit weights.
  public func fusedSample(of parameters: [Tensor]) -> FusedSample? {
    guard fused, samples > 0, parameters.count == trained.tensors.count,
      zip(parameters, trained.tensors).allSatisfy({ $0.isIdentical(to: $1) })
    else { return nil }
    return FusedSample(averages: averages, weight: weighting.next(after: samples))
  }
}
