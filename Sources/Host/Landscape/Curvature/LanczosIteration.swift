import PluginAPI

/// The iterations of ``Lanczos``, one at a time, so that they can be kept and gone on with.
public final class LanczosIteration {
  /// Everything but the basis.
  public struct State: Codable, Hashable, Sendable {
    /// Of the tridiagonal matrix; entry i of `coupling` couples vector i with i + 1.
    public var diagonal: [Double] = [], coupling: [Double] = []
    public var isConverged = false, isFinished = false
  }

  private static let eigen = Operator("aten::linalg_eigh")

  public private(set) var state = State()
  /// Orthonormal vectors; as long as it is not finished, the last one is still to be multiplied.
  public private(set) var basis: [Tensor] = []
  private var ritz: (values: [Double], vectors: [[Double]]) = ([], [])
  private let space: ParameterSpace
  private let random: Random
  private let wanted, limit: Int
  private let tolerance: Double

  /// - Parameters:
  ///   - count: how many of the largest are wanted.
  ///   - space: the length and type of the vectors.
  ///   - random: of the start vector.
  public init(_ lanczos: Lanczos, _ count: Int, in space: ParameterSpace, random: Random) throws {
    self.space = space
    self.random = random
    wanted = min(count, space.count)
    limit = min(lanczos.maximumIterations, space.count)
    tolerance = lanczos.tolerance
    if let first = try Self.unit(space.normal(random[0])), limit > 0 { basis = [first] }
    state.isFinished = basis.isEmpty
  }

  /// Goes on from a state and a basis that were kept.
  ///
  /// - Throws: `BasinError` where they do not fit each other or the space.
  public func restore(_ state: State, _ basis: [Tensor]) throws {
    let done = state.diagonal.count
    let couplings = state.isFinished ? max(done - 1, 0)...done : done...done
    guard done <= limit, (state.isFinished ? done...done + 1 : done + 1...done + 1).contains(basis.count),
      couplings.contains(state.coupling.count),
      basis.allSatisfy({ $0.shape == [space.count] && $0.dtype == space.dtype })
    else { throw BasinError.badData("the basis of Lanczos does not fit its matrix or the model") }
    let device = space.parameters.first?.device ?? .cpu
    self.state = state
    self.basis = try basis.map { try $0.to(device) }
    if done > 0 { ritz = try Self.solve(state.diagonal, state.coupling) }
  }

  /// One iteration: a product, and the new vector made orthogonal to all before it.
  public func advance(_ product: (Tensor) throws -> Tensor) throws {
    guard !state.isFinished, let vector = basis.last else { return }
    let image = try product(vector).clone()
    state.diagonal.append(try VectorMath.dot(vector, image))
    try Self.orthogonalize(image, against: basis)
    let rest = try VectorMath.norm(image)
    ritz = try Self.solve(state.diagonal, state.coupling)
    let scale = max(abs(ritz.values.first ?? 0), abs(ritz.values.last ?? 0))
    let size = ritz.values.count
    // The last component of a Ritz vector times `rest` is its residual (Paige 1971).
    let estimates = (Array(max(0, size - wanted)..<size) + [0]).map { rest * abs(ritz.vectors[$0][size - 1]) }
    state.isConverged = size >= wanted && (estimates.max() ?? 0) <= tolerance * scale
    let isExhausted = rest <= 1e-10 * max(scale, 1e-30) || rest == 0
    if isExhausted { state.isConverged = size == space.count }
    guard rest.isFinite, size < limit, isExhausted || !state.isConverged else {
      state.isFinished = true
      return
    }
    if isExhausted {
      // An invariant subspace is exhausted: what is orthogonal to it may hold more, also copies of the same eigenvalues.
      state.coupling.append(0)
      let fresh = try space.normal(random[size])
      try Self.orthogonalize(fresh, against: basis)
      guard let next = try Self.unit(fresh) else {
        state.isFinished = true
        return
      }
      basis.append(next)
    } else {
      state.coupling.append(rest)
      basis.append(try image / rest)
    }
  }

  // MARK: Results

  /// How many of the largest there are.
  public var topCount: Int { min(wanted, ritz.values.count) }

  /// The largest but `rank`, with one more product for its residual.
  public func top(_ rank: Int, _ product: (Tensor) throws -> Tensor) throws -> Lanczos.Pair {
    try pair(ritz.values.count - 1 - rank, product)
  }

  /// The smallest.
  public func bottom(_ product: (Tensor) throws -> Tensor) throws -> Lanczos.Pair? {
    ritz.values.isEmpty ? nil : try pair(0, product)
  }

  /// What the start vector has seen of the spectrum (Gauss quadrature): the Ritz values in ascending order, and the
  /// squared first components of their vectors, which add up to 1.
  public var spectrum: (values: [Double], weights: [Double]) {
    (ritz.values, ritz.vectors.map { ($0.first ?? 0) * ($0.first ?? 0) })
  }

  private func pair(_ index: Int, _ product: (Tensor) throws -> Tensor) throws -> Lanczos.Pair {
    let vector = try basis[0] * ritz.vectors[index][0]
    for (item, weight) in zip(basis, ritz.vectors[index]).dropFirst() { try vector.add(item, scale: weight) }
    let image = try product(vector).clone()
    try image.add(vector, scale: -ritz.values[index])
    return Lanczos.Pair(value: ritz.values[index], vector: vector, residual: try VectorMath.norm(image))
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
