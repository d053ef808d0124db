import OptimKernels
import PluginAPI

extension SGD: RowwiseOptimizer {
  // The first gradient enters the buffer whole, whatever the dampening: a row that starts with zeros cannot know.
  var takesRows: Bool { options.dampening == 0 }
  var rowBuffers: [String] { options.momentum == 0 ? [] : ["momentum"] }
  var leavesUnreadRows: Bool { options.weightDecay == 0 }
  static var countsSteps: Bool { false }

  func rowStep(learningRate: Double, count: Int) -> BasinSGDStep { kernelStep(learningRate) }

  static var stepKernel: FusedPass.Kernel<BasinSGDStep> { basinSGDStep }
  static var catchUpKernel:
    (UnsafePointer<BasinSGDStep>?, Int64, Int64, UnsafePointer<UnsafeMutablePointer<Float>?>?) -> Void { basinSGDCatchUp }
}

extension AdamOptimizer: RowwiseOptimizer {
  var takesRows: Bool { !options.amsgrad }
  var rowBuffers: [String] { ["exp_avg", "exp_avg_sq"] }
  var leavesUnreadRows: Bool { options.weightDecay == 0 }
  static var countsSteps: Bool { true }

  func rowStep(learningRate: Double, count: Int) -> BasinAdamStep { kernelStep(learningRate, count: count) }

  static var stepKernel: FusedPass.Kernel<BasinAdamStep> { basinAdamStep }
  static var catchUpKernel:
    (UnsafePointer<BasinAdamStep>?, Int64, Int64, UnsafePointer<UnsafeMutablePointer<Float>?>?) -> Void { basinAdamCatchUp }
}
