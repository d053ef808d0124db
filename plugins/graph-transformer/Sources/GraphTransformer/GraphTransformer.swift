import PluginAPI

/// The options of ``GraphTransformer``.
public struct GraphTransformerOptions: Options {
  public var hidden = 8
  public var heads = 8
  public var layers = 2
  public var dropout = 0.5
  public var attentionDropout = 0.0
  public var root = true
  public var gated = true
  public var readout = Readout.mean

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("hidden", \.hidden, in: 1...65_536, "width of each head of the hidden layers"),
      Field("heads", \.heads, in: 1...1024, "heads of attention"),
      Field("layers", \.layers, in: 1...64, "layers of attention"),
      Field("dropout", \.dropout, in: 0...0.99, "part of each layer's inputs that is dropped in training"),
      Field("attentionDropout", \.attentionDropout, in: 0...0.99, "part of the attention weights that is dropped in training"),
      Field("root", \.root, "add a projection of the node itself to what its neighbours send"),
      Field("gated", \.gated, "a learned gate between the two instead of their sum"),
      Field("readout", \.readout, choices: Readout.self, "how the nodes of a graph become one vector"),
    ]
  }
}

/// How the rows of a graph's nodes become one.
public enum Readout: String, CaseIterable, Sendable { case mean, sum }

/// A transformer over the neighbourhoods of a graph (Shi et al. 2021, arXiv 2009.03509), without the paper's propagation of labels.
///
/// Layers of ``TransformerConvolution`` with layer normalization and ReLU between them. For nodes the last layer is the mean of
/// its heads and gives the prediction, which reads the whole graph; for graphs all layers are hidden ones, and a linear layer
/// reads the mean or sum of a graph's nodes.
public final class GraphTransformer: Model {
  public let convs: [TransformerConvolution]
  public let norms: [LayerNorm]
  public let head: Linear?
  private let dropout: Dropout
  private let level: GraphBatch.Level
  private let options: GraphTransformerOptions
  private let features: Int
  /// The whole graph, made once: a data set hands out the same one with every batch.
  private var known: (graph: GraphBatch.Graph, tensors: GraphTensors)?

  /// - Throws: `BasinError` of kind usage for data without features of nodes, and for next-token tasks.
  public init(_ options: GraphTransformerOptions, shape: GraphBatch.Shape, task: Task) throws {
    if case .nextToken = task { throw BasinError.usage("model graph-transformer cannot learn the next token") }
    guard shape.features > 0 else { throw BasinError.usage("model graph-transformer needs at least one feature a node") }
    var convs: [TransformerConvolution] = []
    for index in 0..<options.layers {
      let isPrediction = index == options.layers - 1 && shape.level == .node
      convs.append(
        try TransformerConvolution(
          convs.last?.outputWidth ?? shape.features, heads: options.heads, width: isPrediction ? task.outputs : options.hidden,
          concatenates: !isPrediction, edgeFeatures: shape.edgeFeatures, root: options.root, gated: options.gated,
          dropout: options.attentionDropout))
    }
    self.convs = convs
    let hidden = shape.level == .node ? convs.dropLast() : convs[...]
    norms = try hidden.map { try LayerNorm($0.outputWidth) }
    head = shape.level == .graph ? try Linear(options.heads * options.hidden, task.outputs) : nil
    dropout = Dropout(options.dropout)
    level = shape.level
    features = shape.features
    self.options = options
  }

  /// The prediction for the nodes or graphs of a batch, `[count, outputs]`.
  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    guard input.level == level else {
      throw BasinError.internalError("a model of a \(level.rawValue)'s prediction got a batch of \(input.level.rawValue)s")
    }
    let device = convs[0].lin_key.weight.device
    let tensors = try level == .node
      ? whole(input.graph, on: device)
      : GraphTensors(input.graph, graphs: input.items.to(.cpu).values(Int64.self), on: device)
    var x = tensors.features
    for (index, conv) in convs.enumerated() {
      x = try conv(dropout(x, mode), tensors.edges, mode)
      if index < norms.count { x = try relu(norms[index](x)) }
    }
    guard let head else { return Output(try x.rows(input.items.to(device))) }
    return Output(try head(readOut(x, tensors)))
  }

  private func whole(_ graph: GraphBatch.Graph, on device: Device) throws -> GraphTensors {
    if let known, known.graph === graph, known.tensors.features.device == device { return known.tensors }
    let tensors = try GraphTensors(graph, on: device)
    known = (graph, tensors)
    return tensors
  }

  private func readOut(_ x: Tensor, _ graphs: GraphTensors) throws -> Tensor {
    let sums = try Tensor.zeros([graphs.sizes.count, x.shape[1]], x.dtype, device: x.device).addingRows(graphs.owners, x)
    guard options.readout == .mean else { return sums }
    let sizes = try Tensor(graphs.sizes.map { Float(max($0, 1)) }, shape: [graphs.sizes.count, 1])
    return try sums / sizes.to(x.dtype).to(x.device)
  }

  public func multiplications(_ input: GraphBatch) -> Int? {
    var work = 0, inputs = features
    for conv in convs {
      let columns = conv.heads * conv.width
      work += 4 * input.graph.nodes * inputs * columns + 2 * input.graph.adjacency.entryCount * columns
      inputs = conv.outputWidth
    }
    return level == .graph ? work / max(input.graph.graphs, 1) * input.count : work
  }
}
