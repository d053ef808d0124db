import PluginAPI

/// What is done to each hidden layer of a network over its nodes.
public enum Normalization: String, CaseIterable, Sendable { case none, batch, layer }

public enum Activation: String, CaseIterable, Sendable {
  case relu, elu

  private static let eluOperator = Operator("aten::elu")

  func callAsFunction(_ x: Tensor) throws -> Tensor {
    switch self {
    case .relu: try PluginAPI.relu(x)
    case .elu: try Self.eluOperator(.tensor(x))
    }
  }
}

/// Which layers of a network of graphs are read out.
public enum Jumping: String, CaseIterable, Sendable {
  case last
  /// All hidden layers side by side (Xu et al. 2018).
  case cat
}

/// The options that the message-passing networks of this module share.
public struct NetworkShape: Hashable, Sendable {
  public var hidden = 16
  public var layers = 2
  public var dropout = 0.5
  public var headDropout = 0.5
  public var norm = Normalization.none
  public var activation = Activation.relu
  public var residual = false
  public var readout = Readout.mean
  public var jumping = Jumping.last

  public init(
    hidden: Int = 16, layers: Int = 2, dropout: Double = 0.5, norm: Normalization = .none,
    activation: Activation = .relu, readout: Readout = .mean, jumping: Jumping = .last
  ) {
    self.hidden = hidden
    self.layers = layers
    self.dropout = dropout
    self.norm = norm
    self.activation = activation
    self.readout = readout
    self.jumping = jumping
  }
}

/// Settings with a ``NetworkShape`` among them.
public protocol NetworkSettings: Options {
  var network: NetworkShape { get set }
}

extension NetworkSettings {
  static var networkFields: [Field<Self>] {
    [
      Field("hidden", \Self.network.hidden, in: 1...65_536, "width of the hidden layers"),
      Field("layers", \Self.network.layers, in: 1...256, "layers of message passing"),
      Field("dropout", \Self.network.dropout, in: 0...0.99, "part of each layer's inputs that is dropped in training"),
      Field("headDropout", \Self.network.headDropout, in: 0...0.99, "dropout between the two last layers of a network of graphs"),
      Field("norm", \Self.network.norm, choices: Normalization.self, "normalization of the hidden layers"),
      Field("activation", \Self.network.activation, choices: Activation.self, "what follows each hidden layer"),
      Field("residual", \Self.network.residual, "add a layer's input to its output where both are as wide"),
      Field("readout", \Self.network.readout, choices: Readout.self, "how the nodes of a graph become one vector"),
      Field("jumping", \Self.network.jumping, choices: Jumping.self, "layers that are read out: the last, or all"),
    ]
  }
}

/// A layer of message passing.
public protocol GraphLayer: Module {
  /// The width of its rows.
  var outputWidth: Int { get }
}

/// The part of ``GraphLayer`` that this module keeps to itself.
protocol MessagePassing: GraphLayer {
  /// The inputs' rows to the outputs', `[R, outputWidth]`.
  func pass(_ input: LayerInput, _ aggregation: Aggregation, _ mode: Mode) throws -> Tensor
}

/// What networks of message-passing layers have in common: normalization, activation, dropout, residual connections,
/// and for whole graphs the readout with its two last layers, `lin1` and `lin2`.
///
/// Subclasses have the layers, as `convs`. For nodes the last of them gives the prediction; for graphs all of them are
/// hidden layers.
public class GraphNetwork: Module {
  public let norms: [any Module]
  public let lin1: Linear?
  public let lin2: Linear?
  public let network: NetworkShape
  let level: GraphBatch.Level
  /// Derived from graphs; no part of the model.
  let cache: ReceptiveFieldCache
  private let widths: [Int]

  /// - Parameters:
  ///   - widths: of what each layer gives.
  ///   - outputs: the width of the prediction.
  init(
    _ network: NetworkShape, widths: [Int], level: GraphBatch.Level, outputs: Int, weighting: Weighting
  ) throws {
    self.network = network
    self.level = level
    self.widths = widths
    cache = ReceptiveFieldCache(weighting: weighting)
    let hidden = level == .graph ? widths : widths.dropLast()
    norms =
      switch network.norm {
      case .none: []
      case .batch: try hidden.map { try BatchNorm($0) }
      case .layer: try hidden.map { try LayerNorm($0) }
      }
    if level == .graph {
      let read = network.jumping == .cat ? widths.reduce(0, +) : widths.last ?? 0
      lin1 = try Linear(read, network.hidden)
      lin2 = try Linear(network.hidden, outputs)
    } else {
      (lin1, lin2) = (nil, nil)
    }
  }

  /// - Throws: `BasinError` where a model of that name cannot learn from such data.
  static func check(_ name: String, _ shape: GraphBatch.Shape, _ task: Task) throws {
    if case .nextToken = task { throw BasinError.usage("model \(name) cannot learn the next token") }
    guard shape.features > 0 else { throw BasinError.usage("model \(name) needs at least one feature a node") }
    guard task.outputs > 0 else { throw BasinError.usage("model \(name) has nothing to predict: the task is \(task)") }
  }

  /// Those of the features, the neighbours and the layers' weights, over the whole graph or the share of it that a batch is.
  public func multiplications(_ input: GraphBatch) -> Int? {
    let graph = input.graph
    var work = graph.features.entryCount * (widths.first ?? 0)
    for (index, width) in widths.enumerated() {
      work += graph.adjacency.entryCount * width
      if index > 0 { work += graph.nodes * widths[index - 1] * width }
    }
    return level == .graph ? work / max(graph.graphs, 1) * input.items.count : work
  }

  /// Whether a layer normalizes by its batch; then what the others do depends on which nodes are computed.
  var normalizesByBatch: Bool { network.norm == .batch }

  /// `predict` over the field of a batch.
  ///
  /// A network of nodes that normalizes by batch has all nodes of the graph as the batch, as elsewhere, not just those
  /// that the prediction needs: `predict` then gets the field of all, and the rows asked for are taken from its result.
  func predicting(
    _ input: GraphBatch, depth: Int, _ mode: Mode, fanouts: (counts: [Int], random: Random)? = nil,
    _ predict: (ReceptiveField) throws -> Tensor
  ) throws -> Output {
    guard input.level == level else {
      throw BasinError.internalError("a model of a \(level.rawValue)'s prediction got a batch of \(input.level.rawValue)s")
    }
    if level == .node, normalizesByBatch, fanouts == nil {
      if case .evaluate = mode {} else {
        let all = try predict(cache.wholeField(of: input, depth: depth))
        return Output(try all.rows(input.items.to(all.device)))
      }
    }
    return Output(try predict(cache.field(of: input, depth: depth, fanouts: fanouts)))
  }

  /// The prediction of `convs` for the nodes or graphs of a field, `[count, outputs]`.
  func predict(_ convs: [any MessagePassing], _ field: ReceptiveField, like: Tensor, _ mode: Mode) throws -> Tensor {
    let random = network.dropout > 0 ? mode.random : nil
    var input = try field.input(like: like, dropout: network.dropout, random)
    var kept: [Tensor] = []
    for (index, conv) in convs.enumerated() {
      var x = try conv.pass(input, field.layers[index], mode)
      guard level == .graph || index < convs.count - 1 else { return x }
      x = try activated(x, index, mode)
      if network.residual, case .rows(let before) = input, before.shape[1] == x.shape[1] {
        x = try x + field.layers[index].own(before)
      }
      if network.jumping == .cat { kept.append(x) }
      if index == convs.count - 1 {
        return try readOut(network.jumping == .cat ? kept : [x], field.segments, mode)
      }
      input = .rows(try x.dropped(network.dropout, random))
    }
    throw BasinError.internalError("a graph network has no layers")
  }

  /// A layer's normalization and activation.
  func activated(_ x: Tensor, _ index: Int, _ mode: Mode) throws -> Tensor {
    guard norms.indices.contains(index) else { return try network.activation(x) }
    if let batch = norms[index] as? BatchNorm {
      return try network.activation == .relu ? batch.rectified(x, mode) : network.activation(batch(x, mode))
    }
    return try network.activation((norms[index] as? LayerNorm).map { try $0(x) } ?? x)
  }

  /// The prediction for each graph from the rows of its nodes, one tensor a layer that is read.
  func readOut(_ layers: [Tensor], _ segments: Segments?, _ mode: Mode) throws -> Tensor {
    guard let segments else { throw BasinError.internalError("a batch of graphs came without them") }
    let vectors = try layers.map { try segments.reduce($0, network.readout) }
    return try head(vectors.count == 1 ? vectors[0] : Tensor.concatenate(vectors, axis: 1), mode)
  }

  /// The two last layers of a network of graphs.
  func head(_ vectors: Tensor, _ mode: Mode) throws -> Tensor {
    guard let lin1, let lin2 else { throw BasinError.internalError("a network of nodes has no readout") }
    return try lin2(relu(lin1(vectors)).dropped(network.headDropout, mode.random))
  }
}
