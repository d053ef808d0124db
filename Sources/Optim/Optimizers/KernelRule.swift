import PluginAPI

/// An optimizer whose step over dense float32 memory on the CPU is a kernel that reads and writes each number once, with a
/// sample of an average in the same pass; other memory goes through its plain twin, written in operators over lists of
/// tensors.
protocol KernelRule: SamplingRule {
  var buffers: ParameterBuffers { get set }
  /// Whether the kernel is taken.
  var fused: Bool { get }
  /// Elements that the kernel wants together; see ``FusedPass``.
  static var unitSize: Int { get }

  /// A step by the kernel.
  ///
  /// - Parameters:
  ///   - pass: over the parameters, their gradients, each kind of buffers, and with a sample the averages.
  ///   - count: steps of these parameters, this one included.
  ///   - sampleWeight: nil: no sample.
  func step(over pass: FusedPass, count: Int, learningRate: Double, sampleWeight: Double?) throws

  func stepPlainly(_ batch: ParameterBuffers.Batch, _ learningRate: Double) throws
}

extension KernelRule {
  static var unitSize: Int { 1 }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      for batch in try buffers.advance() {
        if fused, let pass = FusedPass(batch.lists, unitSize: Self.unitSize) {
          try step(over: pass, count: batch.count, learningRate: learningRate, sampleWeight: nil)
        } else {
          for part in batch.parts { try stepPlainly(part, learningRate) }
        }
      }
    }
  }

  public func samplingPass(learningRate: Double, into averager: any FusableAverager) throws -> SamplingPass? {
    let trained = buffers.trained
    guard fused, buffers.areOfOneAge, let sample = averager.fusedSample(of: trained.tensors) else { return nil }
    let gradients = try trained.gradients()
    guard gradients.positions == nil,
      let pass = FusedPass(
        [trained.tensors, gradients.tensors] + buffers.all + [sample.averages], unitSize: Self.unitSize)
    else { return nil }
    let count = buffers.step + 1
    return SamplingPass(parameterCount: trained.tensors.count) { [self] in
      buffers.countOrdinaryStep()
      try step(over: pass, count: count, learningRate: learningRate, sampleWeight: sample.weight)
    }
  }
}
