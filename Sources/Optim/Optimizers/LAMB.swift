import OptimKernels
import PluginAPI

/// Options of ``LAMB``.
public struct LAMBOptions: Options {
  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-6
  public var weightDecay = 0.01

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("beta1", \.beta1, in: 0...0.999_999_999, "memory of the mean of the gradients"),
      Field("beta2", \.beta2, in: 0...0.999_999_999, "memory of the mean of their squares"),
      Field("epsilon", \.epsilon, in: 0...1, "added to the denominator"),
      Field("weightDecay", \.weightDecay, in: 0...1000, "added to the direction before its length is set"),
    ]
  }
}

/// LAMB: Adam's direction, as long in every tensor as the tensor itself (You et al. 2020, arXiv 1904.00962,
/// algorithm 2).
///
/// With Adam's corrected means m' and v': u = m' / (sqrt(v') + epsilon) + weightDecay w; the step is
/// -rate (|w| / |u|) u, norms over a whole tensor, the ratio 1 where one of them is 0. The paper's phi is the identity.
public final class LAMB: Optimizer, KernelRule {
  private let options: LAMBOptions
  var buffers: ParameterBuffers
  let fused: Bool

  public convenience init(_ options: LAMBOptions, parameters: [NamedTensor]) throws {
    try self.init(options, parameters: parameters, fused: true)
  }

  /// - Parameter fused: false takes the plain twin, written in tensor operations.
  public init(_ options: LAMBOptions, parameters: [NamedTensor], fused: Bool) throws {
    self.options = options
    buffers = ParameterBuffers(parameters, [.init(name: "exp_avg"), .init(name: "exp_avg_sq")], of: "lamb")
    self.fused = fused && buffers.trained.fitOwnKernels
  }

  static let unitSize = Int(BASIN_NORM_BLOCK)

  /// Two passes: the moments with the sums of squares of each block, then the step. The sums are added up in their order,
  /// whichever threads made them.
  func step(over pass: FusedPass, count: Int, learningRate: Double, sampleWeight: Double?) throws {
    let settings = BasinLAMBStep(
      moments: BasinMoments(beta1: options.beta1, beta2: options.beta2, epsilon: options.epsilon, count: count),
      meanCorrection: Float(1 - power(options.beta1, count)), weightDecay: Float(options.weightDecay))
    var squares = [Double](repeating: 0, count: 2 * pass.units)
    try squares.withUnsafeMutableBufferPointer { squares in
      guard let start = squares.baseAddress else { return }
      try pass.run { stretch in
        withUnsafePointer(to: settings) {
          basinLAMBMoments($0, Int64(stretch.count), stretch.memory, start + 2 * stretch.unit)
        }
      }
    }
    let rates = pass.tensors.map { tensor in
      let units = pass.units(of: tensor)
      let lengths = (0..<2).map { side in units.reduce(0) { $0 + squares[2 * $1 + side] }.squareRoot() }
      return Float(learningRate * Self.ratio(lengths[0], lengths[1]))
    }
    try pass.run { stretch in
      withUnsafePointer(to: settings) {
        basinLAMBApply(
          $0, rates[stretch.tensor], Int64(stretch.count), stretch.memory, pass.averages(stretch, sampleWeight),
          Float(sampleWeight ?? 0))
      }
    }
  }

  private static func ratio(_ weightLength: Double, _ length: Double) -> Double {
    weightLength > 0 && length > 0 ? weightLength / length : 1
  }

  func stepPlainly(_ batch: ParameterBuffers.Batch, _ learningRate: Double) throws {
    let means = batch[0], squares = batch[1]
    try means.lerp(to: batch.gradients, weight: 1 - options.beta1)
    try squares.multiply(by: options.beta2)
    try squares.addProduct(batch.gradients, batch.gradients, scale: 1 - options.beta2)
    // m' / (sqrt(v') + epsilon) with both corrections in the denominator: one pass less.
    let meanCorrection = 1 - power(options.beta1, batch.count)
    let squareCorrection = 1 - power(options.beta2, batch.count)
    let denominators = try squares.squareRoots()
    try denominators.multiply(by: meanCorrection / squareCorrection.squareRoot())
    try denominators.add(meanCorrection * options.epsilon)
    let directions = try means.divided(by: denominators)
    if options.weightDecay != 0 { try directions.add(batch.weights, scale: options.weightDecay) }
    let lengths = zip(try batch.weights.norms(), try directions.norms())
    for ((weight, direction), (weightLength, length)) in zip(zip(batch.weights, directions), lengths) {
      try weight.add(direction, scale: -learningRate * Self.ratio(weightLength, length))
    }
  }

  /// `exp_avg/<path>`, `exp_avg_sq/<path>` and the counter `step`.
  public var state: OptimizerState { get throws { try buffers.state } }
  public func restore(_ state: OptimizerState) throws { try buffers.restore(state) }
  public func reset() { buffers.reset() }
}
