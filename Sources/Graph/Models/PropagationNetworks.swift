import PluginAPI

/// Simple graph convolution (Wu et al. 2019): a linear layer on features averaged over K steps. `lin` as in PyTorch
/// Geometric's `SGConv`.
public final class SGC: GraphNetwork, Model {
  public struct Settings: Options {
    public var steps = 2
    public var readout = Readout.mean

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("steps", \.steps, in: 1...256, "steps of averaging over neighbours"),
        Field("readout", \.readout, choices: Readout.self, "how the nodes of a graph become one vector"),
      ]
    }
  }

  public let lin: Linear
  private let options: Settings

  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("sgc", shape, task)
    self.options = options
    lin = try Linear(shape.features, task.outputs)
    // It has no hidden layer: the readout of a linear model is the prediction.
    try super.init(NetworkShape(dropout: 0), widths: [], level: .node, outputs: task.outputs, weighting: .renormalized)
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    let field = try cache.field(of: input, depth: options.steps)
    // Averages and weights commute, and the prediction is narrower than the features.
    var x = try lin.located {
      try field.input(like: lin.weight, dropout: 0, nil).linear(lin.weight)
    }
    for layer in field.layers { x = try layer.neighborSums(x) }
    if let segments = field.segments { x = try segments.reduce(x, options.readout) }
    return Output(try lin.bias.map { try x + $0 } ?? x)
  }
}

/// APPNP (Gasteiger et al. 2019): a perceptron whose predictions spread by personalized PageRank,
/// z = (1 - alpha) A z + alpha h, K times. `lins.N` are its layers.
public final class APPNP: GraphNetwork, Model {
  public struct Settings: NetworkSettings {
    public var network = NetworkShape(hidden: 64, layers: 2, dropout: 0.5)
    public var steps = 10
    public var alpha = 0.1

    public init() {}

    public static var fields: [Field<Self>] {
      networkFields + [
        Field("steps", \.steps, in: 1...256, "steps of spreading"),
        Field("alpha", \.alpha, in: 0...1, "the part of a node's own prediction at each step"),
      ]
    }
  }

  public let lins: [Linear]
  private let options: Settings

  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("appnp", shape, task)
    self.options = options
    let last = shape.level == .node ? task.outputs : options.network.hidden
    let widths =
      [shape.features] + Array(repeating: options.network.hidden, count: options.network.layers - 1) + [last]
    lins = try zip(widths, widths.dropFirst()).map { try Linear($0, $1) }
    try super.init(
      options.network, widths: Array(widths.dropFirst()), level: shape.level, outputs: task.outputs,
      weighting: .renormalized)
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    try predicting(input, depth: options.steps, mode) { field in
      var x = try perceive(lins, field, mode)
      var own = x
      for layer in field.layers {
        own = try layer.own(own)
        x = try layer.neighborSums(x) * (1 - options.alpha) + own * options.alpha
      }
      return level == .node ? x : try readOut([x], field.segments, mode)
    }
  }
}

/// A perceptron that ignores edges: what a graph network must beat. `lins.N` are its layers.
public final class MLP: GraphNetwork, Model {
  public struct Settings: NetworkSettings {
    public var network = NetworkShape(hidden: 64, layers: 2, dropout: 0.5)
    public init() {}
    public static var fields: [Field<Self>] { networkFields }
  }

  public let lins: [Linear]

  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("mlp", shape, task)
    let last = shape.level == .node ? task.outputs : options.network.hidden
    let widths =
      [shape.features] + Array(repeating: options.network.hidden, count: options.network.layers - 1) + [last]
    lins = try zip(widths, widths.dropFirst()).map { try Linear($0, $1) }
    try super.init(
      options.network, widths: Array(widths.dropFirst()), level: shape.level, outputs: task.outputs, weighting: .sum)
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    // For graphs a layer of message passing is made and left alone: it numbers the nodes.
    try predicting(input, depth: level == .node ? 0 : 1, mode) { field in
      let x = try perceive(lins, field, mode)
      return level == .node ? x : try readOut([x], field.segments, mode)
    }
  }
}

extension GraphNetwork {
  /// A perceptron over the features of the nodes of a field. Its last layer is hidden in a network of graphs.
  func perceive(_ lins: [Linear], _ field: ReceptiveField, _ mode: Mode) throws -> Tensor {
    let random = network.dropout > 0 ? mode.random : nil
    var input = try field.input(like: lins[0].weight, dropout: network.dropout, random)
    var x = try input.linear(lins[0])
    for index in lins.indices {
      if index > 0 { x = try input.linear(lins[index]) }
      guard level == .graph || index < lins.count - 1 else { break }
      x = try activated(x, index, mode)
      if network.residual, case .rows(let before) = input, before.shape[1] == x.shape[1] { x = try x + before }
      if index < lins.count - 1 { input = .rows(try x.dropped(network.dropout, random)) }
    }
    return x
  }
}
