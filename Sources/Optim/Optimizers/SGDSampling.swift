import OptimKernels
import PluginAPI

extension SGD: SamplingRule {
  public func step(learningRate: Double, samplingInto averager: any FusableAverager) throws -> Bool {
    guard fused, let sample = averager.fusedSample(of: trained.tensors) else { return false }
    let gradients = try trained.gradients()
    var lists = [trained.tensors, gradients.tensors, sample.averages]
    if options.momentum != 0 {
      guard let allBuffers else { return false }
      lists.append(allBuffers)
    }
    guard gradients.positions == nil, let pass = FusedPass(lists) else { return false }
    let step = BasinSGDStep(
      learningRate: Float(learningRate), weightDecay: Float(options.weightDecay), momentum: Float(options.momentum),
      keptGradient: Float(1 - options.dampening), nesterov: options.nesterov ? 1 : 0, sampleWeight: Float(sample.weight))
    try pass.run { count, memory in
      withUnsafePointer(to: step) {
        basinSGDStepAndSample(
          $0, Int64(count), memory[0], memory[1], memory.count > 3 ? memory[3] : nil, memory[2])
      }
    }
    averager.countFusedSample()
    return true
  }
}
