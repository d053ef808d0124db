import Foundation
import PluginAPI

/// A layer of GCNII (Chen et al. 2020): ((1 - alpha) A x + alpha x0)((1 - beta) I + beta W), beta = log(theta / l + 1).
/// `weight1` `[width, width]` as in PyTorch Geometric's `GCN2Conv`.
public final class InitialResidualConvolution: Module {
  @Parameter public var weight1: Tensor
  let alpha, beta: Double

  /// - Parameter number: of the layer, from 1.
  public init(_ width: Int, alpha: Double, theta: Double, number: Int) throws {
    _weight1 = try Parameter(shape: [width, width], .glorotUniform(inputs: width, outputs: width))
    self.alpha = alpha
    beta = log(theta / Double(number) + 1)
  }

  /// - Parameters:
  ///   - x: `[C, width]`.
  ///   - first: the first layer's rows of the outputs, `[R, width]`.
  func callAsFunction(_ x: Tensor, first: Tensor, _ aggregation: Aggregation) throws -> Tensor {
    try located {
      let mixed = try aggregation.neighborSums(x) * (1 - alpha) + first * alpha
      return try mixed * (1 - beta) + mixed.matmul(weight1) * beta
    }
  }
}

/// GCNII, deep graph convolutions with an initial residual and identity mapping (Chen et al. 2020). `lins.0`, `convs.N`,
/// `lins.1`.
public final class GCNII: GraphNetwork, Model {
  public struct Settings: NetworkSettings {
    public var network = NetworkShape(hidden: 64, layers: 64, dropout: 0.6)
    public var alpha = 0.1
    public var theta = 0.5

    public init() {}

    public static var fields: [Field<Self>] {
      networkFields + [
        Field("alpha", \.alpha, in: 0...1, "the part of the first layer's rows in every layer"),
        Field("theta", \.theta, in: 0...10, "how much weights count: layer l's is log(theta / l + 1)"),
      ]
    }
  }

  public let lins: [Linear]
  public let convs: [InitialResidualConvolution]

  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("gcnii", shape, task)
    let hidden = options.network.hidden
    let last = shape.level == .node ? [try Linear(hidden, task.outputs)] : []
    lins = [try Linear(shape.features, hidden)] + last
    convs = try (1...options.network.layers).map {
      try InitialResidualConvolution(hidden, alpha: options.alpha, theta: options.theta, number: $0)
    }
    try super.init(
      options.network, widths: Array(repeating: hidden, count: convs.count + (shape.level == .node ? 1 : 0)),
      level: shape.level, outputs: task.outputs, weighting: .renormalized)
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    try predicting(input, depth: convs.count, mode) { try predict($0, mode) }
  }

  private func predict(_ field: ReceptiveField, _ mode: Mode) throws -> Tensor {
    let random = network.dropout > 0 ? mode.random : nil
    var x = try network.activation(
      field.input(like: lins[0].weight, dropout: network.dropout, random).linear(lins[0]))
    var first = x
    var kept: [Tensor] = []
    for (index, conv) in convs.enumerated() {
      let layer = field.layers[index]
      first = try layer.own(first)
      let before = x
      x = try activated(conv(x.dropped(network.dropout, random), first: first, layer), index, mode)
      if network.residual { x = try x + layer.own(before) }
      if network.jumping == .cat { kept.append(x) }
    }
    if level == .node { return try lins[1](x.dropped(network.dropout, random)) }
    return try readOut(network.jumping == .cat ? kept : [x], field.segments, mode)
  }
}
