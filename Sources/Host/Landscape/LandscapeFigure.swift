import PluginAPI

/// The pictures of a landscape: lines over rays and segments, filled contours over a plane; a column each for loss and
/// error.
struct LandscapeFigure {
  private struct Quantity: Sendable {
    let title: String
    let value: @Sendable (Metrics) -> Double
  }

  private static let loss = Quantity(title: "loss") { $0.loss }
  private static let error = Quantity(title: "error (%)") { 100 * (1 - ($0.accuracy ?? .nan)) }

  let plan: LandscapePlan
  let points: [LandscapePoint]
  let axes: [[Double]]

  private var named: ArraySlice<LandscapePoint> { points.prefix(plan.sources.count) }
  private var grid: ArraySlice<LandscapePoint> { points.dropFirst(plan.sources.count) }
  private var quantities: [Quantity] {
    points.contains { $0.metrics.values.contains { $0.accuracy != nil } } ? [Self.loss, Self.error] : [Self.loss]
  }

  private func value(_ point: LandscapePoint, _ part: LandscapePlan.Part, _ quantity: Quantity) -> Double {
    point.metrics[part].map(quantity.value) ?? .nan
  }

  func drawing() -> Drawing { plan.kind == .plane ? contours() : lines() }

  private var title: String { "\(plan.model) on \(plan.dataset)" }

  // MARK: Lines

  private var lineTitle: String {
    switch plan.kind {
    case .rays: "\(title): \(plan.rays) random ray\(plan.rays == 1 ? "" : "s") from \(plan.sources[0].name)"
    default: "\(title): from \(plan.sources[0].name) to \(plan.sources[1].name)"
    }
  }

  private var lineLabel: String {
    switch plan.kind {
    case .rays where plan.normalization == .none: "distance from the weights"
    case .rays: "steps along \(plan.normalization.rawValue)-normalized directions"
    default: "position (0: \(plan.sources[0].name), 1: \(plan.sources[1].name))"
    }
  }

  private func lines() -> Drawing {
    let size = (width: 400.0, height: 280.0)
    var drawing = Drawing(width: size.width * Double(quantities.count) + 20, height: size.height + 62)
    drawing.text(lineTitle, 20, 24, size: 14)
    let names = zip(plan.parts, ColorScale.lines).map { (name: $0.rawValue, color: $1, dashed: false) }
    Legend(names, width: drawing.width - 40).draw(in: &drawing, x: 20, y: 36)
    for (column, quantity) in quantities.enumerated() {
      var panel = LinePanel(x: 10 + size.width * Double(column), y: 56, width: size.width, height: size.height)
      panel.xLabel = lineLabel
      panel.yLabel = quantity.title
      panel.marks = plan.kind == .segment ? [0, 1] : [0]
      for (part, color) in zip(plan.parts, ColorScale.lines) {
        let rays = Dictionary(grouping: grid, by: { $0.ray ?? 0 }).sorted { $0.key < $1.key }.map(\.value)
        let curves = rays.map { ray in ray.map { Drawing.Point($0.coordinates[0], value($0, part, quantity)) } }
        let isSingle = curves.count == 1
        for curve in curves {
          panel.series.append(
            .init(points: curve, color: Self.faded(color, isSingle ? 1 : 0.35), width: isSingle ? 2 : 1))
        }
        if let first = curves.first, !isSingle {
          let mean = first.indices.map { index in
            Drawing.Point(first[index].x, curves.reduce(0) { $0 + $1[index].y } / Double(curves.count))
          }
          panel.series.append(.init(points: mean, color: color, width: 2.4))
        }
        panel.dots += named.map {
          (Drawing.Point(plan.kind == .rays ? 0 : $0.coordinates[0], value($0, part, quantity)), color)
        }
      }
      panel.draw(in: &drawing)
    }
    return drawing
  }

  private static func faded(_ color: Drawing.Color, _ opacity: Double) -> Drawing.Color {
    var color = color
    color.opacity = opacity
    return color
  }

  // MARK: Contours

  private func contours() -> Drawing {
    let width = 430.0
    let (xs, ys) = (axes[0], axes[1])
    let shape = ((ys.last ?? 1) - (ys.first ?? 0)) / max((xs.last ?? 1) - (xs.first ?? 0), 1e-300)
    let height = ContourPanel.height(width: width, shape: min(max(shape, 0.5), 1.4))
    var drawing = Drawing(width: width * Double(quantities.count) + 20, height: height * Double(plan.parts.count) + 44)
    drawing.text("\(title): the plane through \(plan.sources.map(\.name).joined(separator: ", "))", 20, 24, size: 14)
    for (row, part) in plan.parts.enumerated() {
      for (column, quantity) in quantities.enumerated() {
        let values = grid.map { value($0, part, quantity) }
        var panel = ContourPanel(
          x: 10 + width * Double(column), y: 36 + height * Double(row), width: width, height: height, xs: xs, ys: ys,
          values: ys.indices.map { Array(values[$0 * xs.count..<($0 + 1) * xs.count]) })
        panel.title = "\(part.rawValue) \(quantity.title)"
        panel.marks = named.map { (Drawing.Point($0.coordinates[0], $0.coordinates[1]), $0.name ?? "") }
        panel.draw(in: &drawing)
      }
    }
    return drawing
  }
}
