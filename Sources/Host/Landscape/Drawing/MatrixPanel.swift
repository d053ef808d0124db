import Foundation
import Plotting

/// A square of coloured cells with their numbers in them, such as the distances of several weights from each other.
struct MatrixPanel {
  /// Of the panel with its labels.
  let x, y, width, height: Double
  let names: [String]
  /// A row for each name.
  let values: [[Double]]
  var title = ""

  init(x: Double, y: Double, width: Double, height: Double, names: [String], values: [[Double]]) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
    self.names = names
    self.values = values
  }

  func draw(in drawing: inout Drawing) {
    let labels = names.enumerated().map { "\($0.offset + 1)  \($0.element)" }
    let left = x + max(62, (labels.map { Drawing.width(of: $0, size: 11) }.max() ?? 0) + 14)
    let top = y + 24
    let side = min(x + width - 16 - left, y + height - 26 - top)
    let step = side / Double(max(names.count, 1))
    let highest = values.joined().filter(\.isFinite).max() ?? 0
    for (row, items) in values.enumerated() {
      for (column, value) in items.enumerated() {
        let part = highest > 0 && value.isFinite ? value / highest : 0
        let (cellLeft, cellTop) = (left + step * Double(column), top + step * Double(row))
        drawing.rectangle(cellLeft, cellTop, step + 0.5, step + 0.5, ColorScale.color(part))
        let text = Axis.label(value, digits: 3)
        // Numbers that do not fit are left to the JSON.
        guard Drawing.width(of: text, size: 10) < step - 4 else { continue }
        drawing.text(text, cellLeft + step / 2, cellTop + step / 2 + 4, size: 10, .middle, part > 0.6 ? .black : .white)
      }
      drawing.text(labels[row], left - 8, top + step * (Double(row) + 0.5) + 4, .end)
      drawing.text("\(row + 1)", left + step * (Double(row) + 0.5), top + side + 15, .middle)
    }
    drawing.line(
      [
        .init(left, top), .init(left + side, top), .init(left + side, top + side), .init(left, top + side),
        .init(left, top),
      ],
      .black)
    drawing.text(title, x + 62, y + 12, size: 12)
  }
}
