import Statistics

/// Where nothing can be said, and why.
struct LimitSentences {
  private let analysis: ReportAnalysis

  init(_ analysis: ReportAnalysis) { self.analysis = analysis }

  var all: [ReportText] { [noPairs, tooFew, familyFloor, undecided, onlyOneMethod].compactMap { $0 } }

  private var comparisons: [(w: Int, m: Int, comparison: WorkloadAnalysis.Comparison)] {
    analysis.workloads.indices.flatMap { w in
      analysis.workloads[w].cells.indices.compactMap { m in
        analysis.workloads[w].cells[m].comparison.map { (w, m, $0) }
      }
    }
  }

  private var onlyOneMethod: ReportText? {
    analysis.document.methods.count == 1 && !analysis.document.runs.isEmpty
      ? ReportText("There is one method alone: nothing to compare it with.") : nil
  }

  private var noPairs: ReportText? {
    let cells = comparisons.filter { $0.comparison.paired.count < 2 }
    guard !cells.isEmpty else { return nil }
    var text = ReportText("Nothing can be said of ")
    text.list(Array(cells.prefix(6)), last: cells.count > 6 ? ", " : " and ") { cell, text in
      text.link(analysis.document.methods[cell.m].name, Anchor.cell(cell.w, cell.m))
      text.add(" on \(analysis.workloads[cell.w].workload.title)")
      text.add(cell.comparison.paired.count == 1 ? " (one pair)" : " (no pair)")
    }
    if cells.count > 6 { text.add(" and \(cells.count - 6) more") }
    text.add(": a difference needs two seeds or more that both methods finished.")
    return text
  }

  /// Fewer pairs than the test needs even alone.
  private var tooFew: ReportText? {
    let cells = comparisons.compactMap { cell -> (w: Int, m: Int, floor: SignificanceFloor)? in
      if case .open(.tooFew(let floor)) = cell.comparison.verdict { (cell.w, cell.m, floor) } else { nil }
    }
    guard !cells.isEmpty else { return nil }
    var text = ReportText()
    for (index, pairs) in Set(cells.map(\.floor.pairs)).sorted().enumerated() {
      guard let floor = cells.first(where: { $0.floor.pairs == pairs })?.floor else { continue }
      let workloads = Set(cells.filter { $0.floor.pairs == pairs }.map(\.w)).sorted()
      text.add((index > 0 ? " " : "") + "On ")
      text.list(workloads) { w, text in text.link(analysis.workloads[w].workload.title, Anchor.workload(w)) }
      text.add(
        " \(pairs) pairs decide nothing: even if all point the same way, the sign-flip and Wilcoxon tests give p = "
          + "\(NumberText.trimmed(SignificanceFloor(pairs: pairs).smallestP)) at best; it takes \(SignificanceFloor(pairs: pairs).pairsNeeded)"
          + " pairs"
          + (floor.family > 1 ? ", and \(floor.pairsNeeded) where \(floor.family) comparisons are corrected for." : "."))
    }
    return text
  }

  /// Enough pairs for one comparison, but not for so many.
  private var familyFloor: ReportText? {
    let counts = Set(comparisons.map(\.comparison.paired.count)).filter { pairs in
      SignificanceFloor(pairs: pairs).canReach && !SignificanceFloor(pairs: pairs, family: analysis.family).canReach
    }.sorted()
    guard let largest = counts.last else { return nil }
    let floor = SignificanceFloor(pairs: largest, family: analysis.family)
    var text = ReportText(
      "With \(NumberText.list(counts.map { "\($0)" })) pairs the sign-flip and Wilcoxon tests cannot be significant among"
        + " \(analysis.family) comparisons"
        + " (p is at least \(NumberText.probability(floor.smallestCorrectedP)) after correction")
    text.add(counts.count > 1 ? ", with \(largest)" : "")
    text.add(
      "): there the paired t-test decides, which takes the differences to be normal. With \(floor.pairsNeeded) pairs it"
        + " would not be needed."
    )
    return text
  }

  private var undecided: ReportText? {
    let open = comparisons.filter { $0.comparison.verdict == .open(.noEvidence) }
    guard !open.isEmpty else { return nil }
    var text = ReportText("Undecided is not equal.")
    let points = open.compactMap { cell -> (w: Int, m: Int, size: Double)? in
      guard analysis.workloads[cell.w].workload.metric.isFraction else { return nil }
      return cell.comparison.paired.smallestDifference.map { (cell.w, cell.m, $0) }
    }
    guard let least = points.min(by: { $0.size < $1.size }), let most = points.max(by: { $0.size < $1.size }) else { return text }
    func told(_ item: (w: Int, m: Int, size: Double)) -> String { NumberText.fixed(item.size * 100, 2) }
    if points.count == 1 {
      text.add(
        " The pairs there would have shown a true difference of \(told(least)) points with a chance of 80 % in a t-test"
          + " by itself ("
      )
      text.link(analysis.workloads[least.w].workload.title, Anchor.cell(least.w, least.m))
      text.add("); a smaller one may well be there.")
    } else {
      text.add(
        " With a chance of 80 % a t-test by itself would have shown a true difference of \(told(least)) points where the"
          + " pairs agree best ("
      )
      text.link(
        analysis.document.methods[least.m].name + " on " + analysis.workloads[least.w].workload.title,
        Anchor.cell(least.w, least.m))
      text.add("), and only one of \(told(most)) points where they agree least (")
      text.link(
        analysis.document.methods[most.m].name + " on " + analysis.workloads[most.w].workload.title, Anchor.cell(most.w, most.m))
      text.add("); smaller ones may well be there.")
    }
    return text
  }
}
