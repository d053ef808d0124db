import OptimKernels
import PluginAPI

extension SGD: SamplingRule {
  public func step(learningRate: Double, samplingInto averager: any FusableAverager) throws -> Bool {
    guard let sample = averager.fusedSample(of: trained.tensors),
      try onePass(trained.gradients(), learningRate, sampling: sample)
    else { return false }
    averager.countFusedSample()
    return true
  }

  /// An ordinary step of all parameters in one pass over their memory, with or without a sample of the weights after it.
  /// These are the same bits either way.
  ///
  /// - Returns: false where it cannot be done so, such as on the first step; nothing has happened then.
  func onePass(
    _ gradients: TrainedTensors.Gradients, _ learningRate: Double, sampling sample: FusedSample?
  ) throws -> Bool {
    guard fused, gradients.positions == nil else { return false }
    let hasMomentum = options.momentum != 0
    var lists = [trained.tensors, gradients.tensors]
    if hasMomentum {
      guard let allBuffers else { return false }
      lists.append(allBuffers)
    }
    if let sample { lists.append(sample.averages) }
    guard let pass = FusedPass(lists) else { return false }
    let step = BasinSGDStep(
      learningRate: Float(learningRate), weightDecay: Float(options.weightDecay), momentum: Float(options.momentum),
      keptGradient: Float(1 - options.dampening), nesterov: options.nesterov ? 1 : 0,
      sampleWeight: Float(sample?.weight ?? 0))
    let average = hasMomentum ? 3 : 2
    try pass.run { count, memory in
      withUnsafePointer(to: step) {
        basinSGDStepAndSample(
          $0, Int64(count), memory[0], memory[1], hasMomentum ? memory[2] : nil,
          memory.count > average ? memory[average] : nil)
      }
    }
    return true
  }
}
