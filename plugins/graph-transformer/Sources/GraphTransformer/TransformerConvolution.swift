import PluginAPI

/// A layer of the graph transformer (Shi et al. 2021, arXiv 2009.03509): in every head the weight of neighbour j for node i is the
/// softmax over i's neighbours of q_i . (k_j + e_ij) / sqrt(D), what arrives the weighted sum of v_j + e_ij.
///
/// A projection of the node itself is added where the layer has a root; with the gate, it and what arrives are mixed: beta skip +
/// (1 - beta) sum with beta = sigmoid(w . [sum, skip, sum - skip]). Tensors are named as in PyTorch Geometric's `TransformerConv`.
public final class TransformerConvolution: Module {
  public let lin_key: Linear
  public let lin_query: Linear
  public let lin_value: Linear
  public let lin_edge: Linear?
  public let lin_skip: Linear?
  public let lin_beta: Linear?
  public let heads, width: Int
  public let concatenates: Bool
  private let dropout: Dropout

  /// Columns of the result.
  public var outputWidth: Int { concatenates ? heads * width : width }

  /// - Parameters:
  ///   - width: D, columns of a head.
  ///   - concatenates: whether heads come side by side; else their mean.
  ///   - edgeFeatures: columns of the edges' features; 0: none are read.
  ///   - root: whether the node's own projection is there.
  ///   - gated: whether the gate beta is there, which needs the root.
  ///   - dropout: the part of the attention weights that is dropped in training.
  public init(
    _ inputs: Int, heads: Int, width: Int, concatenates: Bool, edgeFeatures: Int = 0, root: Bool = true, gated: Bool,
    dropout: Double
  ) throws {
    func projection(_ inputs: Int, _ outputs: Int, bias: Bool = true) throws -> Linear {
      try Linear(inputs, outputs, bias: bias, weight: .torchDefault(inputs: inputs), biasValue: .torchDefault(inputs: inputs))
    }
    let all = heads * width
    lin_key = try projection(inputs, all)
    lin_query = try projection(inputs, all)
    lin_value = try projection(inputs, all)
    lin_edge = edgeFeatures > 0 ? try projection(edgeFeatures, all, bias: false) : nil
    lin_skip = root ? try projection(inputs, concatenates ? all : width) : nil
    lin_beta = root && gated ? try projection(3 * (concatenates ? all : width), 1, bias: false) : nil
    (self.heads, self.width, self.concatenates) = (heads, width, concatenates)
    self.dropout = Dropout(dropout)
  }

  /// `[N, inputs]` to `[N, outputWidth]`.
  public func callAsFunction(_ x: Tensor, _ edges: EdgeTensors, _ mode: Mode) throws -> Tensor {
    try located {
      guard x.shape.first == edges.nodes else {
        throw TensorError(
          operation: "TransformerConvolution", shapes: [x.shape], message: "needs a row for each of \(edges.nodes) nodes")
      }
      let queries = try byHead(lin_query(x)).rows(edges.targets)
      var keys = try byHead(lin_key(x)).rows(edges.sources), values = try byHead(lin_value(x)).rows(edges.sources)
      if let lin_edge, let features = edges.features {
        let edge = try byHead(lin_edge(features))
        keys = try keys + edge
        values = try values + edge
      }
      let scores = try (queries * keys).sum([2]) * (1 / Double(width).squareRoot())
      let weights = try dropout(edges.softmax(scores), mode)
      let sums = try edges.sums(values * weights.unsqueezed(2))
      let arrived = try concatenates ? sums.reshaped([edges.nodes, heads * width]) : sums.mean([1])
      guard let own = try lin_skip?(x) else { return arrived }
      guard let lin_beta else { return try arrived + own }
      let beta = try lin_beta(Tensor.concatenate([arrived, own, arrived - own], axis: 1)).sigmoid()
      return try beta * own + (1 - beta) * arrived
    }
  }

  private func byHead(_ x: Tensor) throws -> Tensor { try x.reshaped([-1, heads, width]) }
}
