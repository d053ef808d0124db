import PluginAPI

/// How a GraphSAGE layer puts a node's neighbours together.
public enum NeighborReduction: String, CaseIterable, Sendable {
  case mean, max
  /// The maximum of relu(W x + b) of each (Hamilton et al. 2017).
  case pool
}

/// A GraphSAGE layer (Hamilton et al. 2017): W_l (its neighbours put together) + b + W_r x.
///
/// `lin_l` `[outputs, inputs]` with bias, `lin_r` without, for `pool` also `lin` `[inputs, inputs]`; named as in
/// PyTorch Geometric's `SAGEConv`.
public final class SampleConvolution: MessagePassing {
  public let lin: Linear?
  public let lin_l: Linear
  public let lin_r: Linear
  public let reduction: NeighborReduction
  public let outputWidth: Int

  public init(_ inputs: Int, _ outputs: Int, reduction: NeighborReduction) throws {
    lin = reduction == .pool ? try Linear(inputs, inputs) : nil
    lin_l = try Linear(inputs, outputs)
    lin_r = try Linear(inputs, outputs, bias: false)
    self.reduction = reduction
    outputWidth = outputs
  }

  func pass(_ input: LayerInput, _ aggregation: Aggregation, _ mode: Mode) throws -> Tensor {
    try located {
      let own = try aggregation.own(input.linear(lin_r))
      guard reduction == .mean else {
        let x = try lin.map { try relu(input.linear($0)) } ?? input.dense()
        return try linear(aggregation.neighborMaxima(x), lin_l.weight, lin_l.bias) + own
      }
      // A mean is linear: it is taken on the narrower side of the weights.
      if case .rows(let x) = input, x.shape[1] <= outputWidth {
        return try linear(aggregation.neighborSums(x), lin_l.weight, lin_l.bias) + own
      }
      let sums = try aggregation.neighborSums(input.linear(lin_l.weight))
      return try lin_l.bias.map { try sums + $0 + own } ?? sums + own
    }
  }
}
