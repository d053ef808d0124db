import OptimKernels
import PluginAPI

extension AdamOptimizer: SamplingRule {
  public func step(learningRate: Double, samplingInto averager: any FusableAverager) throws -> Bool {
    guard let sample = averager.fusedSample(of: buffers.trained.tensors),
      try onePass(learningRate, sampling: sample)
    else { return false }
    averager.countFusedSample()
    return true
  }

  /// An ordinary step of all parameters in one pass over their memory, with or without a sample of the weights after it.
  /// These are the same bits either way.
  ///
  /// - Returns: false where it cannot be done so; nothing has happened then.
  func onePass(_ learningRate: Double, sampling sample: FusedSample?) throws -> Bool {
    guard fused, !options.amsgrad, buffers.areOfOneAge, let means = buffers.all(0), let squares = buffers.all(1) else {
      return false
    }
    let gradients = try buffers.trained.gradients()
    var lists = [buffers.trained.tensors, gradients.tensors, means, squares]
    if let sample { lists.append(sample.averages) }
    guard gradients.positions == nil, let pass = FusedPass(lists) else { return false }
    _ = try buffers.advance(whole: true)
    let meanCorrection = 1 - power(options.beta1, buffers.step)
    let squareCorrection = 1 - power(options.beta2, buffers.step)
    let settings = BasinAdamStep(
      stepSize: Float(learningRate / meanCorrection),
      shrink: Decay.isDecoupled ? Float(1 - learningRate * options.weightDecay) : 1,
      penalty: Decay.isDecoupled ? 0 : Float(options.weightDecay), meanWeight: Float(1 - options.beta1),
      squareDecay: Float(options.beta2), squareWeight: Float(1 - options.beta2),
      squareCorrection: Float(squareCorrection.squareRoot()), epsilon: Float(options.epsilon),
      sampleWeight: Float(sample?.weight ?? 0))
    try pass.run { count, memory in
      withUnsafePointer(to: settings) {
        basinAdamStepAndSample(
          $0, Int64(count), memory[0], memory[1], memory[2], memory[3], memory.count > 4 ? memory[4] : nil)
      }
    }
    return true
  }
}
