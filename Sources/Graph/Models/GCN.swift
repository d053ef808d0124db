import PluginAPI

/// The graph convolutional network of Kipf & Welling (2017), for classifying nodes.
///
/// Every layer is A X W^T + b with A = D^-1/2 (adjacency + I) D^-1/2; ReLU between the layers, dropout on the input of
/// each: on the stored features in the first, where a feature that is 0 stays 0 either way. Tensors are named
/// `convs.0.lin.weight` `[out, in]` and `convs.0.bias` as in PyTorch Geometric.
public final class GCN: Model {
  public struct Settings: Options {
    public var hidden = 16
    public var layers = 2
    public var dropout = 0.5

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("hidden", \.hidden, in: 1...65_536, "width of the hidden layers"),
        Field("layers", \.layers, in: 1...64, "graph convolutions"),
        Field("dropout", \.dropout, in: 0...0.99, "part of each layer's inputs that is dropped in training"),
      ]
    }
  }

  public let convs: [GraphConvolution]
  public let dropout: Double
  /// Derived from graphs; no part of the model.
  let cache = ReceptiveFieldCache()

  public convenience init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    guard case .classification(let classes) = task, classes > 0 else {
      throw BasinError.usage("model gcn classifies nodes; the data set's task is \(task)")
    }
    guard shape.features > 0 else { throw BasinError.usage("model gcn needs at least one feature a node") }
    let hidden = [Int](repeating: options.hidden, count: max(options.layers - 1, 0))
    try self.init(widths: [shape.features] + hidden + [classes], dropout: options.dropout)
  }

  /// A network of the given widths: features a node, hidden layers, classes.
  public init(widths: [Int], dropout: Double) throws {
    guard widths.count > 1, (0..<1).contains(dropout) else {
      throw BasinError.usage("model gcn needs two widths or more and a dropout below 1, got \(widths) and \(dropout)")
    }
    convs = try zip(widths, widths.dropFirst()).map { try GraphConvolution($0, $1) }
    self.dropout = dropout
  }

  /// The logits of the nodes asked for, `[count, classes]`.
  ///
  /// float32 parameters on the CPU run through kernels that compute what those nodes depend on and nothing else; others
  /// through ``referenceForward(_:_:)``, which gives the same but for rounding.
  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    let bias = convs[convs.count - 1].bias
    guard bias.device == .cpu, bias.dtype == .float32, input.count > 0 else { return try referenceForward(input, mode) }
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
