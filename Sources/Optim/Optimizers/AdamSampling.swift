import OptimKernels
import PluginAPI

extension AdamOptimizer: SamplingRule {
  public func samplingPass(learningRate: Double, into averager: any FusableAverager) throws -> SamplingPass? {
    guard let sample = averager.fusedSample(of: buffers.trained.tensors) else { return nil }
    return try ordinaryPass(learningRate, sampling: sample)
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
    let settings = BasinAdamStep(
      stepSize: Float(learningRate / (1 - power(options.beta1, count))),
      shrink: Decay.isDecoupled ? Float(1 - learningRate * options.weightDecay) : 1,
      penalty: Decay.isDecoupled ? 0 : Float(options.weightDecay), meanWeight: Float(1 - options.beta1),
      squareDecay: Float(options.beta2), squareWeight: Float(1 - options.beta2),
      squareCorrection: Float((1 - power(options.beta2, count)).squareRoot()), epsilon: Float(options.epsilon),
      sampleWeight: Float(sample?.weight ?? 0))
    return SamplingPass(parameterCount: buffers.trained.tensors.count) { [self] in
      buffers.countOrdinaryStep()
      try pass.run { count, memory in
        withUnsafePointer(to: settings) {
          basinAdamStepAndSample(
            $0, Int64(count), memory[0], memory[1], memory[2], memory[3], memory.count > 4 ? memory[4] : nil)
        }
      }
    }
  }
}
