import OptimKernels
import PluginAPI

extension AdamOptimizer: SamplingRule {
  public func samplingPass(learningRate: Double, into averager: any FusableAverager) throws -> SamplingPass? {
    guard let sample = averager.fusedSample(of: buffers.trained.tensors) else { return nil }
    return try ordinaryPass(learningRate, sampling: sample)
  }

  /// - Parameter count: steps made, this one included.
  func kernelStep(_ learningRate: Double, count: Int) -> BasinAdamStep {
    BasinAdamStep(
      moments: BasinMoments(beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon, count: count),
      shrink: Decay.isDecoupled ? Float(1 - learningRate * options.weightDecay) : 1,
      penalty: Decay.isDecoupled ? 0 : Float(options.weightDecay),
      meanStep: Float(learningRate / (1 - power(options.beta1, count))), gradientStep: 0)
  }

  /// An ordinary step of all parameters in one pass over their memory, with or without a sample of the weights after it.
  /// The weights come out the same to the bit either way.
  ///
  /// - Returns: nil where it cannot be done so, such as on the first step.
  func ordinaryPass(_ learningRate: Double, sampling sample: FusedSample?) throws -> SamplingPass? {
    guard fused, !options.amsgrad, buffers.areOfOneAge, let means = buffers.all(0), let squares = buffers.all(1) else {
      return nil
    }
    let gradients = try buffers.trained.gradients()
    var lists = [buffers.trained.tensors, gradients.tensors, means, squares]
    if let sample { lists.append(sample.averages) }
    guard gradients.positions == nil, let pass = FusedPass(lists) else { return nil }
    let count = buffers.step + 1
    let settings = kernelStep(learningRate, count: count)
    return SamplingPass(parameterCount: buffers.trained.tensors.count) { [self] in
      buffers.countOrdinaryStep()
      try pass.run(basinAdamStep, settings, sampleWeight: sample?.weight)
    }
  }
}

extension BasinMoments {
  /// - Parameter count: steps made, this one included.
  init(beta1: Double, beta2: Double, epsilon: Double, count: Int) {
    self.init(
      meanWeight: Float(1 - beta1), squareDecay: Float(beta2), squareWeight: Float(1 - beta2),
      squareCorrection: Float((1 - power(beta2, count)).squareRoot()), epsilon: Float(epsilon))
  }
}
