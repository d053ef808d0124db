import PluginAPI

/// An optimizer that can take a sample of an average in the pass over memory that makes its step.
public protocol SamplingRule: UpdateRule {
  /// A step and a sample of the weights after it, ready to be made: what `step(learningRate:)` and `averager.sample()` would
  /// do, to float32 rounding, with each parameter, gradient, buffer and average read and written once.
  ///
  /// Nothing happens before the pass is run, so that a rule made of several can ask all of them first.
  ///
  /// - Returns: nil where it cannot be done in one pass, such as on the first step or sample, for a parameter without
  ///   gradient, or for anything but float32 on the CPU.
  func samplingPass(learningRate: Double, into averager: any FusableAverager) throws -> SamplingPass?
}

/// A step and a sample that are ready to be made; see ``SamplingRule``.
public struct SamplingPass {
  /// How many parameters it goes over.
  public let parameterCount: Int
  private let body: () throws -> Void

  public init(parameterCount: Int, _ body: @escaping () throws -> Void) {
    self.parameterCount = parameterCount
    self.body = body
  }

  /// Makes the step, and writes the sample without counting it. To be called once.
  public func run() throws { try body() }
}

extension SamplingRule {
  /// A step and a sample of the weights after it, in one pass.
  ///
  /// - Returns: false where that cannot be, or where the rule and the averager have not the same parameters. Nothing has
  ///   happened then.
  public func step(learningRate: Double, samplingInto averager: any FusableAverager) throws -> Bool {
    guard let pass = try samplingPass(learningRate: learningRate, into: averager),
      pass.parameterCount == averager.parameterCount
    else { return false }
    try pass.run()
    averager.countFusedSample()
    return true
  }
}

/// A step and a sample of the weights after it, in one pass where both sides can.
public func stepAndSample(_ rule: any UpdateRule, learningRate: Double, into averager: any Averager) throws {
  if let rule = rule as? any SamplingRule, let averager = averager as? any FusableAverager,
    try rule.step(learningRate: learningRate, samplingInto: averager)
  {
    return
  }
  try rule.step(learningRate: learningRate)
  try (rule as? any LaggingRule)?.settle()
  try averager.sample()
}
