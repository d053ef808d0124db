import OptimKernels
import PluginAPI

extension AdamOptimizer: SamplingRule {
  public func samplingPass(learningRate: Double, into averager: any FusableAverager) throws -> SamplingPass? {
    // With `steps` the parameters are at different step counts, and so are their corrections.
    guard fused, steps == nil, !means.isEmpty, options.isPlain, let sample = averager.fusedSample(of: trained.tensors)
    else { return nil }
    let gradients = try trained.gradients()
    guard gradients.positions == nil,
      let pass = FusedPass([trained.tensors, gradients.tensors, means, squares, sample.averages])
    else { return nil }
    let meanCorrection = 1 - Self.power(options.beta1, step + 1)
    let squareCorrection = 1 - Self.power(options.beta2, step + 1)
    let settings = BasinAdamStep(
      stepSize: Float(learningRate / meanCorrection),
      shrink: Decay.isDecoupled ? Float(1 - learningRate * options.weightDecay) : 1,
      penalty: Decay.isDecoupled ? 0 : Float(options.weightDecay), meanWeight: Float(1 - options.beta1),
      squareDecay: Float(options.beta2), squareWeight: Float(1 - options.beta2),
      squareCorrection: Float(squareCorrection.squareRoot()), epsilon: Float(options.epsilon),
      sampleWeight: Float(sample.weight))
    return SamplingPass(parameterCount: trained.tensors.count) { [self] in
      step += 1
      try pass.run { count, memory in
        withUnsafePointer(to: settings) {
          basinAdamStepAndSample($0, Int64(count), memory[0], memory[1], memory[2], memory[3], memory[4])
        }
      }
    }
  }
}

extension AdamOptions {
  /// Whether the step is Adam's own, without the greatest squares of AMSGrad.
  fileprivate var isPlain: Bool {
    Self.fields.first { $0.name == "amsgrad" }.map { $0.read(self) } ?? "false" == "false"
  }
}
