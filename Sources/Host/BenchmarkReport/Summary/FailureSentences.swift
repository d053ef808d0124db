/// What failed, told plainly.
struct FailureSentences {
  private let analysis: ReportAnalysis

  init(_ analysis: ReportAnalysis) { self.analysis = analysis }

  var all: [ReportText] {
    let groups = analysis.failures
    guard !groups.isEmpty else { return [] }
    var texts: [ReportText] = []
    for kind in FailureGroup.Kind.allCases {
      let these = groups.filter { $0.kind == kind }
      let count = these.reduce(0) { $0 + $1.runs.count }
      guard count > 0 else { continue }
      var text = ReportText()
      text.strong(Self.words(kind, count))
      text.add(": ")
      text.list(Array(these.prefix(6)), separator: "; ", last: "; ") { group, text in
        text.link(
          "\(analysis.document.methods[group.method].name) on \(analysis.workloads[group.workload].workload.title)",
          Anchor.runs(group.workload, group.method))
        let seeds = group.runs.map { "\(analysis.document.runs[$0].seed)" }
        text.add(
          ", seed\(seeds.count == 1 ? "" : "s") \(NumberText.list(Array(seeds.prefix(12))))\(seeds.count > 12 ? " ..." : "")")
        let messages = Set(group.runs.compactMap { analysis.document.runs[$0].message }).sorted()
        if let message = messages.first {
          text.add(" (\(message)\(messages.count > 1 ? "; and other messages" : ""))")
        }
      }
      if these.count > 6 { text.add("; and \(these.count - 6) more cells") }
      text.add(".")
      texts.append(text)
    }
    texts.append(
      ReportText(
        "A seed that failed is left out of the differences, for both methods. If failing has to do with the method, what"
          + " is left is a"
          + " selection that may flatter it."))
    return texts
  }

  static func words(_ kind: FailureGroup.Kind, _ count: Int) -> String {
    let runs = NumberText.count(count, "run")
    return switch kind {
    case .failed: "\(runs) crashed or ended with an error"
    case .timedOut: "\(runs) ran past the time limit"
    case .outOfMemory: "\(runs) ran out of memory"
    case .noFigure: "\(runs) finished without a finite figure"
    }
  }
}
