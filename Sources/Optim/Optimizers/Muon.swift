import PluginAPI

/// Options of ``Muon``.
public struct MuonOptions: Options {
  /// How the rate of a matrix follows from its shape.
  public enum Adjustment: String, CaseIterable, Sendable {
    case original
    case matchRMSAdamW = "match-rms-adamw"
  }

  /// The type the iteration computes in.
  public enum Precision: String, CaseIterable, Sendable { case weights, bfloat16 }

  public var momentum = 0.95
  public var nesterov = true
  public var weightDecay = 0.1
  public var newtonSchulzSteps = 5
  public var filters = true
  public var adjust = Adjustment.original
  public var precision = Precision.weights
  public var adamLearningRate = 0.015
  public var beta1 = 0.9
  public var beta2 = 0.95
  public var epsilon = 1e-8

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("momentum", \.momentum, in: 0...1, "memory of the mean of the gradients of matrices"),
      Field("nesterov", \.nesterov, "look ahead along the momentum (Nesterov)"),
      Field("weightDecay", \.weightDecay, in: 0...1000, "part of the learning rate the weights shrink by a step"),
      Field("newtonSchulzSteps", \.newtonSchulzSteps, in: 1...99, "steps of the iteration that orthogonalizes"),
      Field("filters", \.filters, "take filters [O, I, height, width] as matrices of O rows; else they go to AdamW"),
      Field(
        "adjust", \.adjust, choices: Adjustment.self,
        "rate of an A x B matrix: times sqrt(max(1, A / B)), or times 0.2 sqrt(max(A, B)), the size of AdamW's steps"),
      Field(
        "precision", \.precision, choices: Precision.self,
        "type the iteration computes in: that of the weights, or bfloat16"),
      Field(
        "adamLearningRate", \.adamLearningRate, in: 0...1000,
        "AdamW's rate for all else, as a part of the learning rate"),
      Field("beta1", \.beta1, in: 0...0.999_999_999, "AdamW's memory of the mean of the gradients"),
      Field("beta2", \.beta2, in: 0...0.999_999_999, "AdamW's memory of the mean of their squares"),
      Field("epsilon", \.epsilon, in: 0...1, "added to AdamW's denominator"),
    ]
  }
}

/// Muon for matrices (Jordan et al. 2024), as `torch.optim.Muon`, and AdamW for everything else.
///
/// With m = momentum m + (1 - momentum) g: u = m, or with `nesterov` g + momentum (m - g); w becomes
/// (1 - rate weightDecay) w - rate' O, where O is u with all singular values brought close to 1 (`orthogonalized`) and
/// rate' the rate adjusted to the shape. PyTorch runs the iteration in bfloat16, which `precision` asks for; the type
/// of the weights is the default here, for so coarse a rounding differs from one processor to the next.
public final class Muon: Optimizer {
  private static let prefix = "adamw/"

  private let options: MuonOptions
  private var buffers: ParameterBuffers
  private let others: AdamW

  public init(_ options: MuonOptions, parameters: [NamedTensor]) throws {
    self.options = options
    func isMatrix(_ parameter: NamedTensor) -> Bool {
      let dimensions = parameter.tensor.dimensions
      return dimensions == 2 || dimensions > 2 && options.filters
    }
    buffers = ParameterBuffers(parameters.filter(isMatrix), [.init(name: "momentum")], of: "muon")
    var adam = AdamOptions<DecoupledDecay>()
    adam.beta1 = options.beta1
    adam.beta2 = options.beta2
    adam.epsilon = options.epsilon
    adam.weightDecay = options.weightDecay
    others = try AdamW(adam, parameters: parameters.filter { !isMatrix($0) })
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      for batch in try buffers.advance().flatMap(\.parts) {
        try batch[0].lerp(to: batch.gradients, weight: 1 - options.momentum)
        let directions =
          options.nesterov ? try batch.gradients.interpolated(to: batch[0], weight: options.momentum) : batch[0]
        for (weight, direction) in zip(batch.weights, directions) { try step(weight, direction, learningRate) }
      }
    }
    try others.step(learningRate: learningRate * options.adamLearningRate)
  }

  private func step(_ weight: Tensor, _ direction: Tensor, _ learningRate: Double) throws {
    let shape = weight.shape
    guard weight.count > 0, let rows = shape.first else { return }
    let columns = weight.count / rows
    var matrix = shape.count == 2 ? direction : try direction.reshaped([rows, columns])
    if options.precision == .bfloat16 { matrix = try matrix.to(.bfloat16) }
    matrix = try orthogonalized(matrix, steps: options.newtonSchulzSteps)
    if options.weightDecay != 0 { try weight.multiply(by: 1 - learningRate * options.weightDecay) }
    let adjustment =
      switch options.adjust {
      case .original: max(1, Double(rows) / Double(columns)).squareRoot()
      case .matchRMSAdamW: 0.2 * Double(max(rows, columns)).squareRoot()
      }
    try weight.add(shape.count == 2 ? matrix : matrix.reshaped(shape), scale: -learningRate * adjustment)
  }

  /// `momentum/<path>` and the counter `step` of the matrices; AdamW's state under `adamw/`.
  public var state: OptimizerState { get throws { try buffers.state(around: others, under: Self.prefix) } }
  public func restore(_ state: OptimizerState) throws { try buffers.restore(state, around: others, under: Self.prefix) }

  public func reset() {
    buffers.reset()
    others.reset()
  }
}
