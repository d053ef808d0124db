import PluginAPI

/// A graph attention layer (Velickovic et al. 2018): H heads of D columns, side by side or their mean.
///
/// Weight `lin.weight` `[H D, inputs]`, `att_src` and `att_dst` `[1, H, D]`, `bias`, named as in PyTorch Geometric's
/// `GATConv`. Every node is its own neighbour, once.
public final class AttentionConvolution: MessagePassing {
  public let lin: Linear
  @Parameter public var source: Tensor
  @Parameter public var target: Tensor
  @Parameter public var bias: Tensor
  public let heads, width: Int
  public let concatenates: Bool
  let dropout, slope: Double

  public var outputWidth: Int { concatenates ? heads * width : width }

  /// - Parameter dropout: of the attention weights.
  public init(_ inputs: Int, heads: Int, width: Int, concatenates: Bool, dropout: Double, slope: Double) throws {
    let initial = Initializer.glorotUniform(inputs: inputs, outputs: heads * width)
    lin = try Linear(inputs, heads * width, bias: false, weight: initial)
    _source = try Parameter(shape: [1, heads, width], .glorotUniform(inputs: heads, outputs: width), key: "att_src")
    _target = try Parameter(shape: [1, heads, width], .glorotUniform(inputs: heads, outputs: width), key: "att_dst")
    _bias = try Parameter(shape: [concatenates ? heads * width : width], .constant(0))
    (self.heads, self.width, self.concatenates) = (heads, width, concatenates)
    (self.dropout, self.slope) = (dropout, slope)
  }

  func pass(_ input: LayerInput, _ aggregation: Aggregation, _ mode: Mode) throws -> Tensor {
    try located {
      let attention = try NeighborAttention(
        aggregation, heads: heads, width: width, slope: slope, dropout: dropout, mode.random)
      return try attention.joined(attention(input.linear(lin), source: source, target: target), concatenates) + bias
    }
  }
}

/// A graph attention layer whose scores depend on both ends together (Brody et al. 2022).
///
/// `lin_l` (what neighbours send) and `lin_r` `[H D, inputs]` with biases, `att` `[1, H, D]`, `bias`, named as in
/// PyTorch Geometric's `GATv2Conv`.
public final class DynamicAttentionConvolution: MessagePassing {
  public let lin_l: Linear
  public let lin_r: Linear
  @Parameter public var vector: Tensor
  @Parameter public var bias: Tensor
  public let heads, width: Int
  public let concatenates: Bool
  let dropout, slope: Double

  public var outputWidth: Int { concatenates ? heads * width : width }

  /// - Parameter dropout: of the attention weights.
  public init(_ inputs: Int, heads: Int, width: Int, concatenates: Bool, dropout: Double, slope: Double) throws {
    let initial = Initializer.glorotUniform(inputs: inputs, outputs: heads * width)
    lin_l = try Linear(inputs, heads * width, weight: initial, biasValue: .constant(0))
    lin_r = try Linear(inputs, heads * width, weight: initial, biasValue: .constant(0))
    _vector = try Parameter(shape: [1, heads, width], .glorotUniform(inputs: heads, outputs: width), key: "att")
    _bias = try Parameter(shape: [concatenates ? heads * width : width], .constant(0))
    (self.heads, self.width, self.concatenates) = (heads, width, concatenates)
    (self.dropout, self.slope) = (dropout, slope)
  }

  func pass(_ input: LayerInput, _ aggregation: Aggregation, _ mode: Mode) throws -> Tensor {
    try located {
      let attention = try NeighborAttention(
        aggregation, heads: heads, width: width, slope: slope, dropout: dropout, mode.random)
      let sums = try attention(input.linear(lin_l), input.linear(lin_r), vector: vector)
      return try attention.joined(sums, concatenates) + bias
    }
  }
}

extension NeighborAttention {
  /// The heads side by side, `[R, H D]`, or their mean, `[R, D]`.
  func joined(_ x: Tensor, _ concatenates: Bool) throws -> Tensor {
    concatenates || heads == 1 ? x : try x.reshaped([-1, heads, width]).mean([1])
  }
}
