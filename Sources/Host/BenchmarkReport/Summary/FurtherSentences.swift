import Statistics

/// Ranks, speed, the early stage, averaging against learning rate.
struct FurtherSentences {
  private let analysis: ReportAnalysis

  init(_ analysis: ReportAnalysis) { self.analysis = analysis }

  var all: [ReportText] { [ranks, speed, early, factorial].compactMap { $0 } }

  private func name(_ m: Int) -> String { analysis.document.methods[m].name }

  private var ranks: ReportText? {
    guard let ranks = analysis.ranks else { return nil }
    let means = ranks.friedman.averageRanks
    guard let lowest = means.min() else { return nil }
    let best = means.indices.filter { means[$0] - lowest < 1e-9 }.map { name(ranks.methods[$0]) }
    var text = ReportText()
    text.link("Over \(NumberText.count(ranks.workloads.count, "workload"))", "ranks")
    text.add(
      " \(NumberText.list(best)) \(best.count == 1 ? "has" : "have") the best mean rank, \(NumberText.fixed(lowest, 2))"
        + " of \(means.count); "
    )
    let p = ranks.friedman.imanDavenportP
    text.add(p < 0.05 ? "ranks differ more than by chance" : "ranks do not differ more than chance allows")
    text.add(" (Friedman's test in Iman and Davenport's form, \(NumberText.pEquals(p))). ")
    if !ranks.pairwise.floor.canReach {
      text.add(
        "So few workloads cannot tell any two of \(means.count) methods apart by Wilcoxon's test: it takes"
          + " \(ranks.pairwise.floor.pairsNeeded)."
      )
    } else if ranks.groups.contains(where: { $0.count == means.count }) {
      text.add("No two methods can be told apart over the workloads.")
    } else {
      text.add("The diagram joins those that cannot be told apart.")
    }
    return text
  }

  private var speed: ReportText? {
    guard let speed = analysis.speed, let top = speed.scores.max() else { return nil }
    var text = ReportText()
    text.link("Time to target", "speed")
    guard top > 0 else {
      text.add(": no method reaches a target on half of its seeds.")
      return text
    }
    let best = speed.scores.indices.filter { top - speed.scores[$0] < 1e-9 }.map { name(speed.methods[$0]) }
    text.add(
      ", costs of averaging and evaluation billed: \(NumberText.list(best)) \(best.count == 1 ? "has" : "have") the"
        + " highest score, \(NumberText.fixed(top, 2)) of 1"
    )
    if let base = speed.methods.firstIndex(of: analysis.reference), !best.contains(analysis.referenceName) {
      text.add(" (\(analysis.referenceName) \(NumberText.fixed(speed.scores[base], 2)))")
    }
    text.add(", over \(NumberText.count(speed.workloads.count, "workload")). The score has no test behind it.")
    return text
  }

  /// Where a quarter of the epochs are done; half of them where nothing differs before.
  private var early: ReportText? { early(0.25, "A quarter of the way") ?? early(0.5, "Half of the way") }

  private func early(_ part: Double, _ words: String) -> ReportText? {
    var clauses: [String] = []
    for m in analysis.document.methods.indices where m != analysis.reference {
      var ahead = 0
      var behind = 0
      var total = 0
      var differs = false
      for (w, course) in analysis.courses.enumerated() {
        guard let crossing = course?.methods.first(where: { $0.method == m })?.crossing,
          let point = crossing.point(atPart: part), let interval = point.interval
        else { continue }
        total += 1
        differs = differs || !point.isEqual
        let up = analysis.workloads[w].workload.metric.higherIsBetter
        if (up ? interval.lower : -interval.upper) > 0 { ahead += 1 }
        if (up ? interval.upper : -interval.lower) < 0 { behind += 1 }
      }
      // What trains with the same weights until its average is taken says nothing here.
      if differs {
        clauses.append("\(name(m)) is ahead on \(ahead) and behind on \(behind) of \(total)")
      }
    }
    guard !clauses.isEmpty else { return nil }
    var text = ReportText()
    text.link(words, "course")
    text.add(
      ", in validation, the 95 % interval of the difference to \(analysis.referenceName) clear of zero (not corrected):"
        + " \(clauses.joined(separator: "; "))."
    )
    return text
  }

  private var factorial: ReportText? {
    guard !analysis.factorial.isEmpty else { return nil }
    var text = ReportText()
    text.link("Averaging or learning rate?", "factorial")
    let total = analysis.factorial.count
    for (index, name) in ["averaging", "learning rate", "interaction"].enumerated() {
      let found = analysis.factorial.compactMap { item -> (w: Int, effect: FactorialEffects.Effect)? in
        guard let decision = item.decisions[index], decision.corrected < Decision.level else { return nil }
        return (item.workload, item.effects.effects[index])
      }
      let subject = ["Averaging", "The high tail rate", "Averaging"][index]
      if found.isEmpty {
        text.add(
          name == "interaction"
            ? " That averaging gains more or less at the high rate is shown nowhere."
            : " \(subject) makes no difference that is shown on any of \(NumberText.count(total, "workload")).")
        continue
      }
      text.add(" " + subject)
      let good = found.filter { ($0.effect.comparison.mean > 0) == analysis.workloads[$0.w].workload.metric.higherIsBetter }
      let bad = found.filter { ($0.effect.comparison.mean > 0) != analysis.workloads[$0.w].workload.metric.higherIsBetter }
      let words =
        name == "interaction" ? ["gains more at the high rate on", "gains less at the high rate on"] : ["helps on", "hurts on"]
      for (word, items) in zip(words, [good, bad]) where !items.isEmpty {
        text.add((word == words[1] && !good.isEmpty ? " and " : " ") + word + " ")
        text.list(items, separator: "; ", last: "; ") { item, text in
          let analysis = analysis.workloads[item.w]
          text.link(analysis.workload.title, "factorial-w\(item.w)")
          text.add(" by " + MethodSentences.difference(item.effect.comparison, MetricText(analysis)))
        }
      }
      text.add(".")
    }
    return text
  }
}
