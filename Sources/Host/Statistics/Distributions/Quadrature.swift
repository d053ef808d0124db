import Foundation

/// Gauss-Legendre quadrature with 20 points a panel.
enum Quadrature {
  private static let rule: [(node: Double, weight: Double)] = {
    let n = 20
    return (0..<n).map { index in
      // Newton's iteration on the Legendre polynomial, from Chebyshev's guess.
      var x = cos(Double.pi * (Double(index) + 0.75) / (Double(n) + 0.5))
      var slope = 1.0
      for _ in 0..<20 {
        var (previous, current) = (1.0, x)
        for k in 2...n {
          (previous, current) = (current, (Double(2 * k - 1) * x * current - Double(k - 1) * previous) / Double(k))
        }
        slope = Double(n) * (x * current - previous) / (x * x - 1)
        let step = current / slope
        x -= step
        if abs(step) < 1e-16 { break }
      }
      return (x, 2 / ((1 - x * x) * slope * slope))
    }
  }()

  /// The integral of `f` from `a` to `b`, cut into `panels` equal parts.
  static func integral(_ a: Double, _ b: Double, panels: Int, _ f: (Double) -> Double) -> Double {
    guard b > a else { return 0 }
    let half = (b - a) / Double(panels) / 2
    var sum = 0.0
    for panel in 0..<panels {
      let middle = a + half * Double(2 * panel + 1)
      for point in rule { sum += point.weight * f(middle + half * point.node) }
    }
    return sum * half
  }

  /// The place in `low...high` where the rising function `f` crosses 0: bisection with secant steps (Illinois) between.
  static func root(_ low: Double, _ high: Double, _ f: (Double) -> Double) -> Double {
    var (a, b) = (low, high)
    var (fa, fb) = (f(a), f(b))
    if fa >= 0 { return a }
    if fb <= 0 { return b }
    for round in 0..<200 {
      // Every third step halves the bracket: Illinois alone can creep.
      let middle = round % 3 == 2 ? (a + b) / 2 : a - fa * (b - a) / (fb - fa)
      let x = middle > a && middle < b ? middle : (a + b) / 2
      guard x > a, x < b else { break }
      let value = f(x)
      if value == 0 { return x }
      if value < 0 {
        (a, fa) = (x, value)
        fb /= round % 3 == 2 ? 1 : 2
      } else {
        (b, fb) = (x, value)
        fa /= round % 3 == 2 ? 1 : 2
      }
      if b - a <= 4 * max(abs(a), abs(b)).ulp { break }
    }
    return (a + b) / 2
  }
}
