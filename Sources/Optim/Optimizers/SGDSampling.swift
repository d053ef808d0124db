import OptimKernels
import PluginAPI

extension SGD: SamplingRule {
  public func samplingPass(learningRate: Double, into averager: any FusableAverager) throws -> SamplingPass? {
    guard fused, let sample = averager.fusedSample(of: trained.tensors) else { return nil }
    let gradients = try trained.gradients()
    var lists = [trained.tensors, gradients.tensors, sample.averages]
    if options.momentum != 0 {
      guard let allBuffers else { return nil }
      lists.append(allBuffers)
    }
    guard gradients.positions == nil, let pass = FusedPass(lists) else { return nil }
    let step = BasinSGDStep(
      learningRate: Float(learningRate), weightDecay: Float(options.weightDecay), momentum: Float(options.momentum),
      keptGradient: Float(1 - options.dampening), nesterov: options.nesterov ? 1 : 0, sampleWeight: Float(sample.weight))
    return SamplingPass(parameterCount: trained.tensors.count) {
      try pass.run { count, memory in
        withUnsafePointer(to: step) {
          basinSGDStepAndSample(
            $0, Int64(count), memory[0], memory[1], memory.count > 3 ? memory[3] : nil, memory[2])
        }
      }
    }
  }
}
