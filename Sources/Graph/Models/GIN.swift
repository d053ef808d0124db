import PluginAPI

/// The graph isomorphism network of Xu et al. (2019), for graphs and for nodes.
public final class GIN: GraphNetwork, Model {
  public struct Settings: NetworkSettings {
    public var network = NetworkShape(
      hidden: 64, layers: 5, dropout: 0, norm: .batch, readout: .sum, jumping: .cat)
    public var learnEpsilon = false

    public init() {}

    public static var fields: [Field<Self>] {
      networkFields + [Field("learnEpsilon", \.learnEpsilon, "learn how much a node counts beside its neighbours")]
    }
  }

  public let convs: [IsomorphismConvolution]
  private var stack: IsomorphismStack?
  /// Its perceptrons do.
  override var normalizesByBatch: Bool { true }

  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("gin", shape, task)
    let last = shape.level == .node ? task.outputs : options.network.hidden
    let widths =
      [shape.features] + Array(repeating: options.network.hidden, count: options.network.layers - 1) + [last]
    convs = try zip(widths, widths.dropFirst()).map {
      try IsomorphismConvolution($0, $1, learnsEpsilon: options.learnEpsilon)
    }
    try super.init(
      options.network, widths: convs.map(\.outputWidth), level: shape.level, outputs: task.outputs,
      weighting: .sumWithSelf)
    if shape.level == .graph { stack = IsomorphismStack(convs, norms, options.network) }
  }

  /// Each layer has a second product.
  override public func multiplications(_ input: GraphBatch) -> Int? { super.multiplications(input).map { 2 * $0 } }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    try predicting(input, depth: convs.count, mode) {
      if let read = try stack?($0, mode) { return try head(read, mode) }
      return try predict(convs, $0, like: convs[0].nn.lins[0].weight, mode)
    }
  }
}
