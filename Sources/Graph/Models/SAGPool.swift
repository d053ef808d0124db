import PluginAPI

/// Self-attention pooling (Lee et al. 2019): the nodes of the highest scores, a graph convolution's, stay, each
/// weighted by tanh of its score. `gnn` as in PyTorch Geometric's `SAGPooling`.
public final class SelfAttentionPooling: Module {
  public let gnn: GraphConvolution
  let ratio: Double

  public init(_ inputs: Int, ratio: Double) throws {
    gnn = try GraphConvolution(inputs, 1)
    self.ratio = ratio
  }

  /// - Parameter x: `[N, inputs]`.
  func callAsFunction(_ x: Tensor, _ graphs: PooledGraphs, _ mode: Mode) throws -> (Tensor, PooledGraphs) {
    try located {
      let scores = try gnn.pass(.rows(x), graphs.renormalized, mode)
      let (rows, segments) = try graphs.segments.topRows(scores, ratio: ratio)
      let places = try Tensor(rows.map { Int64($0) }).to(x.device)
      let kept = try x.rows(places) * scores.rows(places).tanh()
      return (kept, try PooledGraphs(graphs.adjacency.induced(rows), segments))
    }
  }
}

/// The graphs of a batch, or what a pooling left of them.
struct PooledGraphs {
  /// The edges' weights.
  let adjacency: Aggregation
  let renormalized: Aggregation
  let segments: Segments

  init(_ adjacency: Aggregation, _ segments: Segments) throws {
    self.adjacency = adjacency
    self.segments = segments
    renormalized = try adjacency.renormalized()
  }

  /// - Throws: `BasinError` where the batch is not one of graphs.
  init(_ field: ReceptiveField) throws {
    guard let segments = field.segments else {
      throw BasinError.internalError("a model of graphs got a batch of nodes")
    }
    try self.init(field.layers[0], segments)
  }

  /// Mean and maximum over each graph, side by side: `[B, 2 width]`.
  func meanAndMax(_ x: Tensor) throws -> Tensor {
    try Tensor.concatenate([segments.reduce(x, .max), segments.reduce(x, .mean)], axis: 1)
  }
}

/// SAGPool (Lee et al. 2019) for graphs. Global: convolutions, one pooling over all of them side by side, one readout.
/// Hierarchical: a pooling and a readout after each convolution, the readouts added.
///
/// `convs.N`, `pools.N.gnn`, `lin1`, `lin2`, `lin3`.
public final class SAGPool: Model {
  public struct Settings: Options {
    public enum Form: String, CaseIterable, Sendable { case global, hierarchical }
    public var hidden = 128
    public var layers = 3
    public var ratio = 0.5
    public var dropout = 0.5
    public var form = Form.hierarchical

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("hidden", \.hidden, in: 1...65_536, "width of the hidden layers"),
        Field("layers", \.layers, in: 1...64, "graph convolutions"),
        Field("ratio", \.ratio, in: 0.001...1, "part of a graph's nodes that a pooling keeps, rounded up"),
        Field("dropout", \.dropout, in: 0...0.99, "dropout between the last layers"),
        Field("form", \.form, choices: Form.self, "one pooling behind all convolutions, or one after each"),
      ]
    }
  }

  public let convs: [GraphConvolution]
  public let pools: [SelfAttentionPooling]
  public let lin1: Linear
  public let lin2: Linear
  public let lin3: Linear
  private let options: Settings
  let cache = ReceptiveFieldCache(weighting: .sum)

  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try GraphNetwork.check("sagpool", shape, task)
    try shape.requireGraphs("sagpool")
    self.options = options
    let (hidden, layers) = (options.hidden, options.layers)
    convs = try (0..<layers).map { try GraphConvolution($0 == 0 ? shape.features : hidden, hidden) }
    let isGlobal = options.form == .global
    let width = isGlobal ? hidden * layers : hidden
    pools = try (0..<(isGlobal ? 1 : layers)).map { _ in
      try SelfAttentionPooling(width, ratio: options.ratio)
    }
    lin1 = try Linear(2 * width, hidden)
    lin2 = try Linear(hidden, max(hidden / 2, 1))
    lin3 = try Linear(max(hidden / 2, 1), task.outputs)
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    let field = try cache.field(of: input, depth: 1)
    var graphs = try PooledGraphs(field)
    var next = try field.input(like: lin1.weight, dropout: 0, nil)
    var layers: [Tensor] = []
    var vectors: Tensor?
    for (index, conv) in convs.enumerated() {
      var x = try relu(conv.pass(next, graphs.renormalized, mode))
      if options.form == .global {
        layers.append(x)
      } else {
        (x, graphs) = try pools[index](x, graphs, mode)
        let read = try graphs.meanAndMax(x)
        vectors = try vectors.map { try $0 + read } ?? read
      }
      next = .rows(x)
    }
    if options.form == .global {
      let (x, kept) = try pools[0](Tensor.concatenate(layers, axis: 1), graphs, mode)
      vectors = try kept.meanAndMax(x)
    }
    guard let vectors else { throw BasinError.internalError("model sagpool has no layers") }
    let x = try relu(lin1(vectors)).dropped(options.dropout, mode.random)
    return Output(try lin3(relu(lin2(x))))
  }
}

extension GraphBatch.Shape {
  /// - Throws: `BasinError` of kind usage for a data set of nodes.
  func requireGraphs(_ model: String) throws {
    guard level == .graph else {
      throw BasinError.usage(
        "model \(model) predicts whole graphs; this data set asks about nodes",
        advice: "Take a data set of many graphs, such as mutag or tu:FILE.zip, or a model such as gcn")
    }
  }
}
