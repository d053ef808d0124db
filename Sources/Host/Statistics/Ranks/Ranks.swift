/// Ranks from 1, the lowest value first; equal values share the mean of their ranks.
public enum Ranks {
  /// - Parameter tolerance: values that differ by no more count as equal.
  public static func averaged(_ values: [Double], tolerance: Double = 0) -> [Double] {
    var ranks = [Double](repeating: 0, count: values.count)
    for group in groups(values, tolerance) {
      let rank = Double(group.places.lowerBound + group.places.upperBound + 1) / 2
      for index in group.members { ranks[index] = rank }
    }
    return ranks
  }

  /// The values' indices in ascending groups of equal ones, with the places each group takes.
  static func groups(_ values: [Double], _ tolerance: Double) -> [(members: [Int], places: Range<Int>)] {
    let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
    var groups: [(members: [Int], places: Range<Int>)] = []
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] - values[order[end - 1]] <= tolerance { end += 1 }
      groups.append((Array(order[start..<end]), start..<end))
      start = end
    }
    return groups
  }
}
