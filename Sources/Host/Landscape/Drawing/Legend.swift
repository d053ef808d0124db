/// Names with their lines, in as many rows as they need.
struct Legend {
  private static let rowHeight = 16.0
  private let entries: [(name: String, color: Drawing.Color, dashed: Bool, column: Double, row: Int)]
  let height: Double

  /// - Parameter width: of a row.
  init(_ lines: [(name: String, color: Drawing.Color, dashed: Bool)], width: Double) {
    var entries: [(name: String, color: Drawing.Color, dashed: Bool, column: Double, row: Int)] = []
    var column = 0.0
    var row = 0
    for line in lines {
      let needed = 44 + Drawing.width(of: line.name, size: 11)
      if column > 0, column + needed > width { (column, row) = (0, row + 1) }
      entries.append((line.name, line.color, line.dashed, column, row))
      column += needed
    }
    self.entries = entries
    height = entries.isEmpty ? 0 : Double(row + 1) * Self.rowHeight + 4
  }

  /// - Parameters: the upper left corner.
  func draw(in drawing: inout Drawing, x: Double, y: Double) {
    for entry in entries {
      let left = x + entry.column
      let middle = y + Double(entry.row) * Self.rowHeight + 6
      drawing.line([.init(left, middle), .init(left + 22, middle)], entry.color, width: 2.2, dashed: entry.dashed)
      drawing.text(entry.name, left + 28, middle + 4)
    }
  }
}
