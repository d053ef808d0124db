import Foundation

// Twins of what looks at all parameters together.

/// Foret et al. 2021, equation 2; with `eta` Kwon et al. 2021, equation 9: w + rho T^2 g / |T g|, T = |w| + eta, 1 for
/// biases.
final class SAMTwin: SlowTwin {
  private let inner: any SlowTwin
  private let rho: Double
  private let eta: Double?
  private let biases: Set<Int>

  init(around inner: any SlowTwin, rho: Double, eta: Double?, biases: Set<Int>) {
    self.inner = inner
    self.rho = rho
    self.eta = eta
    self.biases = biases
  }

  func step(_ weights: inout [Numbers], rate: Double, gradients: ([Numbers]) throws -> [Numbers?]) throws {
    let first = try gradients(weights)
    func t(_ position: Int, _ w: Double) -> Double {
      guard let eta, !biases.contains(position) else { return 1 }
      return abs(w) + eta
    }
    var squares = 0.0
    for (position, gradient) in first.enumerated() {
      for (w, g) in zip(weights[position], gradient ?? []) { squares += pow(t(position, w) * g, 2) }
    }
    var uphill = weights
    for (position, gradient) in first.enumerated() {
      guard let gradient else { continue }
      uphill[position] = elementwise(weights[position], gradient) {
        $0 + rho * pow(t(position, $0), 2) * $1 / squares.squareRoot()
      }
    }
    let second = try gradients(uphill)
    try inner.step(&weights, rate: rate) { _ in second }
  }
}

/// Zhang et al. 2019, algorithm 1.
final class LookaheadTwin: SlowTwin {
  private let inner: any SlowTwin
  private let every: Int
  private let part: Double
  private var slow: [Numbers]?
  private var t = 0

  init(around inner: any SlowTwin, every: Int, part: Double) {
    self.inner = inner
    self.every = every
    self.part = part
  }

  func step(_ weights: inout [Numbers], rate: Double, gradients: ([Numbers]) throws -> [Numbers?]) throws {
    let before = slow ?? weights
    try inner.step(&weights, rate: rate, gradients: gradients)
    t += 1
    slow = before
    guard t % every == 0 else { return }
    let moved = zip(before, weights).map { elementwise($0, $1) { $0 + part * ($1 - $0) } }
    slow = moved
    weights = moved
  }
}

/// Defazio et al. 2024, with x, y and z apart.
final class ScheduleFreeTwin: SlowTwin {
  private let adaptive: Bool
  private let beta, beta2, epsilon, decay, warmup, r, exponent: Double
  private var z: [Numbers]?
  private(set) var x: [Numbers] = []
  private var v: [Numbers]
  private var t = 0.0, sum = 0.0, largest = 0.0

  init(_ options: OptimizerCase, adaptive: Bool, _ shapes: [[Int]]) throws {
    self.adaptive = adaptive
    beta = try options.number(adaptive ? "beta1" : "momentum", 0.9)
    beta2 = try options.number("beta2", 0.999)
    epsilon = try options.number("epsilon", 1e-8)
    decay = try options.number("weightDecay", 0)
    warmup = try options.number("warmupSteps", 0)
    r = try options.number("r", 0)
    exponent = try options.number("weightLrPower", 2)
    v = shapes.map { Numbers(repeating: 0, count: $0.reduce(1, *)) }
  }

  func step(_ weights: inout [Numbers], rate: Double, gradients: ([Numbers]) throws -> [Numbers?]) throws {
    var z = z ?? weights
    if x.isEmpty { x = weights }
    t += 1
    let rate = t < warmup ? rate * t / warmup : rate
    largest = max(largest, rate)
    let weight = pow(t, r) * pow(largest, exponent)
    sum += weight
    let c = weight / sum
    for (position, gradient) in try gradients(weights).enumerated() {
      guard let gradient else { continue }
      var d = gradient
      if adaptive {
        v[position] = elementwise(v[position], gradient) { beta2 * $0 + (1 - beta2) * $1 * $1 }
        d = elementwise(d, v[position]) { $0 / (($1 / (1 - pow(beta2, t))).squareRoot() + epsilon) }
      }
      d = elementwise(d, weights[position]) { $0 + decay * $1 }
      z[position] = elementwise(z[position], d) { $0 - rate * $1 }
      x[position] = elementwise(x[position], z[position]) { (1 - c) * $0 + c * $1 }
      weights[position] = elementwise(x[position], z[position]) { beta * $0 + (1 - beta) * $1 }
    }
    self.z = z
  }
}
