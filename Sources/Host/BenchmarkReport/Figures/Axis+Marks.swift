import Plotting

extension Axis {
  /// Marks with labels that stand clear of each other on an axis of that length.
  func marks(length: Double, size: Double = 12) -> [(value: Double, label: String)] {
    for count in [6, 5, 4, 3, 2, 1] {
      let values = ticks(count)
      let marks = values.map { ($0, Self.label($0).replacing("-", with: "−")) }
      let places = values.map { position($0) * length }
      let halves = marks.map { SVGCanvas.width($0.1, size: size) / 2 }
      let isClear = places.indices.dropFirst().allSatisfy { places[$0] - places[$0 - 1] > halves[$0] + halves[$0 - 1] + 10 }
      if isClear || count == 1 { return isClear ? marks : Array(marks.prefix(1)) }
    }
    return []
  }
}
