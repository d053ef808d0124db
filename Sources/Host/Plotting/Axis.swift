import Foundation

/// Where the values of an axis lie, and its marks.
public struct Axis: Sendable {
  public let range: ClosedRange<Double>
  public let isLogarithmic: Bool

  /// An axis that shows all of `values`; logarithmic where `mayBeLogarithmic` and they span more than a factor of 50.
  public init(_ values: [Double], mayBeLogarithmic: Bool = false) {
    let finite = values.filter(\.isFinite)
    var low = finite.min() ?? 0, high = finite.max() ?? 1
    isLogarithmic = mayBeLogarithmic && low > 0 && high > 50 * low
    if isLogarithmic {
      range = low / 1.15...high * 1.15
      return
    }
    if high <= low {
      let margin = max(abs(low) * 0.1, 1e-6)
      low -= margin
      high += margin
    }
    let margin = (high - low) * 0.04
    range = low - margin...high + margin
  }

  /// An axis from one end to the other, no more.
  public init(exactly range: ClosedRange<Double>, isLogarithmic: Bool = false) {
    self.range = range
    self.isLogarithmic = isLogarithmic
  }

  /// 0 at the lower end, 1 at the upper.
  public func position(_ value: Double) -> Double {
    let (low, high) = (range.lowerBound, range.upperBound)
    guard high > low else { return 0.5 }
    return isLogarithmic
      ? Foundation.log(max(value, low * 1e-3) / low) / Foundation.log(high / low) : (value - low) / (high - low)
  }

  /// About `count` round values.
  public func ticks(_ count: Int = 5) -> [Double] {
    let (low, high) = (range.lowerBound, range.upperBound)
    if isLogarithmic {
      let decades = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.up))
      let factors: [Double] = decades.count > 4 ? [1] : decades.count > 2 ? [1, 3] : [1, 2, 5]
      let every = max(1, decades.count / 7)
      return decades.filter { $0 % every == 0 }.flatMap { decade in factors.map { $0 * pow(10, Double(decade)) } }
        .filter { range.contains($0) }
    }
    let rough = (high - low) / Double(max(count, 1))
    guard rough > 0, rough.isFinite else { return [low] }
    let power = pow(10, log10(rough).rounded(.down))
    let step = power * ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10)
    let first = (low / step).rounded(.up)
    var ticks: [Double] = []
    for index in 0...2 * max(count, 1) + 2 {
      let value = (first + Double(index)) * step
      guard value <= high + step * 1e-9 else { break }
      // Not -0, nor 1e-17.
      ticks.append(abs(value) < step * 1e-9 ? 0 : value)
    }
    return ticks
  }

  /// A value as short as its digits allow.
  public static func label(_ value: Double, digits: Int = 4) -> String {
    if abs(value) < 9.9e-4, value != 0, value.isFinite {
      // 1e-4, which %g writes as 0.0001.
      let exponent = Int(log10(abs(value)).rounded(.down))
      return String(format: "%.\(digits)g", value / pow(10, Double(exponent))) + "e\(exponent)"
    }
    let text = String(format: "%.\(digits)g", value)
    return text.replacingOccurrences(of: "e+0", with: "e").replacingOccurrences(of: "e-0", with: "e-")
      .replacingOccurrences(of: "e+", with: "e")
  }
}
