import PluginAPI

/// A GIN layer (Xu et al. 2019): an MLP of two layers over (1 + eps) x + the sum of its neighbours, by sums over A + I.
///
/// `nn.lins.0|1`, `nn.norms.0.module` and, where it is learned, `eps` `[1]`, named as in PyTorch Geometric's `GINConv`
/// around its `MLP`.
public final class IsomorphismConvolution: MessagePassing {
  public let nn: Perceptron
  @OptionalParameter public var eps: Tensor?
  public let outputWidth: Int

  public init(_ inputs: Int, _ outputs: Int, learnsEpsilon: Bool) throws {
    nn = try Perceptron([inputs, outputs, outputs])
    _eps = try OptionalParameter(shape: learnsEpsilon ? [1] : nil, .constant(0))
    outputWidth = outputs
  }

  func pass(_ input: LayerInput, _ aggregation: Aggregation, _ mode: Mode) throws -> Tensor {
    try located {
      // The first layer of the MLP is linear: where features are sparse it goes first.
      switch input {
      case .rows(let x):
        return try nn.after(linear(joined(x, aggregation), nn.lins[0].weight, nn.lins[0].bias), mode)
      case .stored:
        let x = try joined(input.linear(nn.lins[0].weight), aggregation)
        return try nn.after(nn.lins[0].bias.map { try x + $0 } ?? x, mode)
      }
    }
  }

  private func joined(_ x: Tensor, _ aggregation: Aggregation) throws -> Tensor {
    // The node itself is among its neighbours.
    let sums = try aggregation.neighborSums(x)
    return try eps.map { try sums + aggregation.own(x) * $0 } ?? sums
  }
}

/// Linear layers with batch normalization and ReLU between them.
public final class Perceptron: Module {
  public let lins: [Linear]
  public let norms: [WrappedNorm]

  /// The name that PyTorch Geometric's wrapper gives it.
  public final class WrappedNorm: Module {
    public let module: BatchNorm
    init(_ width: Int) throws { module = try BatchNorm(width) }
  }

  public init(_ widths: [Int]) throws {
    lins = try zip(widths, widths.dropFirst()).map { try Linear($0, $1) }
    norms = try widths.dropFirst().dropLast().map { try WrappedNorm($0) }
  }

  /// What follows the first layer's linear part.
  func after(_ first: Tensor, _ mode: Mode) throws -> Tensor {
    var x = first
    for index in 1..<lins.count { x = try lins[index](norms[index - 1].module.rectified(x, mode)) }
    return x
  }
}
