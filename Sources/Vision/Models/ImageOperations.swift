import PluginAPI

/// The mean of each of `side` x `side` parts of a map: `[N, C, H, W]` to `[N, C, side, side]`.
func adaptiveAveragePool(_ x: Tensor, _ side: Int) throws -> Tensor {
  try adaptiveAveragePoolOperator(.tensor(x), .ints([side, side]))
}

private let adaptiveAveragePoolOperator = Operator("aten::adaptive_avg_pool2d")

/// a + b in the memory of `a`, recorded for gradients: for a fresh `a` that nobody else needs, such as the output of a
/// convolution or a normalization.
func addInPlace(_ a: Tensor, _ b: Tensor) throws -> Tensor { try addInPlaceOperator(.tensor(a), .tensor(b)) }

private let addInPlaceOperator = Operator("aten::add_", "Tensor")

extension Mode {
  /// Stochastic depth (Huang et al. 2016): in training each example of a branch `[N, ...]` is zeroed with probability
  /// `rate`, the others divided by 1 - rate.
  func droppingBranches(_ x: Tensor, _ rate: Double) throws -> Tensor {
    guard rate > 0, let random else { return x }
    let count = x.shape[0]
    let kept = random.next().uniform(count).map { Double($0) < rate ? Float(0) : Float(1 / (1 - rate)) }
    let factors = try Tensor(kept, shape: [count] + x.shape.dropFirst().map { _ in 1 })
    return try x * factors.to(x.dtype).to(x.device)
  }
}
