import Statistics

/// The summary and the tables as Markdown.
struct MarkdownReport {
  let analysis: ReportAnalysis
  let summary: ReportSummary

  private func text(_ text: String) -> String { EscapedText.markdown(text) }

  private func table(_ head: [String], _ rows: [[String]]) -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    return line(head) + line(head.indices.map { $0 == 0 ? "---" : "---:" }) + rows.map(line).joined() + "\n"
  }

  var text: String {
    let document = analysis.document
    var out =
      "# \(text(document.title))\n\n\(HTMLReport.date(document.date)), reference: \(text(analysis.referenceName))\n\n##"
      + " Summary\n\n\(summary.scope.markdown)\n\n"
    func list(_ texts: [ReportText]) { if !texts.isEmpty { out += texts.map { "- \($0.markdown)\n" }.joined() + "\n" } }
    list(summary.methods)
    if !summary.limits.isEmpty { out += "### What cannot be said\n\n" }
    list(summary.limits)
    if !summary.further.isEmpty { out += "### Beyond single workloads\n\n" }
    list(summary.further)
    if !summary.failures.isEmpty { out += "### What failed\n\n" }
    list(summary.failures)
    for note in document.notes { out += text(note) + "\n\n" }
    if !analysis.workloads.isEmpty { out += "## Comparison\n\n" }
    for item in analysis.workloads { out += comparison(item) }
    out += ranks() + speed() + early() + factorial() + costs() + failedRuns() + closing()
    return out
  }

  private func comparison(_ item: WorkloadAnalysis) -> String {
    let metric = MetricText(item)
    let rows = item.cells.map { cell -> [String] in
      let name = text(cell.method.name)
      guard !cell.runs.isEmpty else { return [name, "not run", "", "", "", "", "", "", "", "", ""] }
      let mean =
        cell.values.isEmpty
        ? "none" : metric.number(cell.statistics.mean) + (cell.statistics.deviation.map { " ± " + metric.number($0) } ?? "")
      let seeds =
        "\(cell.values.count)" + (cell.failures > 0 ? ", \(cell.failures) failed" : "")
        + (cell.pending > 0 ? ", \(cell.pending) to come" : "")
      guard let comparison = cell.comparison else { return [name, mean, seeds, "reference", "", "", "", "", "", "", ""] }
      let paired = comparison.paired
      func interval(_ interval: ConfidenceInterval?) -> String {
        interval.map { " " + text(metric.interval($0.lower, $0.upper)) } ?? ""
      }
      func p(_ value: Double?) -> String { paired.count > 1 ? value.map { text(NumberText.probability($0)) } ?? "" : "" }
      let counts = paired.winTieLoss
      return [
        name, mean, seeds, paired.count == 0 ? "" : metric.difference(paired.mean) + interval(paired.tInterval),
        String(interval(ComparisonSection.bootstrap(paired)).dropFirst()), comparison.verdict.word,
        p(comparison.decision?.corrected)
          + (comparison.decision?.test == .tTest ? " t" : ""), p(paired.signFlip.pValue), p(paired.wilcoxon.pValue),
        paired.effect.hedges.map { NumberText.fixed($0, 2, plus: true) } ?? "",
        paired.count == 0 ? "" : "\(counts.wins)/\(counts.ties)/\(counts.losses)",
      ]
    }
    let unit = item.workload.metric.isFraction ? "points" : item.workload.metric.name
    return "### \(text(item.workload.title)) (\(text(item.workload.domain)))\n\n"
      + table(
        [
          "method", "test " + text(metric.axis), "seeds", "difference, \(text(unit)) (95 %, t)", "bootstrap (BCa)", "verdict",
          "p (Holm)", "sign flips p", "Wilcoxon p", "g", "win/tie/loss",
        ], rows)
  }

  private func ranks() -> String {
    guard let ranks = analysis.ranks else { return "" }
    let means = ranks.friedman.averageRanks
    let order = means.indices.sorted { means[$0] < means[$1] }
    return
      "## Average ranks\n\nOver \(NumberText.count(ranks.workloads.count, "workload")); Friedman (Iman and Davenport)"
      + " \(text(NumberText.pEquals(ranks.friedman.imanDavenportP))), Nemenyi's critical difference"
      + " \(NumberText.fixed(ranks.criticalDifference, 2)).\n\n"
      + table(
        ["method", "mean rank"],
        order.map { [text(analysis.document.methods[ranks.methods[$0]].name), NumberText.fixed(means[$0], 2)] })
      + (ranks.groups.isEmpty
        ? ""
        : "Not told apart by pairwise Wilcoxon tests: "
          + ranks.groups.map { group in
            group.map { text(analysis.document.methods[ranks.methods[$0]].name) }.joined(separator: ", ")
          }.joined(separator: "; ") + ".\n\n")
  }

  private func speed() -> String {
    guard let speed = analysis.speed else { return "" }
    let names = speed.methods.map { text(analysis.document.methods[$0].name) }
    return "## Time to target\n\nMedian seconds with all costs billed; score: area under the performance profile up to τ = 4.\n\n"
      + table(
        ["workload"] + names,
        zip(speed.workloads, speed.times).map { w, times in
          [text(analysis.workloads[w].workload.title)] + times.map { text($0.map(NumberText.seconds) ?? "–") }
        }
          + [["**score**"] + speed.scores.map { NumberText.fixed($0, 3) }])
  }

  private func early() -> String {
    var rows: [[String]] = []
    for (w, course) in analysis.courses.enumerated() {
      let metric = MetricText(analysis.workloads[w])
      for method in course?.methods ?? [] {
        guard let crossing = method.crossing, !crossing.points.isEmpty else { continue }
        rows.append(
          [text(analysis.workloads[w].workload.title), text(analysis.document.methods[method.method].name)]
            + [0.1, 0.25, 0.5, 1].map { part in
              crossing.point(atPart: part).map { text(metric.difference($0)) } ?? "–"
            } + [crossing.crossings.prefix(6).map { NumberText.fixed($0, 1) }.joined(separator: ", ")])
      }
    }
    guard !rows.isEmpty else { return "" }
    return
      "## Early and late\n\nDifference to \(text(analysis.referenceName)) in validation, with Student's 95 % interval;"
      + " the epochs at which the lead changes hands. Of a method that averages, the end is the average.\n\n"
      + table(["workload", "method", "at 10 %", "at 25 %", "at 50 %", "at the end", "lead changes at"], rows)
  }

  private func factorial() -> String {
    guard !analysis.factorial.isEmpty else { return "" }
    var rows: [[String]] = []
    for item in analysis.factorial {
      let workload = analysis.workloads[item.workload]
      let metric = MetricText(workload)
      for (effect, decision) in zip(item.effects.effects, item.decisions) {
        let t = effect.comparison.tInterval
        rows.append([
          text(workload.workload.title), effect.name,
          metric.difference(effect.comparison.mean) + (t.map { " " + text(metric.interval($0.lower, $0.upper)) } ?? ""),
          text(metric.unit),
          decision.map { text(NumberText.probability($0.p)) } ?? "",
          decision.map { text(NumberText.probability($0.corrected)) } ?? "",
          decision.map { $0.test == .tTest ? "t" : "sign flips" } ?? "", "\(item.effects.seeds.count)",
        ])
      }
    }
    return "## Averaging or learning rate?\n\n"
      + table(["workload", "effect", "difference (95 %)", "unit", "p", "p (Holm)", "test", "seeds"], rows)
  }

  private func costs() -> String {
    var rows: [[String]] = []
    for item in analysis.workloads {
      for cell in item.cells {
        guard let costs = cell.costs else { continue }
        let s = costs.seconds
        rows.append(
          [text(item.workload.title), text(cell.method.name)]
            + [s.total, s.train, s.data, s.evaluate, s.average, s.bnUpdate].map { text(NumberText.seconds($0)) }
            + [costs.peakMemoryBytes.map(NumberText.bytes) ?? ""])
      }
    }
    guard !rows.isEmpty else { return "" }
    return "## Costs\n\nMedians over finished runs.\n\n"
      + table(["workload", "method", "total", "training", "data", "evaluation", "averaging", "normalization", "memory"], rows)
  }

  private func failedRuns() -> String {
    let rows = analysis.failures.flatMap { group in
      group.runs.map { index -> [String] in
        let run = analysis.document.runs[index]
        return [
          text(run.id), text(analysis.workloads[group.workload].workload.title), text(run.method), "\(run.seed)",
          RunSection.word(group.kind), text(run.message ?? ""),
        ]
      }
    }
    return rows.isEmpty ? "" : "## Runs that failed\n\n" + table(["run", "workload", "method", "seed", "what", "message"], rows)
  }

  private func closing() -> String {
    let document = analysis.document
    var out = "## How to read this\n\n" + ReadingSection.paragraphs.map { "- **\($0.0)**: \(text($0.1))\n" }.joined() + "\n"
    if !document.methods.isEmpty {
      out += "## Methods\n\n" + document.methods.map { "- **\(text($0.name))** \(text($0.summary))\n" }.joined() + "\n"
    }
    if !document.commands.isEmpty { out += "## To repeat this\n\n" }
    for command in document.commands {
      // A fence longer than any in the text.
      var fence = "```"
      while command.text.contains(fence) { fence += "`" }
      out += "\(text(command.purpose))\n\n\(fence)sh\n\(command.text)\n\(fence)\n\n"
    }
    let environment = document.environment
    let items =
      environment.machine + environment.versions
      + environment.modules.map { .init("module \($0.name)", [$0.version, $0.origin].compactMap { $0 }.joined(separator: ", ")) }
    if !items.isEmpty { out += "## Environment\n\n" + items.map { "- \(text($0.name)): \(text($0.value))\n" }.joined() + "\n" }
    return out
  }
}
