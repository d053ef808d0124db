import PluginAPI

/// Where ``SharpnessAware`` goes to take its gradients.
public protocol AscentDirection: Sendable {
  associatedtype AscentOptions: Options
  static var name: String { get }
  /// Moves `weights` uphill by their gradients, unrecorded.
  static func ascend(_ weights: [Tensor], of paths: [String], by gradients: [Tensor], _ options: AscentOptions) throws
}

/// Against a gradient of length 0.
private let shortest = 1e-12

private func length(of norms: [Double]) -> Double { norms.reduce(0) { $0 + $1 * $1 }.squareRoot() + shortest }

/// Options of ``SAM``.
public struct SAMOptions: Options {
  public var rho = 0.05

  public init() {}

  public static var fields: [Field<Self>] {
    [Field("rho", \.rho, in: 0...1000, "how far from the weights gradients are taken")]
  }
}

/// w + rho g / |g|, the length over all parameters (Foret et al. 2021, arXiv 2010.01412, equation 2).
public enum SteepestAscent: AscentDirection {
  public static let name = "sam"

  public static func ascend(
    _ weights: [Tensor], of paths: [String], by gradients: [Tensor], _ options: SAMOptions
  ) throws {
    try weights.add(gradients, scale: options.rho / length(of: gradients.norms()))
  }
}

/// Options of ``ASAM``.
public struct ASAMOptions: Options {
  public var rho = 0.5
  public var eta = 0.01

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("rho", \.rho, in: 0...1000, "how far from the weights gradients are taken, in parts of each weight"),
      Field("eta", \.eta, in: 0...1000, "added to the size of a weight, so that one of 0 moves too"),
    ]
  }
}

/// w + rho T^2 g / |T g| with T = |w| + eta element by element, T = 1 for biases (Kwon et al. 2021, arXiv 2102.11600,
/// equation 9 and its published code).
public enum AdaptiveAscent: AscentDirection {
  public static let name = "asam"

  public static func ascend(
    _ weights: [Tensor], of paths: [String], by gradients: [Tensor], _ options: ASAMOptions
  ) throws {
    var sizes: [Tensor?] = [], scaled: [Tensor] = []
    for ((weight, path), gradient) in zip(zip(weights, paths), gradients) {
      let size = path.hasSuffix("bias") ? nil : try weight.detached().abs() + options.eta
      scaled.append(try size.map { try gradient * $0 } ?? gradient)
      sizes.append(size)
    }
    let scale = options.rho / length(of: try scaled.norms())
    for (weight, (size, gradient)) in zip(weights, zip(sizes, scaled)) {
      guard let size else {
        try weight.add(gradient, scale: scale)
        continue
      }
      try weight.addProduct(size, gradient, scale: scale)
    }
  }
}
