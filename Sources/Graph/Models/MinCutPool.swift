import Foundation
import PluginAPI

/// A graph convolution over dense adjacencies: A x W_rel + b + x W_root. `lin_rel`, `lin_root` as in PyTorch
/// Geometric's `DenseGraphConv`.
public final class DenseConvolution: Module {
  public let lin_rel: Linear
  public let lin_root: Linear

  public init(_ inputs: Int, _ outputs: Int) throws {
    lin_rel = try Linear(inputs, outputs)
    lin_root = try Linear(inputs, outputs, bias: false)
  }

  /// - Parameters:
  ///   - x: `[B, K, inputs]`.
  ///   - adjacency: `[B, K, K]`.
  func callAsFunction(_ x: Tensor, _ adjacency: Tensor) throws -> Tensor {
    try located { try lin_rel(adjacency.matmul(x)) + lin_root(x) }
  }
}

/// MinCutPool (Bianchi et al. 2020) for graphs: nodes are assigned softly to clusters, trained by two losses of their
/// own: a relaxed normalized cut, and orthogonality of the assignments.
///
/// `conv`, `pools.N`, `convs.N` (dense), `lin1`, `lin2`.
public final class MinCutPool: Model {
  public struct Settings: Options {
    public var hidden = 32
    public var pools = 2
    public var ratio = 0.5
    public var dropout = 0.0

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("hidden", \.hidden, in: 1...65_536, "width of the hidden layers"),
        Field("pools", \.pools, in: 1...16, "poolings, each with a convolution before it"),
        Field("ratio", \.ratio, in: 0.001...1, "clusters of a pooling by the nodes before it, on average"),
        Field("dropout", \.dropout, in: 0...0.99, "dropout between the last layers"),
      ]
    }
  }

  public let conv: GraphConvolution
  public let pools: [Linear]
  public let convs: [DenseConvolution]
  public let lin1: Linear
  public let lin2: Linear
  private let dropout: Double
  let cache = ReceptiveFieldCache(weighting: .sum)

  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try GraphNetwork.check("mincutpool", shape, task)
    try shape.requireGraphs("mincutpool")
    let hidden = options.hidden
    conv = try GraphConvolution(shape.features, hidden)
    var clusters = max(shape.meanNodes, 1)
    pools = try (0..<options.pools).map { _ in
      clusters = (options.ratio * clusters).rounded(.up)
      return try Linear(hidden, max(Int(clusters), 1))
    }
    convs = try (0..<options.pools).map { _ in try DenseConvolution(hidden, hidden) }
    lin1 = try Linear(hidden, hidden)
    lin2 = try Linear(hidden, task.outputs)
    dropout = options.dropout
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    let field = try cache.field(of: input, depth: 1)
    let graphs = try PooledGraphs(field)
    var x = try relu(conv.pass(field.input(like: conv.bias, dropout: 0, nil), graphs.renormalized, mode))
    var adjacency: Tensor?
    var losses: (cut: Tensor, orthogonality: Tensor)?
    for (index, pool) in pools.enumerated() {
      let assigned = try softmax(pool(x))
      let parts: ClusterParts
      if let adjacency {
        let turned = try assigned.transposed(1, 2)
        let degrees = try adjacency.sum([2])
        parts = ClusterParts(
          x: try turned.matmul(x), adjacency: try turned.matmul(adjacency).matmul(assigned),
          overlaps: try turned.matmul(assigned), volumes: try ((assigned * assigned).sum([2]) * degrees).sum([1]))
      } else {
        parts = try ClusterParts(x, assigned, graphs)
      }
      let own = try parts.losses()
      losses = try losses.map { (try $0.cut + own.cut, try $0.orthogonality + own.orthogonality) } ?? own
      let next = try parts.normalizedAdjacency()
      adjacency = next
      x = try convs[index](parts.x, next)
      if index < pools.count - 1 { x = try relu(x) }
    }
    x = try relu(lin1(x.mean([1]))).dropped(dropout, mode.random)
    guard let losses else { throw BasinError.internalError("model mincutpool has no pooling") }
    return Output(
      try lin2(x), auxiliaryLosses: ["mincut": losses.cut, "orthogonality": losses.orthogonality])
  }
}

/// What a soft assignment S `[N, K]` of the nodes of each graph makes of it.
private struct ClusterParts {
  /// S^T X, `[B, K, width]`.
  let x: Tensor
  /// S^T A S, `[B, K, K]`.
  let adjacency: Tensor
  /// S^T S, `[B, K, K]`.
  let overlaps: Tensor
  /// The trace of S^T D S, `[B]`, D the degrees.
  let volumes: Tensor

  init(x: Tensor, adjacency: Tensor, overlaps: Tensor, volumes: Tensor) {
    (self.x, self.adjacency, self.overlaps, self.volumes) = (x, adjacency, overlaps, volumes)
  }

  init(_ x: Tensor, _ assigned: Tensor, _ graphs: PooledGraphs) throws {
    let segments = graphs.segments
    let degrees = try LibTorch.withoutGradient {
      try graphs.adjacency.neighborSums(Tensor.ones([segments.rows, 1], x.dtype, device: x.device))
    }
    self.x = try segments.products(assigned, x)
    adjacency = try segments.products(assigned, graphs.adjacency.neighborSums(assigned))
    overlaps = try segments.products(assigned, assigned)
    volumes = try segments.reduce((assigned * assigned).sum([1], keepDimensions: true) * degrees, .sum).reshaped([-1])
  }

  /// The square root, with a finite derivative at 0: a single cluster has no edges and nothing to be orthogonal to.
  private static func root(_ x: Tensor) throws -> Tensor { try (x + 1e-30).sqrt() }

  private var identity: Tensor {
    get throws {
      let k = overlaps.shape[1]
      let eye = (0..<(k * k)).map { Float($0 / k == $0 % k ? 1 : 0) }
      return try Tensor(eye, shape: [k, k]).to(overlaps.dtype).to(overlaps.device)
    }
  }

  /// The mean over the graphs of -trace(S^T A S) / trace(S^T D S), and of |S^T S / |S^T S| - I / |I||.
  func losses() throws -> (cut: Tensor, orthogonality: Tensor) {
    let identity = try identity
    let traces = try (adjacency * identity).sum([1, 2])
    // A graph without edges has no cut: 0 / 0 would spoil the whole batch.
    let empty = try volumes.equals(0).to(volumes.dtype)
    let cut = try -(traces / (volumes + empty)).mean()
    let norms = try Self.root((overlaps * overlaps).sum([1, 2], keepDimensions: true))
    let k = Double(identity.shape[0])
    let distance = try overlaps / norms - identity * (1 / k.squareRoot())
    return (cut, try Self.root((distance * distance).sum([1, 2])).mean())
  }

  /// S^T A S without its diagonal, scaled by the roots of its degrees.
  func normalizedAdjacency() throws -> Tensor {
    let outer = try adjacency * (1.0 - identity)
    let degrees = try Self.root(outer.sum([2])) + 1e-15
    return try outer / degrees.unsqueezed(2) / degrees.unsqueezed(1)
  }
}
