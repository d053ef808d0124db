import Foundation

/// The density of a Hessian's eigenvalues as Lanczos's matrix tells it: its Ritz values with their weights (the Gauss
/// quadrature of the start vector's spectral measure), each widened to a Gaussian (Ghorbani, Krishnan and Xiao 2019).
///
/// Of one random start vector; over many parameters it differs little from the mean over all.
public struct SpectralDensity: Sendable {
  public let values, weights: [Double]
  /// The Gaussians' standard deviation.
  public let width: Double

  public init(values: [Double], weights: [Double], width: Double) {
    self.values = values
    self.weights = weights
    self.width = width
  }

  /// At an eigenvalue; the integral is the sum of the weights.
  public func callAsFunction(_ value: Double) -> Double {
    zip(values, weights).reduce(0) { sum, item in
      let distance = (value - item.0) / width
      return sum + item.1 * exp(-distance * distance / 2) / (width * (2 * Double.pi).squareRoot())
    }
  }
}
