import PluginAPI

/// Extreme eigenvalues of a symmetric matrix that is known by its products alone (Lanczos 1950), each new vector made
/// orthogonal to all before it, twice: without that, converged eigenvalues come back as copies.
///
/// Memory: one vector an iteration.
public struct Lanczos {
  public struct Pair {
    public let value: Double
    /// Unit length.
    public let vector: Tensor
    /// |A x - value x|, measured with one more product.
    public let residual: Double
  }

  public struct Result {
    /// The algebraically largest, in descending order.
    public let top: [Pair]
    /// The smallest.
    public let bottom: Pair?
    public let iterations: Int
    /// Whether the estimated residuals of all reached the tolerance.
    public let converged: Bool
  }

  public var maximumIterations: Int
  /// Of the estimated residuals, relative to the largest eigenvalue's magnitude.
  public var tolerance: Double

  public init(maximumIterations: Int = 100, tolerance: Double = 1e-4) {
    self.maximumIterations = maximumIterations
    self.tolerance = tolerance
  }

  /// - Parameters:
  ///   - count: how many of the largest are wanted.
  ///   - space: the length and type of the vectors.
  ///   - random: of the start vector.
  ///   - product: A x.
  ///   - progress: called after each product with the number of iterations so far.
  public func callAsFunction(
    _ count: Int, in space: ParameterSpace, random: Random, product: (Tensor) throws -> Tensor,
    progress: (Int) -> Void = { _ in }
  ) throws -> Result {
    let iteration = try LanczosIteration(self, count, in: space, random: random)
    while !iteration.state.isFinished {
      try iteration.advance(product)
      progress(iteration.state.diagonal.count)
    }
    return Result(
      top: try (0..<iteration.topCount).map { try iteration.top($0, product) }, bottom: try iteration.bottom(product),
      iterations: iteration.state.diagonal.count, converged: iteration.state.isConverged)
  }
}
