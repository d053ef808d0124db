import PluginAPI

/// How far several weights of one model lie apart: what the samples of an average cover.
public struct WeightSpread {
  public struct Layer {
    public let name: String
    public let parameters: Int
    /// The mean squared distance of the weights from their mean.
    public let variance: Double
    /// The squared length of the mean.
    public let squaredNorm: Double
  }

  public let layers: [Layer]
  /// |w_i - w_j|, row i, column j.
  public let distances: [[Double]]
  /// w_i . w_j / |w_i| |w_j|.
  public let cosines: [[Double]]

  /// The mean squared distance from the mean over all parameters.
  public var variance: Double { layers.reduce(0) { $0 + $1.variance } }
  /// The length of the mean.
  public var meanNorm: Double { layers.reduce(0) { $0 + $1.squaredNorm }.squareRoot() }

  /// - Parameters:
  ///   - names: of the parameters, in the order of each of `weights`.
  ///   - weights: two or more lists of tensors of the same shapes.
  public init(names: [String], _ weights: [[Tensor]]) throws {
    let n = weights.count
    // Entry (i, j): the sum over parameters of w_i . w_j.
    var products = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
    var squares = products
    var layers: [Layer] = []
    for (index, name) in names.enumerated() {
      let vectors = try weights.map { try $0[index].detached().to(.float64).reshaped([-1]) }
      guard let first = vectors.first else { continue }
      let mean = try first * 0
      for vector in vectors { try mean.add(vector, scale: 1 / Double(n)) }
      var variance = 0.0
      for (i, vector) in vectors.enumerated() {
        let offset = try vector - mean
        variance += try VectorMath.dot(offset, offset) / Double(n)
        for j in i..<n {
          products[i][j] += try VectorMath.dot(vector, vectors[j])
          let difference = try vector - vectors[j]
          squares[i][j] += try VectorMath.dot(difference, difference)
        }
      }
      layers.append(
        Layer(name: name, parameters: first.count, variance: variance, squaredNorm: try VectorMath.dot(mean, mean)))
    }
    self.layers = layers
    func symmetric(_ entry: (Int, Int) -> Double) -> [[Double]] {
      (0..<n).map { i in (0..<n).map { j in entry(min(i, j), max(i, j)) } }
    }
    distances = symmetric { squares[$0][$1].squareRoot() }
    let sums = products
    cosines = symmetric { sums[$0][$1] / max((sums[$0][$0] * sums[$1][$1]).squareRoot(), 1e-300) }
  }

  public func json(labels: [String]) -> JSONValue {
    func matrix(_ rows: [[Double]]) -> JSONValue { .array(rows.map { .array($0.map { JSONValue($0) }) }) }
    return [
      "weights": JSONValue(labels), "variance": JSONValue(variance), "meanNorm": JSONValue(meanNorm),
      "layers": .array(
        layers.map {
          ["name": .string($0.name), "parameters": .int($0.parameters), "variance": JSONValue($0.variance)]
        }),
      "distances": matrix(distances), "cosines": matrix(cosines),
    ]
  }
}
