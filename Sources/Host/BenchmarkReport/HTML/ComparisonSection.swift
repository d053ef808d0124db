import Statistics

/// A table and a plot of paired differences for each workload.
struct ComparisonSection {
  let analysis: ReportAnalysis

  static let columns: [HTMLTable.Column] = [
    .init(title: "method"), .init(title: "test", isNumber: true, help: "Mean and standard deviation over seeds"),
    .init(title: "seeds", isNumber: true, help: "Finished runs, and those that failed"),
    .init(title: "difference", isNumber: true, help: "Mean over paired seeds, with Student's 95 % interval"),
    .init(
      title: "bootstrap", isNumber: true,
      help: "The BCa bootstrap's 95 % interval of the same mean; too narrow below ten pairs, and left out below six"),
    .init(
      title: "verdict", help: "By sign flips, or (t) by the t-test where so few pairs cannot reach that; after Holm's correction"),
    .init(
      title: "sign flips", isNumber: true,
      help: "p of the exact sign-flip test, in brackets corrected over all comparisons of the report"),
    .init(title: "Wilcoxon", isNumber: true, help: "p of the signed-rank test, in brackets corrected"),
    .init(title: "t-test", isNumber: true, help: "p of the paired t-test, in brackets corrected"),
    .init(title: "effect", isNumber: true, help: "Hedges' g: mean over deviation of the differences, corrected for few pairs"),
    .init(title: "Cliff's δ", isNumber: true, help: "P(method above reference) - P(below), whatever the seeds"),
    .init(title: "win/tie/loss", help: "Seeds on which the method is better, equal, worse"),
    .init(
      title: "could show", isNumber: true,
      help: "The true difference that a t-test of these pairs would find with a chance of 80 %"),
  ]

  var html: String? {
    guard !analysis.workloads.isEmpty else { return nil }
    return glance + analysis.workloads.indices.map(workload).joined()
  }

  private func workload(_ w: Int) -> String {
    let item = analysis.workloads[w]
    let metric = MetricText(item)
    var table = HTMLTable(
      Self.columns,
      caption: "\(item.workload.title): test \(metric.axis)\(item.workload.metric.higherIsBetter ? "" : ", lower is better")")
    for (m, cell) in item.cells.enumerated() { table.add(id: Anchor.cell(w, m), row(w, m, cell, metric)) }
    var out =
      "<h3 id=\"\(Anchor.workload(w))\">\(EscapedText.html(item.workload.title)) <span class=\"soft\">\(EscapedText.html(item.workload.domain))"
    if let division = item.workload.division { out += ", \(EscapedText.html(division))" }
    out += "</span></h3>" + table.html
    if let figure = forest(w) { out += "<div class=\"figures\">\(figure)</div>" }
    return out
  }

  private func row(_ w: Int, _ m: Int, _ cell: WorkloadAnalysis.Cell, _ metric: MetricText) -> [HTMLTable.Cell] {
    let name = HTMLTable.Cell.text(cell.method.name)
    guard !cell.runs.isEmpty else {
      return [name, .init("not run")] + Array(repeating: .init(""), count: Self.columns.count - 2)
    }
    let seeds =
      "\(cell.values.count)" + (cell.failures > 0 ? ", <span class=\"bad\">\(cell.failures) failed</span>" : "")
      + (cell.pending > 0 ? ", \(cell.pending) to come" : "")
    let mean =
      cell.values.isEmpty
      ? "<a href=\"#\(Anchor.runs(w, m))\">none</a>"
      : "<a href=\"#\(Anchor.runs(w, m))\">\(metric.number(cell.statistics.mean))</a>"
        + (cell.statistics.deviation.map { " ± " + metric.number($0) } ?? "")
    let first: [HTMLTable.Cell] = [
      name, .init(mean, cell.values.isEmpty ? nil : cell.statistics.mean), .init(seeds, Double(cell.values.count)),
    ]
    guard let comparison = cell.comparison else {
      return first + [.init("reference")] + Array(repeating: .init(""), count: Self.columns.count - 4)
    }
    let paired = comparison.paired
    func interval(_ interval: ConfidenceInterval?) -> String { interval.map { metric.interval($0.lower, $0.upper) } ?? "" }
    let difference =
      paired.count == 0
      ? "" : "<a href=\"#\(Anchor.runs(w, m))\">\(metric.difference(paired.mean))</a> \(interval(paired.tInterval))"
    let hasTests = paired.count > 1
    func p(_ value: Double?, _ corrected: Double?) -> HTMLTable.Cell {
      guard hasTests, let value, let corrected else { return .init("") }
      return .init(EscapedText.html("\(NumberText.probability(value)) (\(NumberText.probability(corrected)))"), value)
    }
    let counts = paired.winTieLoss
    return first + [
      .init(difference, paired.count == 0 ? nil : paired.mean),
      .init(interval(Self.bootstrap(paired)), Self.bootstrap(paired)?.lower),
      .init(Self.verdict(comparison.verdict, comparison.decision)), p(paired.signFlip.pValue, comparison.signFlipHolm),
      p(paired.wilcoxon.pValue, comparison.wilcoxonHolm), p(paired.tTestP, comparison.tTestHolm),
      .init(paired.effect.hedges.map { NumberText.fixed($0, 2, plus: true) } ?? "", paired.effect.hedges),
      .init(comparison.cliffsDelta.map { NumberText.fixed($0, 2, plus: true) } ?? "", comparison.cliffsDelta),
      .init(paired.count == 0 ? "" : "\(counts.wins)/\(counts.ties)/\(counts.losses)"),
      .init(paired.smallestDifference.map { metric.number($0) } ?? "", paired.smallestDifference),
    ]
  }

  /// Of fewer than six pairs a bootstrap interval is far too narrow to be shown.
  static func bootstrap(_ paired: PairedComparison) -> ConfidenceInterval? {
    paired.count < 6 ? nil : paired.bcaInterval ?? paired.percentileInterval
  }

  static func verdict(_ verdict: Verdict, _ decision: Decision?) -> String {
    let test = decision?.test == .tTest ? " (t)" : ""
    return switch verdict {
    case .better: "<span class=\"good\">▲ better</span>\(test)"
    case .worse: "<span class=\"bad\">▼ worse</span>\(test)"
    case .hint(let better): "\(better ? "△" : "▽") \(verdict.word)\(test)"
    default: EscapedText.html(verdict.word)
    }
  }

  /// All workloads and methods in one table: differences with a sign for the verdict.
  private var glance: String {
    guard analysis.document.methods.count > 1 else { return "" }
    let others = analysis.document.methods.indices.filter { $0 != analysis.reference }
    var table = HTMLTable(
      [.init(title: "workload"), .init(title: analysis.referenceName, isNumber: true)]
        + others.map { .init(title: analysis.document.methods[$0].name, isNumber: true) },
      caption:
        "At a glance: the reference's mean and differences to it. ▲ better, ▼ worse; △ ▽ hints that the correction takes"
        + " away; · undecided; ∅ too few pairs to tell"
    )
    for (w, item) in analysis.workloads.enumerated() {
      let metric = MetricText(item)
      let base = item.cells[item.reference].statistics.mean
      table.add(
        [
          .init("<a href=\"#\(Anchor.workload(w))\">\(EscapedText.html(item.workload.title))</a>"),
          .init(base.isFinite ? metric.value(base) : "–", base.isFinite ? base : nil),
        ]
          + others.map { m in
            guard let comparison = item.cells[m].comparison, comparison.paired.count > 0 else {
              return .init(item.cells[m].runs.isEmpty ? "not run" : "∅")
            }
            return .init(
              "<a href=\"#\(Anchor.cell(w, m))\">\(metric.difference(comparison.paired.mean))</a> \(Self.sign(comparison.verdict))",
              comparison.paired.mean)
          })
    }
    return table.html
  }

  private static func sign(_ verdict: Verdict) -> String {
    switch verdict {
    case .better: "<span class=\"good\" role=\"img\" aria-label=\"better\">▲</span>"
    case .worse: "<span class=\"bad\" role=\"img\" aria-label=\"worse\">▼</span>"
    case .hint(true): "<span role=\"img\" aria-label=\"hint of better\">△</span>"
    case .hint(false): "<span role=\"img\" aria-label=\"hint of worse\">▽</span>"
    case .same: "<span role=\"img\" aria-label=\"equal\">=</span>"
    case .open(.noEvidence): "<span role=\"img\" aria-label=\"undecided\">·</span>"
    case .open: "<span role=\"img\" aria-label=\"too few pairs\">∅</span>"
    }
  }

  private func forest(_ w: Int) -> String? {
    let item = analysis.workloads[w]
    let metric = MetricText(item)
    let rows = item.cells.enumerated().compactMap { m, cell -> ForestFigure.Row? in
      guard let comparison = cell.comparison, comparison.paired.count > 0 else { return nil }
      let t = comparison.paired.tInterval
      let bootstrap = Self.bootstrap(comparison.paired)
      return ForestFigure.Row(
        name: cell.method.name,
        numbers: metric.difference(comparison.paired.mean) + (t.map { " " + metric.interval($0.lower, $0.upper) } ?? ""),
        number: m,
        samples: comparison.pairing.differences.values.map(metric.plotted), mean: metric.plotted(comparison.paired.mean),
        low: t.map { metric.plotted($0.lower) }, high: t.map { metric.plotted($0.upper) },
        low2: bootstrap.map { metric.plotted($0.lower) }, high2: bootstrap.map { metric.plotted($0.upper) })
    }
    guard !rows.isEmpty else { return nil }
    let up = item.workload.metric.higherIsBetter
    var figure = ForestFigure(
      rows: rows,
      xLabel:
        "difference to \(SVGCanvas.fitted(analysis.referenceName, size: 12, room: 150)), \(SVGCanvas.fitted(metric.unit, size: 12, room: 120))"
    )
    figure.leftWord = up ? "worse" : "better"
    figure.rightWord = up ? "better" : "worse"
    return HTMLReport.figure(
      figure.svg(
        id: "forest-w\(w)", title: "Paired differences on \(item.workload.title)",
        description: rows.map { "\($0.name): \($0.numbers)" }.joined(separator: "; ") + " \(metric.unit)."),
      "Mean difference to \(EscapedText.html(analysis.referenceName)) with Student's 95 % interval (thick) and the"
        + " bootstrap's (thin); a faint tick for each seed."
    )
  }
}
