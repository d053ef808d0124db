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

  private static let eigen = Operator("aten::linalg_eigh")

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
    let limit = min(maximumIterations, space.count)
    let wanted = min(count, space.count)
    var basis: [Tensor] = []
    var diagonal: [Double] = []
    // Entry i couples vector i with i + 1.
    var coupling: [Double] = []
    var scale = 0.0
    var isConverged = false
    var ritz: (values: [Double], vectors: [[Double]]) = ([], [])
    var next = try Self.unit(space.normal(random[0]))

    while let vector = next, diagonal.count < limit {
      basis.append(vector)
      let image = try product(vector).clone()
      diagonal.append(try VectorMath.dot(vector, image))
      try Self.orthogonalize(image, against: basis)
      let rest = try VectorMath.norm(image)
      ritz = try Self.solve(diagonal, coupling)
      scale = max(abs(ritz.values.first ?? 0), abs(ritz.values.last ?? 0))
      let size = ritz.values.count
      // The last component of a Ritz vector times `rest` is its residual (Paige 1971).
      let estimates = (Array(max(0, size - wanted)..<size) + [0]).map { rest * abs(ritz.vectors[$0][size - 1]) }
      isConverged = size >= wanted && (estimates.max() ?? 0) <= tolerance * scale
      progress(size)
      guard rest.isFinite else { break }
      if rest > 1e-10 * max(scale, 1e-30), rest > 0 {
        if isConverged { break }
        coupling.append(rest)
        next = try image / rest
      } else {
        // An invariant subspace is exhausted: what is orthogonal to it may hold more, also copies of the same eigenvalues.
        isConverged = size == space.count
        coupling.append(0)
        let fresh = try space.normal(random[size])
        try Self.orthogonalize(fresh, against: basis)
        next = size < space.count ? try Self.unit(fresh) : nil
      }
    }

    func pair(_ index: Int) throws -> Pair {
      let vector = try basis[0] * ritz.vectors[index][0]
      for (item, weight) in zip(basis, ritz.vectors[index]).dropFirst() { try vector.add(item, scale: weight) }
      let image = try product(vector).clone()
      try image.add(vector, scale: -ritz.values[index])
      return Pair(value: ritz.values[index], vector: vector, residual: try VectorMath.norm(image))
    }
    let size = ritz.values.count
    let top = try (max(0, size - wanted)..<size).reversed().map { try pair($0) }
    return Result(top: top, bottom: size > 0 ? try pair(0) : nil, iterations: size, converged: isConverged)
  }

  private static func unit(_ vector: Tensor) throws -> Tensor? {
    let length = try VectorMath.norm(vector)
    return length > 0 ? try vector / length : nil
  }

  private static func orthogonalize(_ vector: Tensor, against basis: [Tensor]) throws {
    for _ in 0..<2 {
      for item in basis.reversed() { try vector.add(item, scale: -VectorMath.dot(item, vector)) }
    }
  }

  /// Eigenvalues in ascending order and the eigenvectors of the tridiagonal matrix.
  private static func solve(_ diagonal: [Double], _ coupling: [Double]) throws -> (
    values: [Double], vectors: [[Double]]
  ) {
    let size = diagonal.count
    var matrix = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      matrix[i * size + i] = diagonal[i]
      guard i + 1 < size else { break }
      matrix[i * size + i + 1] = coupling[i]
      matrix[(i + 1) * size + i] = coupling[i]
    }
    guard matrix.allSatisfy(\.isFinite) else {
      throw BasinError.internalError(
        "the Hessian's products are not finite", advice: "The weights may have diverged; choose others with --weights")
    }
    let parts = try eigen.many(.tensor(Tensor(matrix, shape: [size, size])))
    guard parts.count == 2 else { throw BasinError.internalError("linalg_eigh gave \(parts.count) tensors") }
    let columns = try parts[1].transposed().contiguous().values(Double.self)
    return (try parts[0].values(Double.self), (0..<size).map { Array(columns[$0 * size..<($0 + 1) * size]) })
  }
}
