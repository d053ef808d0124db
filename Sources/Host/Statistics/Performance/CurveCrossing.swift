/// Where one method's curve lies over another's: both over the same seeds, compared at common places.
public struct CurveCrossing: Sendable, Hashable {
  /// A stretch in which the mean difference keeps its sign.
  public struct Stretch: Sendable, Hashable {
    public let from, to: Double
    /// 1 where the method lies above the reference, -1 below, 0 equal.
    public let sign: Int
  }

  /// The mean of method minus reference over the seeds, with Student's 95 % interval.
  public struct Point: Sendable, Hashable {
    public let place, mean: Double
    public let interval: ConfidenceInterval?
    /// Whether both are the same for every seed, as where methods share a trajectory.
    public let isEqual: Bool
  }

  public let points: [Point]
  public let stretches: [Stretch]

  /// - Parameters:
  ///   - pairs: a method's curve and the reference's for each seed.
  ///   - count: how many places are compared, evenly from the first at which all have a value to the last.
  public init(_ pairs: [(method: TrainingCurve, reference: TrainingCurve)], count: Int = 100) {
    let curves = pairs.flatMap { [$0.method, $0.reference] }
    let low = curves.compactMap(\.places.first).max() ?? 0
    let high = curves.compactMap(\.places.last).min() ?? -1
    guard !curves.isEmpty, curves.allSatisfy({ !$0.places.isEmpty }), high >= low, count > 1 else {
      points = []
      stretches = []
      return
    }
    let critical = pairs.count > 1 ? StudentT.quantile(0.975, freedom: Double(pairs.count - 1)) : nil
    let grid = (0..<count).map { min(high, low + (high - low) * Double($0) / Double(count - 1)) }
    points = (high == low ? [low] : grid).map { place in
      let differences = pairs.compactMap { pair in
        pair.method.value(at: place).flatMap { a in pair.reference.value(at: place).map { a - $0 } }
      }
      let sample = SampleStatistics(differences)
      let half = critical.flatMap { c in sample.standardError.map { c * $0 } }
      return Point(
        place: place, mean: sample.mean,
        interval: half.map { ConfidenceInterval(lower: sample.mean - $0, upper: sample.mean + $0, level: 0.95) },
        isEqual: differences.allSatisfy { $0 == 0 })
    }
    stretches = Self.stretches(points)
  }

  /// Nearest to a part of the whole course, from 0 to the last place; nil where nothing was compared yet.
  public func point(atPart part: Double) -> Point? {
    guard let first = points.first, let last = points.last else { return nil }
    let place = part * last.place
    guard place >= first.place - 1e-9 * abs(last.place), part <= 1 else { return nil }
    return points.min { abs($0.place - place) < abs($1.place - place) }
  }

  private static func stretches(_ points: [Point]) -> [Stretch] {
    func sign(_ point: Point) -> Int { point.mean > 1e-12 ? 1 : point.mean < -1e-12 ? -1 : 0 }
    var result: [Stretch] = []
    for (index, point) in points.enumerated() {
      if let last = result.last, last.sign == sign(point) {
        result[result.count - 1] = Stretch(from: last.from, to: point.place, sign: last.sign)
      } else {
        // The straight line between the two points crosses zero here.
        var start = point.place
        if index > 0 {
          let before = points[index - 1]
          let span = before.mean - point.mean
          if span != 0, sign(before) * sign(point) < 0 {
            start = before.place + (point.place - before.place) * before.mean / span
          }
          if let last = result.last { result[result.count - 1] = Stretch(from: last.from, to: start, sign: last.sign) }
        }
        result.append(Stretch(from: start, to: point.place, sign: sign(point)))
      }
    }
    return result
  }

  /// The places where the lead changes hands; where both are equal nobody has it.
  public var crossings: [Double] {
    let decided = stretches.filter { $0.sign != 0 }
    return zip(decided, decided.dropFirst()).compactMap { $0.sign == $1.sign ? nil : $1.from }
  }

  /// The part of the places at which the whole interval lies on one side of zero: above and below.
  public var decidedParts: (above: Double, below: Double) {
    guard !points.isEmpty else { return (0, 0) }
    let above = points.count { ($0.interval?.lower ?? -1) > 0 }
    let below = points.count { ($0.interval?.upper ?? 1) < 0 }
    return (Double(above) / Double(points.count), Double(below) / Double(points.count))
  }
}
