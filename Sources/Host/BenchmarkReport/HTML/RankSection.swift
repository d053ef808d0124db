import Statistics

/// Mean ranks with a critical-difference diagram.
struct RankSection {
  let analysis: ReportAnalysis

  var html: String? {
    guard analysis.document.methods.count > 1, analysis.workloads.count > 1 else { return nil }
    guard let ranks = analysis.ranks else {
      return "<p>There are no two workloads on which all methods have a figure: no ranks.</p>"
    }
    let names = ranks.methods.map { analysis.document.methods[$0].name }
    let figure = RankFigure(
      names: names, averageRanks: ranks.friedman.averageRanks, numbers: ranks.methods, groups: ranks.groups,
      criticalDifference: ranks.criticalDifference)
    let told = ranks.friedman.averageRanks.indices.sorted { ranks.friedman.averageRanks[$0] < ranks.friedman.averageRanks[$1] }
      .map { "\(names[$0]) \(NumberText.fixed(ranks.friedman.averageRanks[$0], 2))" }.joined(separator: ", ")
    var out =
      "<div class=\"figures\">"
      + HTMLReport.figure(
        figure.svg(id: "cd", title: "Critical-difference diagram", description: "Mean ranks: \(told)."),
        "Mean rank over \(NumberText.count(ranks.workloads.count, "workload")), 1 the best. Bars join methods that"
          + " pairwise Wilcoxon tests with Holm's correction"
          + " cannot tell apart at 5 %; the short line above is how far apart Nemenyi's test wants them.") + "</div>"
    out +=
      "<p>Friedman: χ² = \(NumberText.fixed(ranks.friedman.chiSquared, 2)), \(EscapedText.html(NumberText.pEquals(ranks.friedman.pValue)))"
      + "; Iman and Davenport: F = \(NumberText.fixed(ranks.friedman.imanDavenport, 2)),"
      + " \(EscapedText.html(NumberText.pEquals(ranks.friedman.imanDavenportP)))."
    let left = analysis.workloads.indices.filter { !ranks.workloads.contains($0) }
    if !left.isEmpty {
      out +=
        " Left out, for not all methods have a figure there:"
        + " \(EscapedText.html(NumberText.list(left.map { analysis.workloads[$0].workload.title })))."
    }
    if !ranks.pairwise.floor.canReach {
      out +=
        " With \(ranks.workloads.count) workloads Wilcoxon's test cannot tell any two methods apart here: it takes"
        + " \(ranks.pairwise.floor.pairsNeeded)."
    }
    out += "</p>"
    var table = HTMLTable(
      [.init(title: "method"), .init(title: "mean rank", isNumber: true)]
        + names.map { .init(title: "p against \($0)", isNumber: true) },
      caption: "Pairwise Wilcoxon tests over workloads, corrected by Holm's method")
    for (i, name) in names.enumerated() {
      let rank = ranks.friedman.averageRanks[i]
      table.add(
        [.text(name), .init(NumberText.fixed(rank, 2), rank)]
          + names.indices.map { j in
            i == j
              ? .init("")
              : .init(EscapedText.html(NumberText.probability(ranks.pairwise.pValues[i][j])), ranks.pairwise.pValues[i][j])
          })
    }
    return out + "<details><summary>Every pair</summary>\(table.html)</details>"
  }
}
