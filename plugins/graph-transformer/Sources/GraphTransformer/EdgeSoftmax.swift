import PluginAPI

/// The edges a layer passes messages along.
public struct EdgeTensors {
  /// The node each edge comes from and the one it goes to, int64 `[E]`.
  public let sources, targets: Tensor
  /// `[E, W]`; nil where edges have no features.
  public let features: Tensor?
  /// Nodes, N.
  public let nodes: Int

  public init(sources: Tensor, targets: Tensor, features: Tensor? = nil, nodes: Int) {
    self.sources = sources
    self.targets = targets
    self.features = features
    self.nodes = nodes
  }

  public var count: Int { targets.count }
}

extension EdgeTensors {
  private static let scatterReduce = Operator("aten::scatter_reduce", "two")

  /// The softmax of scores over the edges that go to the same node: `[E, H]`, same shape out.
  ///
  /// The greatest score of each node is taken off first, so that no exponential overflows; it cancels, and has no gradient.
  public func softmax(_ scores: Tensor) throws -> Tensor {
    guard count > 0 else { return scores }
    let heads = scores.shape[1]
    let none = try Tensor.zeros([nodes, heads], scores.dtype, device: scores.device)
    let greatest = try LibTorch.withoutGradient {
      try Self.scatterReduce(
        .tensor(none), .int(0), .tensor(targets.unsqueezed(1).expanded([count, heads])), .tensor(scores.detached()),
        .string("amax"), .bool(false))
    }
    let exponentials = try (scores - greatest.rows(targets)).exp()
    return try exponentials / sums(exponentials).rows(targets)
  }

  /// What arrives at each node: `[E, ...]` to `[N, ...]`.
  public func sums(_ messages: Tensor) throws -> Tensor {
    try Tensor.zeros([nodes] + messages.shape.dropFirst(), messages.dtype, device: messages.device)
      .addingRows(targets, messages)
  }
}
