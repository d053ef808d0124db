import PluginAPI

/// The graph isomorphism network that reads the features of edges (Hu et al. 2020), for graphs and for nodes.
public final class GINE: GraphNetwork, Model {
  public typealias Settings = GIN.Settings

  public let convs: [EdgeIsomorphismConvolution]
  /// Its perceptrons do.
  override var normalizesByBatch: Bool { true }

  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("gine", shape, task)
    guard shape.edgeFeatures > 0 else {
      throw BasinError.usage(
        "model gine reads features of edges; this data set has none",
        advice: "Take model gin, or attributes of edges by --set dataset.edgeFeatures where the files have them")
    }
    let last = shape.level == .node ? task.outputs : options.network.hidden
    let widths =
      [shape.features] + Array(repeating: options.network.hidden, count: options.network.layers - 1) + [last]
    convs = try zip(widths, widths.dropFirst()).map {
      try EdgeIsomorphismConvolution(
        $0, $1, edgeFeatures: shape.edgeFeatures, learnsEpsilon: options.learnEpsilon)
    }
    try super.init(
      options.network, widths: convs.map(\.outputWidth), level: shape.level, outputs: task.outputs, weighting: .sum)
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    try predicting(input, depth: convs.count, mode) {
      try predict(convs, $0, like: convs[0].nn.lins[0].weight, mode)
    }
  }
}
