import PluginAPI

/// A network over the mean of neighbours: each layer gives every node W x + V (mean of its neighbours' x), as GraphSAGE
/// (Hamilton, Ying and Leskovec 2017) with its mean aggregator. Nodes, or whole graphs by the mean of their nodes.
public final class __Target__Model: Model {
  public struct Settings: Options {
    public var hidden = 32
    public var layers = 2
    public var dropout = 0.5

    public init() {}

    // Name, property, range and help of each: `basin describe model __name__` shows them, `--set model.hidden=64` sets one.
    public static var fields: [Field<Self>] {
      [
        Field("hidden", \.hidden, in: 1...4096, "width of every layer but the last"),
        Field("layers", \.layers, in: 1...16, "layers, each of which sees one step farther"),
        Field("dropout", \.dropout, in: 0...0.95, "part of each layer's output zeroed in training"),
      ]
    }
  }

  // Layers are found by reflection; their tensors are named by the path of properties: `layers.0.own.weight`.
  let layers: [NeighbourLayer]
  let dropout: Dropout
  let head: Linear
  /// What was derived from the graph of the batch before: all batches of nodes are of one graph.
  private var kept: Neighbourhood?

  /// Makes the layers. Their tensors are filled afterwards, each from the run's seed and its path.
  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    layers = try (0..<options.layers).map {
      try NeighbourLayer($0 == 0 ? shape.features : options.hidden, options.hidden)
    }
    dropout = Dropout(options.dropout)
    head = try Linear(options.hidden, task.outputs)
  }

  /// Nodes or graphs to logits `[N, classes]`.
  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    let field = try neighbourhood(of: input)
    var x = field.features
    for layer in layers { x = try dropout(relu(layer(x, field)), mode) }
    switch input.level {
    case .node: return Output(try head(x.rows(input.items)))
    case .graph: return Output(try head(meanOfSequences(x, offsets: field.offsets)))
    }
  }

  private func neighbourhood(of input: GraphBatch) throws -> Neighbourhood {
    guard input.level == .node else { return try Neighbourhood(ofGraphsIn: input) }
    if let kept, kept.graph === input.graph { return kept }
    let made = try Neighbourhood(ofAllNodesIn: input)
    kept = made
    return made
  }
}

/// x to W x + b + V (mean over neighbours of x): `[nodes, inputs]` to `[nodes, outputs]`.
final class NeighbourLayer: Module {
  let own: Linear
  let neighbours: Linear

  init(_ inputs: Int, _ outputs: Int) throws {
    own = try Linear(inputs, outputs)
    neighbours = try Linear(inputs, outputs, bias: false)
  }

  func callAsFunction(_ x: Tensor, _ field: Neighbourhood) throws -> Tensor {
    // The mean of products is the product of the mean, and narrower.
    try own(x) + field.mean(neighbours(x))
  }
}
