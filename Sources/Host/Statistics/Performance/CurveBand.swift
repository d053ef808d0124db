/// Several runs' curves brought onto common places: their mean, standard error and range.
public struct CurveBand: Sendable, Hashable {
  public struct Point: Sendable, Hashable {
    public let place, mean: Double
    /// Of the mean; nil for fewer than two curves.
    public let standardError: Double?
    public let minimum, maximum: Double
    public let count: Int
  }

  /// Where all curves have a value.
  public let points: [Point]

  /// - Parameter count: at most so many points; where the curves share their places and are no more, those are taken.
  public init(_ curves: [TrainingCurve], count: Int = 100) {
    let curves = curves.filter { !$0.places.isEmpty }
    let low = curves.compactMap(\.places.first).max() ?? 0
    let high = curves.compactMap(\.places.last).min() ?? 0
    guard let first = curves.first, high >= low, count > 1 else {
      points = []
      return
    }
    let shared = curves.allSatisfy { $0.places == first.places }
    let places: [Double]
    if shared, first.places.count <= count {
      places = first.places
    } else if high == low {
      places = [low]
    } else {
      places = (0..<count).map { low + (high - low) * Double($0) / Double(count - 1) }
    }
    points = places.map { place in
      let values = curves.compactMap { $0.value(at: min(max(place, low), high)) }
      let sample = SampleStatistics(values)
      return Point(
        place: place, mean: sample.mean, standardError: sample.standardError, minimum: sample.minimum ?? .nan,
        maximum: sample.maximum ?? .nan, count: values.count)
    }
  }
}
