import PluginAPI

/// Random directions from the weights of a model.
public struct WeightDirection {
  /// What a direction is scaled to.
  public enum Normalization: String, CaseIterable, Codable, Sendable {
    /// Each filter (slice along the first axis) to the length of the weights' filter (Li et al. 2018).
    case filter
    /// Each tensor to the length of the weights' tensor.
    case layer
    /// All of it to length 1: steps are distances.
    case none
  }

  /// What becomes of tensors of one dimension: biases, and scales and shifts of normalization layers.
  public enum Vectors: String, CaseIterable, Codable, Sendable { case zero, scaled }

  public let normalization: Normalization
  public let vectors: Vectors

  public init(_ normalization: Normalization = .filter, vectors: Vectors = .zero) {
    self.normalization = normalization
    self.vectors = vectors
  }

  /// A direction of normal numbers, normalized; float64.
  public func random(_ parameters: [(path: String, tensor: Tensor)], _ random: Random) throws -> [Tensor] {
    let raw = try parameters.map { parameter in
      let values = try Tensor.empty(parameter.tensor.shape)
      try values.fillNormal(deviation: 1, random[parameter.path])
      return try values.to(.float64).to(parameter.tensor.device)
    }
    return try normalized(raw, like: parameters.map(\.tensor))
  }

  /// `direction` scaled as this says; both lists hold tensors of the same shapes. float64.
  public func normalized(_ direction: [Tensor], like weights: [Tensor]) throws -> [Tensor] {
    try LibTorch.withoutGradient {
      let scaled = try zip(direction, weights).map { direction, weight -> Tensor in
        let direction = try direction.to(.float64), weight = try weight.detached().to(.float64)
        if weight.dimensions <= 1 {
          if vectors == .zero { return try direction * 0 }
          return normalization == .none
            ? direction : try Self.scale(direction, to: weight, over: Array(0..<weight.dimensions))
        }
        switch normalization {
        case .filter: return try Self.scale(direction, to: weight, over: Array(1..<weight.dimensions))
        case .layer: return try Self.scale(direction, to: weight, over: Array(0..<weight.dimensions))
        case .none: return direction
        }
      }
      guard normalization == .none else { return scaled }
      let length = try VectorMath.norm(scaled)
      return try length > 0 ? scaled.map { try $0 / length } : scaled
    }
  }

  private static func scale(_ direction: Tensor, to weight: Tensor, over axes: [Int]) throws -> Tensor {
    func length(_ x: Tensor) throws -> Tensor {
      axes.isEmpty ? try x.abs() : try (x * x).sum(axes, keepDimensions: true).sqrt()
    }
    return try direction * (length(weight) / (length(direction) + 1e-10))
  }
}
