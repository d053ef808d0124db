import Statistics

/// The 2x2 of averaging and tail learning rate.
struct FactorialSection {
  let analysis: ReportAnalysis

  var html: String? {
    guard !analysis.factorial.isEmpty else { return nil }
    let count = analysis.factorial.count * 3
    return
      "<p>A 2x2 experiment over paired seeds: without and with averaging, where the rate decays and where it stays high."
      + " Averaging is the mean of wa − backbone and"
      + " swa − backbone-chc; learning rate that of backbone-chc − backbone and swa − wa; interaction is by how much"
      + " averaging gains more at the high rate."
      + " p is the sign-flip test's, or the paired t-test's (t) where so few seeds cannot reach 0.05 otherwise, corrected"
      + " by Holm's method for the \(count) effects shown.</p>"
      + analysis.factorial.map(one).joined()
  }

  private func one(_ item: FactorialAnalysis) -> String {
    let workload = analysis.workloads[item.workload]
    let metric = MetricText(workload)
    func mean(_ cell: FactorialEffects.Cell) -> String {
      "<td class=\"n\">\(item.effects.means[cell].map(metric.value) ?? "")<br><span class=\"soft\">\(cell.rawValue)</span></td>"
    }
    var out =
      "<h3 id=\"factorial-w\(item.workload)\">\(EscapedText.html(workload.workload.title)),"
      + " \(NumberText.count(item.effects.seeds.count, "seed"))</h3>"
    if !item.effects.leftOut.isEmpty {
      out +=
        "<p class=\"note\">Left out, for a run is missing: seed\(item.effects.leftOut.count == 1 ? "" : "s")"
        + " \(NumberText.list(item.effects.leftOut.map { "\($0)" })).</p>"
    }
    out +=
      "<div class=\"figures\"><div>\(HTMLTable.open("Means, test " + metric.axis, isSortable: false))<thead><tr><td></td><th scope=\"col\">rate decays</th><th scope=\"col\">rate stays high</th></tr></thead>"
      + "<tbody><tr><th scope=\"row\">no averaging</th>\(mean(.backbone))\(mean(.backboneHigh))</tr><tr><th"
      + " scope=\"row\">averaging</th>\(mean(.averaged))\(mean(.averagedHigh))</tr></tbody></table></div>"
    var table = HTMLTable(
      [
        .init(title: "effect"), .init(title: metric.unit, isNumber: true), .init(title: "p", isNumber: true),
        .init(title: "p (Holm)", isNumber: true), .init(title: "g", isNumber: true),
      ],
      caption: "Effects with Student's 95 % interval")
    for (effect, decision) in zip(item.effects.effects, item.decisions) {
      let paired = effect.comparison
      let sign = decision?.test == .tTest ? " t" : ""
      table.add([
        .text(effect.name),
        .init(
          metric.difference(paired.mean) + (paired.tInterval.map { " " + metric.interval($0.lower, $0.upper) } ?? ""), paired.mean
        ),
        .init(decision.map { EscapedText.html(NumberText.probability($0.p)) + sign } ?? "", decision?.p),
        .init(decision.map { EscapedText.html(NumberText.probability($0.corrected)) } ?? "", decision?.corrected),
        .init(paired.effect.hedges.map { NumberText.fixed($0, 2, plus: true) } ?? "", paired.effect.hedges),
      ])
    }
    let rows = item.effects.effects.enumerated().map { index, effect in
      ForestFigure.Row(
        name: effect.name,
        numbers: metric.difference(effect.comparison.mean)
          + (effect.comparison.tInterval.map { " " + metric.interval($0.lower, $0.upper) } ?? ""),
        number: index, samples: effect.differences.map(metric.plotted), mean: metric.plotted(effect.comparison.mean),
        low: effect.comparison.tInterval.map { metric.plotted($0.lower) },
        high: effect.comparison.tInterval.map { metric.plotted($0.upper) })
    }
    let figure = ForestFigure(rows: rows, xLabel: "effect, \(SVGCanvas.fitted(metric.unit, size: 12, room: 200))")
    return out + table.html + "</div>"
      + HTMLReport.figure(
        figure.svg(
          id: "effects-w\(item.workload)", title: "Effects of averaging and learning rate, \(workload.workload.title)",
          description: rows.map { "\($0.name): \($0.numbers)" }.joined(separator: "; ") + "."),
        "Effects with Student's 95 % interval; a faint tick for each seed.") + "</div>"
  }
}
