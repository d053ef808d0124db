import PluginAPI

/// The graph convolutional network of Kipf & Welling (2017), for nodes and for graphs.
///
/// Every layer is A X W^T + b with A = D^-1/2 (adjacency + I) D^-1/2; ReLU between the layers, dropout on the input of
/// each: on the stored features in the first, where a feature that is 0 stays 0 either way. Tensors are named
/// `convs.0.lin.weight` `[out, in]` and `convs.0.bias` as in PyTorch Geometric.
public final class GCN: GraphNetwork, Model {
  public struct Settings: NetworkSettings {
    public var network = NetworkShape(hidden: 16, layers: 2, dropout: 0.5)
    public init() {}
    public static var fields: [Field<Self>] { networkFields }
  }

  public let convs: [GraphConvolution]
  var dropout: Double { network.dropout }

  public convenience init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("gcn", shape, task)
    let network = options.network
    let last = shape.level == .node ? task.outputs : network.hidden
    try self.init(
      widths: [shape.features] + Array(repeating: network.hidden, count: network.layers - 1) + [last], network,
      level: shape.level, outputs: task.outputs)
  }

  /// A network over nodes of the given widths: features a node, hidden layers, classes.
  public convenience init(widths: [Int], dropout: Double) throws {
    guard widths.count > 1, (0..<1).contains(dropout) else {
      throw BasinError.usage("model gcn needs two widths or more and a dropout below 1, got \(widths) and \(dropout)")
    }
    try self.init(
      widths: widths, NetworkShape(layers: widths.count - 1, dropout: dropout), level: .node,
      outputs: widths[widths.count - 1])
  }

  private init(widths: [Int], _ network: NetworkShape, level: GraphBatch.Level, outputs: Int) throws {
    convs = try zip(widths, widths.dropFirst()).map { try GraphConvolution($0, $1) }
    try super.init(
      network, widths: Array(widths.dropFirst()), level: level, outputs: outputs, weighting: .renormalized)
  }

  /// Whether activation and dropout can be done within the sums.
  private var isPlain: Bool {
    level == .node && network.norm == .none && network.activation == .relu && !network.residual
  }

  /// The logits of the nodes asked for, `[count, classes]`.
  ///
  /// float32 parameters on the CPU run through kernels; others through LibTorch's operators, which give the same but for
  /// rounding and the draws of dropout. ``referenceForward(_:_:)`` is the twin that draws the same.
  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    let bias = convs[convs.count - 1].bias
    guard bias.isOfKernels, isPlain, input.level == level else {
      return try predicting(input, depth: convs.count, mode) { try predict(convs, $0, like: bias, mode) }
    }
    let field = try cache.field(of: input, depth: convs.count)
    let random = dropout > 0 ? mode.random : nil
    let featureMask = try random.map { try DropoutMask(count: field.features.entries, rate: dropout, $0.next()) }
    var x: Tensor?
    for (index, convolution) in convs.enumerated() {
      var activation: HiddenActivation?
      if index < convs.count - 1 {
        let count = input.graph.nodes * convolution.bias.count
        activation = HiddenActivation(mask: try random.map { try DropoutMask(count: count, rate: dropout, $0.next()) })
      }
      if let inner = x {
        x = try convolution(inner, field.layers[index], activation)
      } else {
        x = try convolution(field, dropping: featureMask, field.layers[index], activation)
      }
    }
    guard let x else { throw BasinError.internalError("model gcn has no layers") }
    return Output(x)
  }
}
