import PluginAPI

/// An optimizer that can take a sample of an average in the pass over memory that makes its step.
public protocol SamplingRule: UpdateRule {
  /// A step and a sample of the weights after it: what `step(learningRate:)` and `averager.sample()` would do, to float32
  /// rounding, with each parameter, gradient, buffer and average read and written once.
  ///
  /// - Returns: false where it cannot be done in one pass, such as on the first step or sample, for a parameter without
  ///   gradient, or for anything but float32 on the CPU. Nothing has happened then.
  func step(learningRate: Double, samplingInto averager: any FusableAverager) throws -> Bool
}

/// A step and a sample of the weights after it, in one pass where both sides can.
public func stepAndSample(_ rule: any UpdateRule, learningRate: Double, into averager: any Averager) throws {
  if let rule = rule as? any SamplingRule, let averager = averager as? any FusableAverager,
    try rule.step(learningRate: learningRate, samplingInto: averager)
  {
    return
  }
  try rule.step(learningRate: learningRate)
  try averager.sample()
}
