import PluginAPI

/// The options of both attention networks.
public struct AttentionSettings: NetworkSettings {
  public var network = NetworkShape(hidden: 8, layers: 2, dropout: 0.6, activation: .elu)
  public var heads = 8
  public var outputHeads = 1
  public var attentionDropout = 0.6
  public var slope = 0.2

  public init() {}

  public static var fields: [Field<Self>] {
    networkFields + [
      Field("heads", \.heads, in: 1...1024, "heads of the hidden layers; `hidden` is the width of each"),
      Field("outputHeads", \.outputHeads, in: 1...1024, "heads of the last layer, whose mean is taken"),
      Field("attentionDropout", \.attentionDropout, in: 0...0.99, "part of the attention weights that is dropped"),
      Field("slope", \.slope, in: 0...1, "slope of leaky ReLU below 0, within the scores"),
    ]
  }

  /// The layers of a network.
  func make<Layer: GraphLayer>(
    _ shape: GraphBatch.Shape, _ task: Task,
    _ layer: (_ inputs: Int, _ heads: Int, _ width: Int, _ concatenates: Bool) throws -> Layer
  ) throws -> [Layer] {
    var layers: [Layer] = []
    for index in 0..<network.layers {
      let inputs = layers.last?.outputWidth ?? shape.features
      let isPrediction = index == network.layers - 1 && shape.level == .node
      layers.append(
        try layer(
          inputs, isPrediction ? outputHeads : heads, isPrediction ? task.outputs : network.hidden, !isPrediction))
    }
    return layers
  }
}

/// The graph attention network of Velickovic et al. (2018), for nodes and for graphs.
public final class GAT: GraphNetwork, Model {
  public let convs: [AttentionConvolution]

  public init(_ options: AttentionSettings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("gat", shape, task)
    convs = try options.make(shape, task) {
      try AttentionConvolution(
        $0, heads: $1, width: $2, concatenates: $3, dropout: options.attentionDropout, slope: options.slope)
    }
    try super.init(
      options.network, widths: convs.map(\.outputWidth), level: shape.level, outputs: task.outputs, weighting: .looped)
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    try predicting(input, depth: convs.count, mode) { try predict(convs, $0, like: convs[0].bias, mode) }
  }
}

/// GATv2, graph attention with scores that depend on both ends together (Brody et al. 2022).
public final class GATv2: GraphNetwork, Model {
  public let convs: [DynamicAttentionConvolution]

  public init(_ options: AttentionSettings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("gatv2", shape, task)
    convs = try options.make(shape, task) {
      try DynamicAttentionConvolution(
        $0, heads: $1, width: $2, concatenates: $3, dropout: options.attentionDropout, slope: options.slope)
    }
    try super.init(
      options.network, widths: convs.map(\.outputWidth), level: shape.level, outputs: task.outputs, weighting: .looped)
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    try predicting(input, depth: convs.count, mode) { try predict(convs, $0, like: convs[0].bias, mode) }
  }
}
