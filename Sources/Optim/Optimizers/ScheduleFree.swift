import OptimKernels
import PluginAPI

/// Schedule-Free SGD.
public typealias ScheduleFreeSGD = ScheduleFree<ScheduleFreeSGDOptions>

/// Schedule-Free AdamW.
public typealias ScheduleFreeAdamW = ScheduleFree<ScheduleFreeAdamWOptions>

/// An average of the steps in place of a falling rate (Defazio et al. 2024, "The Road Less Scheduled",
/// arXiv 2405.15682), as the package `schedulefree` computes it.
///
/// Three sets of weights: z takes the steps, x is their average, and gradients are taken between them, at
/// y = beta x + (1 - beta) z. The parameters hold y in training and x in evaluation; x is never stored. With
/// direction d = g + weightDecay y, where g is over Adam's denominator in the AdamW form, the weight
/// c = t^r lrMax^p / (sum of these so far):
///
///     y += c (z - y) + rate (beta (1 - c) - 1) d
///     z -= rate d
///
/// All parameters age together, as in the package. A constant rate (`--schedule constant`) is what it is made for.
public final class ScheduleFree<OptimizerOptions: ScheduleFreeOptions>: Optimizer, SwitchingRule {
  private let options: OptimizerOptions
  private var buffers: ParameterBuffers
  private let fused: Bool
  private var average = ScheduleFreeAverage()
  /// y, while the parameters hold x.
  private var trainingWeights: [Tensor]?

  public convenience init(_ options: OptimizerOptions, parameters: [NamedTensor]) throws {
    try self.init(options, parameters: parameters, fused: true)
  }

  /// - Parameter fused: false takes the plain twin, written in tensor operations.
  public init(_ options: OptimizerOptions, parameters: [NamedTensor], fused: Bool) throws {
    self.options = options
    let squares: [ParameterBuffers.Kind] = options.denominator == nil ? [] : [.init(name: "exp_avg_sq")]
    buffers = ParameterBuffers(
      parameters, [.init(name: "z", start: .weights)] + squares, of: OptimizerOptions.name, agesTogether: true)
    self.fused = fused && buffers.trained.fitOwnKernels
  }

  /// - Throws: `BasinError` of kind internalError while the parameters hold the evaluation weights.
  public func step(learningRate: Double) throws {
    guard trainingWeights == nil else {
      throw BasinError.internalError(
        "a step of \(OptimizerOptions.name) while the parameters hold its evaluation weights")
    }
    try LibTorch.withoutGradient {
      let batches = try buffers.advance()
      guard let count = batches.first?.count else { return }
      let rate = count < options.warmupSteps ? learningRate * Double(count) / Double(options.warmupSteps) : learningRate
      let weight = average.add(rate, count, r: options.r, power: options.weightLrPower)
      for batch in batches {
        if fused, let pass = FusedPass(batch.lists) {
          try pass.run(basinScheduleFreeStep, settings(count, rate, weight), sampleWeight: nil)
        } else {
          for part in batch.parts { try stepPlainly(part, rate, weight) }
        }
      }
    }
  }

  private func settings(_ count: Int, _ rate: Double, _ weight: Double) -> BasinScheduleFreeStep {
    let denominator = options.denominator
    return BasinScheduleFreeStep(
      averageWeight: Float(weight), weightStep: Float(weightStep(rate, weight)), zStep: Float(-rate),
      weightDecay: Float(options.weightDecay), adaptive: denominator == nil ? 0 : 1,
      moments: BasinMoments(
        beta1: 0, beta2: denominator?.beta2 ?? 0, epsilon: denominator?.epsilon ?? 0, count: count))
  }

  private func weightStep(_ rate: Double, _ weight: Double) -> Double {
    rate * (options.interpolation * (1 - weight) - 1)
  }

  private func stepPlainly(_ batch: ParameterBuffers.Batch, _ rate: Double, _ weight: Double) throws {
    let z = batch[0], decay = options.weightDecay
    var directions = batch.gradients
    if let denominator = options.denominator {
      let squares = batch[1]
      try squares.multiply(by: denominator.beta2)
      try squares.addProduct(directions, directions, scale: 1 - denominator.beta2)
      let roots = try squares.squareRoots()
      try roots.multiply(by: 1 / (1 - power(denominator.beta2, batch.count)).squareRoot())
      try roots.add(denominator.epsilon)
      directions = try directions.divided(by: roots)
    }
    if decay != 0 { directions = try directions.adding(batch.weights, scale: decay) }
    try batch.weights.lerp(to: z, weight: weight)
    try batch.weights.add(directions, scale: weightStep(rate, weight))
    try z.add(directions, scale: -rate)
  }

  // MARK: Switching

  public func useEvaluationWeights() throws {
    guard trainingWeights == nil else { return }
    guard let z = buffers.all(0) else { return trainingWeights = [] }
    try LibTorch.withoutGradient {
      let copies = try buffers.trained.tensors.map { try $0.clone() }
      try buffers.trained.tensors.lerp(to: z, weight: 1 - 1 / options.interpolation)
      trainingWeights = copies
    }
  }

  public func useTrainingWeights() throws {
    guard let copies = trainingWeights else { return }
    if !copies.isEmpty { try copyTensors(copies, to: buffers.trained.tensors) }
    trainingWeights = nil
  }

  // MARK: State

  /// `z/<path>`, for AdamW `exp_avg_sq/<path>`, the counter `step`, and `weightSum` and `largestRate`, float64 numbers.
  public var state: OptimizerState {
    get throws {
      var state = try buffers.state
      try average.save(in: &state)
      return state
    }
  }

  /// Takes the parameters for training weights, whatever they held before.
  public func restore(_ state: OptimizerState) throws {
    var rest = state
    let average = try ScheduleFreeAverage(takenFrom: &rest, of: OptimizerOptions.name)
    try buffers.restore(rest)
    self.average = average
    trainingWeights = nil
  }

  /// Takes what the parameters hold for the weights to start from, in evaluation too.
  public func reset() {
    buffers.reset()
    average = ScheduleFreeAverage()
    trainingWeights = nil
  }
}
