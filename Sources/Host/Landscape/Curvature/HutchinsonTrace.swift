import PluginAPI

/// The trace of a symmetric matrix by Hutchinson's estimate: the mean of z . A z over vectors z of random signs.
public struct HutchinsonTrace {
  public let estimate: Double
  /// Of the estimate; nil for a single sample.
  public let standardError: Double?
  public let samples: Int

  public init(
    samples: Int, in space: ParameterSpace, random: Random, product: (Tensor) throws -> Tensor,
    progress: (Int) -> Void = { _ in }
  ) throws {
    var values: [Double] = []
    for index in 0..<samples {
      values.append(try Self.sample(index, in: space, random: random, product: product))
      progress(index + 1)
    }
    self.init(values)
  }

  /// z . A z for the vector of signs of that number.
  public static func sample(
    _ index: Int, in space: ParameterSpace, random: Random, product: (Tensor) throws -> Tensor
  ) throws -> Double {
    let signs = try space.signs(random[index])
    return try VectorMath.dot(signs, product(signs))
  }

  /// The estimate from its samples.
  public init(_ values: [Double]) {
    let samples = values.count
    let n = Double(max(samples, 1))
    let mean = values.reduce(0, +) / n
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    estimate = mean
    standardError = samples > 1 ? (squares / (n - 1) / n).squareRoot() : nil
    self.samples = samples
  }
}
