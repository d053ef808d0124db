/// Regions and lines of equal value on a grid. Every cell is cut into four triangles at its middle, whose value is the
/// mean of the corners; within a triangle values are linear.
public struct Contours {
  /// Row by row; all rows of one length.
  public let values: [[Double]]

  /// - Parameter values: what is not finite counts as the greatest value there is.
  public init(_ values: [[Double]]) {
    let highest = values.joined().filter(\.isFinite).max() ?? 0
    self.values = values.map { $0.map { $0.isFinite ? $0 : highest } }
  }

  private typealias Corner = (point: Drawing.Point, value: Double)

  private func triangles(_ row: Int, _ column: Int) -> [[Corner]] {
    let places = [(0, 0), (1, 0), (1, 1), (0, 1)]
    let corners: [Corner] = places.map { x, y in
      (Drawing.Point(Double(column + x), Double(row + y)), values[row + y][column + x])
    }
    let middle: Corner = (
      Drawing.Point(Double(column) + 0.5, Double(row) + 0.5), corners.reduce(0) { $0 + $1.value } / 4
    )
    return (0..<4).map { [corners[$0], corners[($0 + 1) % 4], middle] }
  }

  private static func crossing(_ a: Corner, _ b: Corner, _ level: Double) -> Drawing.Point {
    let part = (level - a.value) / (b.value - a.value)
    return Drawing.Point(a.point.x + part * (b.point.x - a.point.x), a.point.y + part * (b.point.y - a.point.y))
  }

  private func visitCells(_ body: (_ row: Int, _ column: Int, _ low: Double, _ high: Double) -> Void) {
    for row in 0..<max(values.count - 1, 0) {
      for column in 0..<max(values[row].count - 1, 0) {
        let corners = [
          values[row][column], values[row][column + 1], values[row + 1][column], values[row + 1][column + 1],
        ]
        body(row, column, corners.min() ?? 0, corners.max() ?? 0)
      }
    }
  }

  /// Polygons, x along a row and y along a column in cells, that together are where the value is at least `level`.
  public func region(above level: Double) -> [[Drawing.Point]] {
    var polygons: [[Drawing.Point]] = []
    // Whole cells beside each other become one rectangle.
    var run: (row: Int, begin: Int, end: Int)?
    func finishRun() {
      guard let (row, begin, end) = run else { return }
      let (x0, x1, y0, y1) = (Double(begin), Double(end), Double(row), Double(row + 1))
      polygons.append([Drawing.Point(x0, y0), Drawing.Point(x1, y0), Drawing.Point(x1, y1), Drawing.Point(x0, y1)])
      run = nil
    }
    visitCells { row, column, low, high in
      if low >= level {
        if let open = run, open.row == row, open.end == column {
          run = (row, open.begin, column + 1)
        } else {
          finishRun()
          run = (row, column, column + 1)
        }
        return
      }
      guard high >= level else { return }
      for triangle in triangles(row, column) {
        var polygon: [Drawing.Point] = []
        for (index, corner) in triangle.enumerated() {
          let next = triangle[(index + 1) % 3]
          if corner.value >= level { polygon.append(corner.point) }
          if (corner.value >= level) != (next.value >= level) { polygon.append(Self.crossing(corner, next, level)) }
        }
        if polygon.count > 2 { polygons.append(polygon) }
      }
    }
    finishRun()
    return polygons
  }

  /// Line segments where the value is `level`.
  public func lines(at level: Double) -> [[Drawing.Point]] {
    var lines: [[Drawing.Point]] = []
    visitCells { row, column, low, high in
      guard low < level, high >= level else { return }
      for triangle in triangles(row, column) {
        let ends = (0..<3).compactMap { index -> Drawing.Point? in
          let (a, b) = (triangle[index], triangle[(index + 1) % 3])
          return (a.value >= level) != (b.value >= level) ? Self.crossing(a, b, level) : nil
        }
        // Around a corner whose value is the level itself there is a line of no length.
        if ends.count == 2, abs(ends[0].x - ends[1].x) + abs(ends[0].y - ends[1].y) > 1e-6 { lines.append(ends) }
      }
    }
    return lines
  }
}
