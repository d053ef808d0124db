/// A run's measured values along its course: epochs, steps or seconds against accuracy.
public struct TrainingCurve: Sendable, Hashable {
  /// Ascending.
  public let places: [Double]
  public let values: [Double]

  /// Points whose place or value is not finite are left out: a diverged evaluation is a gap.
  ///
  /// - Parameter billing: what the places are multiplied with, so that costs outside the measured time are paid for too.
  /// - Throws: `StatisticsError.unequalCounts`.
  public init(_ places: [Double], _ values: [Double], billing: Double = 1) throws(StatisticsError) {
    guard places.count == values.count else { throw .unequalCounts(places.count, values.count) }
    let points = zip(places, values).filter { $0.isFinite && $1.isFinite }.map { ($0 * billing, $1) }
    let isSorted = zip(points, points.dropFirst()).allSatisfy { $0.0 <= $1.0 }
    let sorted = isSorted ? points : points.sorted { $0.0 < $1.0 }
    self.places = sorted.map(\.0)
    self.values = sorted.map(\.1)
  }

  /// Linear between the points; nil before the first, and beyond the last.
  public func value(at place: Double) -> Double? {
    guard let first = places.first, let last = places.last, place >= first, place <= last else { return nil }
    var low = 0
    var high = places.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if places[middle] <= place { low = middle } else { high = middle }
    }
    if place >= places[high] { return values[high] }
    let span = places[high] - places[low]
    return span > 0 ? values[low] + (place - places[low]) / span * (values[high] - values[low]) : values[high]
  }

  /// The same, the last value holding for ever: what a run that is done has to show later. Nil before the first point.
  public func valueHeld(at place: Double) -> Double? {
    guard let last = places.last else { return nil }
    return place > last ? values.last : value(at: place)
  }

  /// The place of the first point that is as good as `target`; nil where none is. Nothing is taken for reached between two
  /// evaluations, for nobody had seen it.
  public func first(reaching target: Double, higherIsBetter: Bool = true) -> Double? {
    values.firstIndex { higherIsBetter ? $0 >= target : $0 <= target }.map { places[$0] }
  }
}
