import Statistics

/// A method against the reference: where it is better, where worse, where nothing is shown.
struct MethodSentences {
  private let analysis: ReportAnalysis
  private var shown: Int { 4 }

  init(_ analysis: ReportAnalysis) { self.analysis = analysis }

  var all: [ReportText] {
    analysis.document.methods.indices.filter { $0 != analysis.reference }.compactMap(sentence)
  }

  private func sentence(_ m: Int) -> ReportText? {
    let found = analysis.workloads.indices.compactMap { w in
      analysis.workloads[w].cells[m].comparison.map { (w: w, comparison: $0) }
    }
    let name = analysis.document.methods[m].name
    var text = ReportText()
    text.strong(name)
    guard !found.isEmpty else {
      text.add(": not run.")
      return text
    }
    let total = found.count
    func those(_ verdict: Verdict) -> [(w: Int, comparison: WorkloadAnalysis.Comparison)] {
      found.filter { $0.comparison.verdict == verdict }
    }
    let better = those(.better)
    let worse = those(.worse)
    let hints = those(.hint(better: true)) + those(.hint(better: false))
    let same = those(.same)
    let of = total == 1 ? "the one workload" : "of \(NumberText.count(total, "workload"))"
    if better.isEmpty, worse.isEmpty {
      text.add(": no difference to \(analysis.referenceName) is shown on \(total == 1 ? of : "any " + of).")
    } else {
      text.add(": ")
      var clauses = 0
      for (word, items) in [("better than \(analysis.referenceName)", better), ("worse than \(analysis.referenceName)", worse)]
      where !items.isEmpty {
        text.add((clauses > 0 ? "; " : "") + word + " on " + (total == 1 ? of : "\(items.count) " + of) + " (")
        list(items, m, &text)
        text.add(")")
        clauses += 1
      }
      text.add(".")
    }
    if !hints.isEmpty {
      text.add(" Only hints, which the correction for many comparisons takes away: ")
      list(hints, m, &text) {
        "\(NumberText.pEquals($0.decision?.p ?? 1)), corrected \(NumberText.probability($0.decision?.corrected ?? 1))"
      }
      text.add(".")
    }
    if !same.isEmpty {
      text.add(" Equal on every seed: ")
      list(same, m, &text) { _ in nil }
      text.add(".")
    }
    let open = found.count - better.count - worse.count - hints.count - same.count
    if open > 0, open < found.count { text.add(" Undecided on the other \(open == 1 ? "one" : "\(open)").") }
    return text
  }

  private func list(
    _ items: [(w: Int, comparison: WorkloadAnalysis.Comparison)], _ m: Int, _ text: inout ReportText,
    detail: (WorkloadAnalysis.Comparison) -> String? = { _ in "" }
  ) {
    for (index, item) in items.prefix(shown).enumerated() {
      if index > 0 { text.add("; ") }
      let analysis = analysis.workloads[item.w]
      text.link(analysis.workload.title, Anchor.cell(item.w, m))
      guard let detail = detail(item.comparison) else { continue }
      text.add(" by " + Self.difference(item.comparison.paired, MetricText(analysis)) + (detail.isEmpty ? "" : ", " + detail))
    }
    if items.count > shown { text.add("; and \(items.count - shown) more") }
  }

  /// `+0.42 points [+0.10, +0.74]`
  static func difference(_ paired: PairedComparison, _ metric: MetricText) -> String {
    metric.difference(paired.mean) + " " + metric.unit
      + (paired.tInterval.map { " " + metric.interval($0.lower, $0.upper) } ?? "")
  }
}
