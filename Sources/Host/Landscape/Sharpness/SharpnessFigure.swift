import Foundation
import Plotting

/// The picture of `sharpness.json`: eigenvalues and their density, the rise of the loss over the radius of SAM and
/// ASAM, the trace with its error, distances of weights; all runs in each panel.
public struct SharpnessFigure {
  private struct Run {
    let name: String
    let json: JSONValue
    let color: Drawing.Color
    /// Colours come again from the ninth run on.
    let dashed: Bool

    func numbers(_ value: JSONValue?) -> [Double] { (value?.items ?? []).map { $0.number ?? .nan } }
  }

  private static let width = 410.0, height = 270.0

  private let document: JSONValue
  private let runs: [Run]

  /// - Parameter document: `sharpness.json`.
  public init(_ document: JSONValue) {
    self.document = document
    runs = (document["runs"]?.items ?? []).enumerated().map { index, json in
      Run(
        name: json["name"]?.text ?? "", json: json, color: ColorScale.line(index),
        dashed: index >= ColorScale.lines.count)
    }
  }

  public func drawing() -> Drawing {
    let panels = [eigenvalues(), density(), ascent("sam", "SAM"), ascent("asam", "ASAM"), trace(), distances()]
      .compactMap { $0 }
    let columns = panels.count == 1 ? 1 : 2
    let rows = stride(from: 0, to: panels.count, by: 2).map { Array(panels[$0..<min($0 + 2, panels.count)]) }
    let width = Self.width * Double(columns) + 20
    let legend = Legend(runs.count > 1 ? runs.map { ($0.name, $0.color, $0.dashed) } : [], width: width - 40)
    let top = 40 + legend.height
    var drawing = Drawing(width: width, height: top + rows.reduce(6) { $0 + Self.height(of: $1) })
    drawing.text(Self.fitted(title, width - 40, size: 14), 20, 24, size: 14)
    legend.draw(in: &drawing, x: 20, y: 36)
    var y = top
    for row in rows {
      for (index, panel) in row.enumerated() { panel.draw(&drawing, 10 + Self.width * Double(index), y) }
      y += Self.height(of: row)
    }
    return drawing
  }

  private struct Panel {
    var height = SharpnessFigure.height
    let draw: (inout Drawing, _ x: Double, _ y: Double) -> Void
  }

  private static func height(of row: [Panel]) -> Double { row.map(\.height).max() ?? 0 }

  private var title: String {
    let subjects = Set(runs.map { "\($0.json["model"]?.text ?? "") on \($0.json["dataset"]?.text ?? "")" })
    let examples = Set(runs.compactMap { $0.json["examples"]?.number })
    let subject = subjects.count == 1 ? subjects.first ?? "" : "several models"
    let count = examples.count == 1 ? examples.first.map { "\(Int($0)) " } ?? "" : ""
    return (runs.count == 1 ? "\(runs[0].name): " : "")
      + "\(subject), \(count)examples of \(document["part"]?.text ?? "")"
  }

  private static func fitted(_ text: String, _ width: Double, size: Double) -> String {
    let limit = Int(width / (0.6 * size))
    return text.count > limit ? text.prefix(max(limit - 3, 0)) + "..." : text
  }

  private func panel(_ x: Double, _ y: Double) -> LinePanel {
    LinePanel(x: x, y: y, width: Self.width, height: Self.height)
  }

  // MARK: The Hessian

  private func eigenvalues() -> Panel? {
    let found = runs.map { run in (run, (run.json["eigenvalues"]?.items ?? []).map { $0["value"]?.number ?? .nan }) }
    guard let count = found.map(\.1.count).max(), count > 0 else { return nil }
    return Panel { drawing, x, y in
      var panel = panel(x, y)
      panel.title = "Hessian: \(count == 1 ? "largest eigenvalue" : "largest eigenvalues") and the smallest"
      panel.yLabel = "eigenvalue"
      panel.xLabel = "rank (bars: residuals)"
      // At most a dozen labels.
      let every = (count + 11) / 12
      let ranks = stride(from: 1, through: max(1, count + 1 - every), by: every)
      panel.ticks = ranks.map { (Double($0), "\($0)") } + [(Double(count + 1), "min")]
      for (index, (run, values)) in found.enumerated() {
        // Beside each other, so that equal ones do not hide each other.
        let shift = runs.count > 1 ? 0.3 * (Double(index) / Double(runs.count - 1) - 0.5) : 0
        let points = values.enumerated().map { Drawing.Point(Double($0.offset + 1) + shift, $0.element) }
        panel.series.append(.init(points: points, color: run.color, width: 1, dashed: run.dashed))
        var pairs = zip(points, run.json["eigenvalues"]?.items ?? []).map { ($0, $1["residual"]?.number ?? 0) }
        if let smallest = run.json["smallestEigenvalue"], let value = smallest["value"]?.number {
          pairs.append((Drawing.Point(Double(count + 1) + shift, value), smallest["residual"]?.number ?? 0))
        }
        for (point, residual) in pairs {
          panel.dots.append((point, run.color))
          panel.series.append(
            .init(
              points: [.init(point.x, point.y - residual), .init(point.x, point.y + residual)], color: run.color,
              width: 2))
        }
      }
      panel.draw(in: &drawing)
    }
  }

  private func density() -> Panel? {
    let found = runs.map { run in
      (run, run.numbers(run.json["spectrum"]?["values"]), run.numbers(run.json["spectrum"]?["weights"]))
    }
    let all = found.flatMap(\.1).filter(\.isFinite)
    guard let low = all.min(), let high = all.max(), high > low else { return nil }
    let width = (high - low) / 80
    return Panel { drawing, x, y in
      var panel = panel(x, y)
      panel.title = "Hessian: density of the eigenvalues"
      panel.yLabel = "density"
      panel.xLabel = "eigenvalue (Gaussians of width \(Axis.label(width, digits: 2)))"
      let places = LandscapePlan.evenly(low - 4 * width, high + 4 * width, 400)
      let curves = found.map { run, values, weights in
        (run, places.map(SpectralDensity(values: values, weights: weights, width: width).callAsFunction))
      }
      // What is farther below the peak is the Gaussians' tails, not spectrum.
      let floor = (curves.flatMap(\.1).max() ?? 1) * 1e-6
      for (run, curve) in curves {
        panel.series.append(
          .init(
            points: zip(places, curve).map { .init($0, $1 < floor ? .nan : $1) }, color: run.color, width: 1.6,
            dashed: run.dashed))
      }
      panel.draw(in: &drawing)
    }
  }

  private func trace() -> Panel? {
    let rows = runs.compactMap { run -> ForestPanel.Row? in
      guard let trace = run.json["trace"], let mean = trace["estimate"]?.number else { return nil }
      return .init(
        name: runs.count > 1 ? run.name : "trace", samples: run.numbers(trace["values"]), mean: mean,
        error: trace["standardError"]?.number, color: run.color)
    }
    guard !rows.isEmpty else { return nil }
    // As high as its rows need.
    let height = min(Self.height, 74 + 40 * Double(rows.count))
    return Panel(height: height) { drawing, x, y in
      var panel = ForestPanel(x: x, y: y, width: Self.width, height: height)
      panel.title = "Hessian: trace"
      panel.xLabel = "trace: mean, standard error, samples"
      panel.rows = rows
      panel.draw(in: &drawing)
    }
  }

  // MARK: Loss and weights

  private func ascent(_ key: String, _ name: String) -> Panel? {
    let curves = runs.map { run in
      (
        run,
        [Drawing.Point(0, 0)]
          + (run.json[key]?["curve"]?.items ?? []).map {
            Drawing.Point($0["rho"]?.number ?? .nan, $0["sharpness"]?.number ?? .nan)
          }
      )
    }
    guard curves.contains(where: { $0.1.count > 1 }) else { return nil }
    return Panel { drawing, x, y in
      var panel = panel(x, y)
      panel.title = "\(name): rise of the loss within a radius"
      panel.yLabel = "rise of the loss"
      let radius = runs.first?.json[key]?["rho"]?.number ?? 0
      panel.xLabel = "radius (dashed: rho = \(Axis.label(radius)))"
      panel.marks = [radius]
      for (run, points) in curves {
        panel.series.append(.init(points: points, color: run.color, width: 1.6, dashed: run.dashed))
        panel.dots += points.dropFirst().map { ($0, run.color) }
      }
      panel.draw(in: &drawing)
    }
  }

  private func distances() -> Panel? {
    guard let among = document["among"], case .array(let rows)? = among["distances"] else { return nil }
    let names = (among["weights"]?.items ?? []).map { $0.text ?? "" }
    return Panel { drawing, x, y in
      var panel = MatrixPanel(
        x: x, y: y, width: Self.width, height: Self.height, names: names,
        values: rows.map { $0.items.map { $0.number ?? .nan } })
      panel.title = "distances of the weights"
      panel.draw(in: &drawing)
    }
  }
}
