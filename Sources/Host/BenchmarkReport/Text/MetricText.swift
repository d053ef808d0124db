import Statistics

/// How the figures of one workload are written: fractions in hundredths, others with decimals that suit their size.
struct MetricText {
  let metric: ReportDocument.Metric
  private let scale: Double
  private let digits: Int

  init(_ analysis: WorkloadAnalysis) { self.init(analysis.workload.metric, analysis.cells.map(\.statistics.mean)) }

  init(_ metric: ReportDocument.Metric, _ values: [Double]) {
    self.metric = metric
    scale = metric.isFraction ? 100 : 1
    let largest = values.filter(\.isFinite).map { abs($0) }.max() ?? 1
    digits = metric.isFraction ? 2 : largest >= 1000 ? 1 : largest >= 100 ? 2 : 3
  }

  /// `87.42`.
  func number(_ value: Double) -> String { NumberText.fixed(value * scale, digits) }
  /// `87.42 %`.
  func value(_ value: Double) -> String { number(value) + (metric.isFraction ? " %" : "") }
  /// `+0.42`.
  func difference(_ value: Double) -> String { NumberText.fixed(value * scale, digits, plus: true) }
  /// `[+0.10, +0.74]`.
  func interval(_ low: Double, _ high: Double) -> String { "[\(difference(low)), \(difference(high))]" }
  /// `+0.42 [+0.10, +0.74]`, or `same` where two curves are.
  func difference(_ point: CurveCrossing.Point) -> String {
    if point.isEqual { return "same" }
    return difference(point.mean) + (point.interval.map { " " + interval($0.lower, $0.upper) } ?? "")
  }
  /// What a plot shows.
  func plotted(_ value: Double) -> Double { value * scale }
  /// Of differences: `points`, or the metric's name.
  var unit: String { metric.isFraction ? "points" : metric.name }
  /// `accuracy, %`.
  var axis: String { metric.name + (metric.isFraction ? ", %" : "") }
}
