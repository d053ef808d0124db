/// What the functions of this module refuse to work on.
public enum StatisticsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A value is NaN or infinite; `index` is its place among the values given.
  case notFinite(index: Int)
  /// There is nothing to compute from.
  case empty
  /// Lists that belong together are of different lengths.
  case unequalCounts(Int, Int)

  public var description: String {
    switch self {
    case .notFinite(let index): "value \(index) is not a finite number: leave out the run it comes from"
    case .empty: "there are no values"
    case .unequalCounts(let a, let b): "lists that belong together have \(a) and \(b) values"
    }
  }

  static func check(_ values: [Double]) throws(StatisticsError) {
    if let index = values.firstIndex(where: { !$0.isFinite }) { throw .notFinite(index: index) }
  }
}
