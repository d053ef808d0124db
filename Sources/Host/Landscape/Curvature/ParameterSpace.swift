import PluginAPI

/// A model's parameters as one vector: each in row-major order, one after the other.
public struct ParameterSpace {
  public let parameters: [Tensor]
  /// The length of the vector.
  public let count: Int
  public let dtype: DType
  private let shapes: [[Int]]

  public init(_ parameters: [Tensor]) {
    self.parameters = parameters
    shapes = parameters.map(\.shape)
    count = shapes.reduce(0) { $0 + $1.reduce(1, *) }
    dtype = parameters.first?.dtype ?? .float32
  }

  /// Tensors of the parameters' shapes as one vector; nil stands for zeros.
  public func flattened(_ tensors: [Tensor?]) throws -> Tensor {
    let device = parameters.first?.device ?? .cpu
    return try Tensor.concatenate(
      zip(tensors, shapes).map { tensor, shape in
        try tensor?.detached().reshaped([-1]) ?? Tensor.zeros([shape.reduce(1, *)], dtype, device: device)
      })
  }

  /// A copy of the present parameters.
  public func values() throws -> Tensor { try LibTorch.withoutGradient { try flattened(parameters).clone() } }

  /// The vector's parts in the parameters' shapes; they share its memory.
  public func parts(of vector: Tensor) throws -> [Tensor] {
    var start = 0
    return try shapes.map { shape in
      let length = shape.reduce(1, *)
      defer { start += length }
      return try vector.slice(start..<start + length).reshaped(shape)
    }
  }

  /// Makes the parameters what the vector says.
  public func assign(_ vector: Tensor) throws {
    for (parameter, part) in zip(parameters, try parts(of: vector)) { try parameter.copy(from: part) }
  }

  /// A vector of standard normal numbers.
  public func normal(_ random: Random) throws -> Tensor {
    let vector = try Tensor.empty([count])
    try vector.fillNormal(deviation: 1, random)
    return try vector.to(dtype).to(parameters.first?.device ?? .cpu)
  }

  /// A vector of numbers that are -1 or 1.
  public func signs(_ random: Random) throws -> Tensor {
    let values: [Float] = random.words(0..<count).map { $0 & 1 == 0 ? -1 : 1 }
    return try Tensor(values).to(dtype).to(parameters.first?.device ?? .cpu)
  }
}

/// Products and norms of vectors, summed in float64.
public enum VectorMath {
  private static let product = Operator("aten::dot")

  public static func dot(_ a: Tensor, _ b: Tensor) throws -> Double {
    try LibTorch.withoutGradient {
      // Metal has no float64.
      func wide(_ x: Tensor) throws -> Tensor { try (x.device == .mps ? x.to(.cpu) : x).to(.float64) }
      return try product(.tensor(wide(a)), .tensor(wide(b))).item()
    }
  }

  public static func norm(_ a: Tensor) throws -> Double { try dot(a, a).squareRoot() }

  /// Over lists of tensors that belong together.
  public static func dot(_ a: [Tensor], _ b: [Tensor]) throws -> Double {
    try zip(a, b).reduce(0) { sum, pair in try sum + dot(pair.0.reshaped([-1]), pair.1.reshaped([-1])) }
  }

  public static func norm(_ a: [Tensor]) throws -> Double { try dot(a, a).squareRoot() }
}
