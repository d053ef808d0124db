import PluginAPI

/// A GIN layer that reads the features of edges (Hu et al. 2020): an MLP of two layers over (1 + eps) x + the sum of
/// relu(x_j + W e_ij + b) over a node's neighbours j. Weights of edges do not count.
///
/// `lin` `[inputs, edge features]`, `nn.lins.0|1`, `nn.norms.0.module` and, where it is learned, `eps` `[1]`, named as
/// in PyTorch Geometric's `GINEConv` around its `MLP`.
public final class EdgeIsomorphismConvolution: MessagePassing {
  public let nn: Perceptron
  public let lin: Linear
  @OptionalParameter public var eps: Tensor?
  public let outputWidth: Int

  public init(_ inputs: Int, _ outputs: Int, edgeFeatures: Int, learnsEpsilon: Bool) throws {
    nn = try Perceptron([inputs, outputs, outputs])
    lin = try Linear(edgeFeatures, inputs)
    _eps = try OptionalParameter(shape: learnsEpsilon ? [1] : nil, .constant(0))
    outputWidth = outputs
  }

  func pass(_ input: LayerInput, _ aggregation: Aggregation, _ mode: Mode) throws -> Tensor {
    try located {
      let x = try input.dense()
      let edges = try aggregation.featuredEdges(like: x)
      let messages = try relu(x.rows(edges.list.columns) + lin(edges.features))
      let own = try aggregation.own(x)
      let sums = try (eps.map { try own + own * $0 } ?? own).addingRows(edges.list.rows, messages)
      return try nn.after(linear(sums, nn.lins[0].weight, nn.lins[0].bias), mode)
    }
  }
}

/// The entries of an aggregation with what is known of each edge.
struct FeaturedEdges {
  let list: EdgeList
  /// `[E, W]`.
  let features: Tensor
}

extension Aggregation {
  /// Its edges with their features; made once for all layers and steps that share the aggregation.
  ///
  /// - Parameter like: gives type and device.
  /// - Throws: `BasinError` where the edges of the graph have no features, or entries are not the graph's own.
  func featuredEdges(like: Tensor) throws -> FeaturedEdges {
    if let featured, featured.features.dtype == like.dtype, featured.features.device == like.device { return featured }
    guard let graph, let all = graph.edgeFeatures else {
      throw BasinError.internalError("a layer asks for the features of edges, and they have none")
    }
    let list = try edges(like: like)
    let width = all.columns
    let features = try Tensor.zeros([forward.entries, width])
    // An aggregation has the entries of its outputs' rows in their order.
    let pointers = graph.adjacency.rowPointers
    let count = outputs.reduce(0) { $0 + pointers[Int($1) + 1] - pointers[Int($1)] }
    guard count == forward.entries else {
      throw BasinError.internalError("an aggregation has \(forward.entries) entries, its rows \(count) edges")
    }
    try features.withMemory(of: Float.self) { target in
      var row = 0
      for node in outputs {
        for entry in pointers[Int(node)]..<pointers[Int(node) + 1] {
          for place in all.rowPointers[entry]..<all.rowPointers[entry + 1] {
            target[row * width + Int(all.columnIndices[place])] = all.values[place]
          }
          row += 1
        }
      }
    }
    let made = FeaturedEdges(list: list, features: try features.to(like.dtype).to(like.device))
    featured = made
    return made
  }
}
