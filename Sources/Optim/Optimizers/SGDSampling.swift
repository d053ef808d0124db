import OptimKernels
import PluginAPI

extension SGD: SamplingRule {
  public func samplingPass(learningRate: Double, into averager: any FusableAverager) throws -> SamplingPass? {
    guard let sample = averager.fusedSample(of: trained.tensors) else { return nil }
    return try ordinaryPass(trained.gradients(), learningRate, sampling: sample)
  }

  func kernelStep(_ learningRate: Double) -> BasinSGDStep {
    BasinSGDStep(
      learningRate: Float(learningRate), weightDecay: Float(options.weightDecay), momentum: Float(options.momentum),
      keptGradient: Float(1 - options.dampening), hasMomentum: options.momentum != 0 ? 1 : 0,
      nesterov: options.nesterov ? 1 : 0)
  }

  /// An ordinary step of all parameters in one pass over their memory, with or without a sample of the weights after it.
  /// The weights come out the same to the bit either way.
  ///
  /// - Returns: nil where it cannot be done so, such as on the first step.
  func ordinaryPass(
    _ gradients: TrainedTensors.Gradients, _ learningRate: Double, sampling sample: FusedSample?
  ) throws -> SamplingPass? {
    guard fused, gradients.positions == nil else { return nil }
    var lists = [trained.tensors, gradients.tensors]
    let hasMomentum = options.momentum != 0
    if hasMomentum {
      guard let allBuffers else { return nil }
      lists.append(allBuffers)
    }
    if let sample { lists.append(sample.averages) }
    guard let pass = FusedPass(lists) else { return nil }
    let step = kernelStep(learningRate)
    return SamplingPass(parameterCount: trained.tensors.count) {
      try pass.run(basinSGDStep, step, sampleWeight: sample?.weight)
    }
  }
}
