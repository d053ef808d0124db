import Plotting

/// A critical-difference diagram (Demsar, 2006): methods on an axis of mean ranks, bars joining those that cannot be told
/// apart.
struct RankFigure {
  let names: [String]
  let averageRanks: [Double]
  /// Numbers of series, for colour and mark.
  let numbers: [Int]
  /// Numbers into `names`.
  let groups: [[Int]]
  let criticalDifference: Double?

  func svg(id: String, title: String, description: String) -> String {
    let k = names.count
    let order = averageRanks.indices.sorted { (averageRanks[$0], $0) < (averageRanks[$1], $1) }
    let half = (k + 1) / 2
    let axisY = criticalDifference == nil ? 34.0 : 62.0
    let barsY = axisY + 14
    let labelsY = barsY + 9 * Double(groups.count) + 14
    let step = 21.0
    var canvas = SVGCanvas(height: labelsY + step * Double(half) + 4, id: id, title: title, description: description)
    // Names stand in the margins, so that no stem crosses them.
    func margin(_ members: ArraySlice<Int>) -> Double {
      min(150, (members.map { SVGCanvas.width(label($0)) * 1.08 }.max() ?? 0) + 12)
    }
    let left = max(44, margin(order[..<half]))
    let right = canvas.width - max(44, margin(order[half...]))
    func x(_ rank: Double) -> Double { k > 1 ? left + (right - left) * (rank - 1) / Double(k - 1) : (left + right) / 2 }
    canvas.line(left, axisY, right, axisY, "axis")
    let every = max(1, k / 12)
    for rank in stride(from: 1, through: k, by: every) {
      canvas.line(x(Double(rank)), axisY - 5, x(Double(rank)), axisY, "axis")
      canvas.text("\(rank)", x(Double(rank)), axisY - 9, .middle)
    }
    canvas.text("best", left - 8, axisY + 4, .end, style: "label")
    canvas.text("worst", right + 8, axisY + 4, style: "label")
    if let criticalDifference, k > 1 {
      let length = min(right - left, (right - left) * criticalDifference / Double(k - 1))
      let isLonger = criticalDifference > Double(k - 1)
      canvas.lines(
        [[(left, 18), (left, 26)], [(left, 22), (left + length, 22)]]
          + (isLonger ? [] : [[(left + length, 18), (left + length, 26)]]), "axis")
      canvas.text(
        "Nemenyi's critical difference " + NumberText.fixed(criticalDifference, 2) + (isLonger ? ", more than the axis" : ""),
        left, 12, style: "label", room: canvas.width - left)
    }
    for (index, group) in groups.enumerated() {
      let ranks = group.map { averageRanks[$0] }
      let y = barsY + 9 * Double(index)
      canvas.line(x(ranks.min() ?? 1) - 4, y, x(ranks.max() ?? 1) + 4, y, "group")
    }
    for (place, index) in order.enumerated() {
      let isLeft = place < half
      let row = isLeft ? place : k - 1 - place
      let y = labelsY + step * Double(row)
      let rank = averageRanks[index]
      canvas.lines(
        [[(x(rank), axisY), (x(rank), y), (isLeft ? left - 4 : right + 4, y)]], "stem \(SeriesStyle.color(numbers[index]))")
      canvas.marker(numbers[index], x(rank), axisY, size: 4.4)
      if isLeft {
        canvas.text(label(index), left - 8, y + 4, .end, style: "name", room: left - 10)
      } else {
        canvas.text(label(index), right + 8, y + 4, style: "name", room: canvas.width - right - 10)
      }
    }
    return canvas.svg
  }

  private func label(_ index: Int) -> String { names[index] + " " + NumberText.fixed(averageRanks[index], 2) }
}
