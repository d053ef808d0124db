import Statistics

/// Every run, collapsed by workload: what every number above comes from.
struct RunSection {
  let analysis: ReportAnalysis
  /// Beyond so many runs only those that did not finish have their details in the page.
  private let detailLimit = 2_000

  private static let columns: [HTMLTable.Column] = [
    .init(title: "run"), .init(title: "seed", isNumber: true), .init(title: "status"),
    .init(title: "test", isNumber: true, help: "Of the weights the method is for"),
    .init(title: "difference", isNumber: true, help: "To the reference's run of the same seed"),
    .init(title: "validation", isNumber: true, help: "Of the same weights"),
    .init(title: "last", isNumber: true, help: "Test, weights of the last step"),
    .init(title: "selected", isNumber: true, help: "Test, weights chosen by validation"),
    .init(title: "averaged", isNumber: true, help: "Test, the method's average"),
    .init(title: "seconds", isNumber: true), .init(title: "memory", isNumber: true), .init(title: "details"),
  ]

  var html: String? {
    let document = analysis.document
    guard !document.runs.isEmpty else { return nil }
    let hasAll = document.runs.count <= detailLimit
    let names = RunNames(document)
    var out =
      "<p>\(NumberText.count(document.runs.count, "run")), by workload and method. Every figure above is a mean or a"
      + " median of these"
    out +=
      hasAll
      ? ".</p>" : "; of so many runs only those that did not finish have their details here, the CSV and JSON files hold all.</p>"
    for (w, item) in analysis.workloads.enumerated() {
      let count = item.cells.reduce(0) { $0 + $1.runs.count }
      guard count > 0 else { continue }
      let failures = item.cells.reduce(0) { $0 + $1.failures }
      out +=
        "\n<details id=\"runs-w\(w)\"><summary>\(EscapedText.html(item.workload.title)): \(NumberText.count(count, "run"))"
        + (failures > 0 ? ", <span class=\"bad\">\(failures) failed</span>" : "") + "</summary>"
      let metric = MetricText(item)
      var partners: [Int: Int] = [:]
      for index in item.cells[item.reference].runs { partners[document.runs[index].seed] = index }
      for (m, cell) in item.cells.enumerated() where !cell.runs.isEmpty {
        out +=
          "<h3>\(EscapedText.html(cell.method.name))</h3>"
          + HTMLTable.open("Runs of \(cell.method.name) on \(item.workload.title), \(metric.axis)", id: Anchor.runs(w, m))
          + HTMLTable.head(Self.columns)
          + "<tbody>"
        for index in cell.runs { append(index, cell, item, metric, names, partners, hasAll, &out) }
        out += "</tbody></table></div>"
      }
      out += "</details>"
    }
    return out
  }

  private func append(
    _ index: Int, _ cell: WorkloadAnalysis.Cell, _ item: WorkloadAnalysis, _ metric: MetricText, _ names: RunNames,
    _ partners: [Int: Int], _ hasAll: Bool, _ out: inout String
  ) {
    let run = analysis.document.runs[index]
    let name = item.workload.metric.name
    func figure(_ value: Double?) -> HTMLTable.Cell { .init(value.map(metric.number) ?? "", value) }
    let value = run.value(name)
    var difference = HTMLTable.Cell("")
    if let value, cell.comparison != nil, let other = item.cells[item.reference].values[run.seed],
      let partner = partners[run.seed]
    {
      difference = .init("<a href=\"#\(names.anchor(partner))\">\(metric.difference(value - other))</a>", value - other)
    }
    let status =
      FailureGroup.kind(run, item.workload).map { "<span class=\"bad\">\(Self.word($0))</span>" }
      ?? (run.status == .pending ? "to come" : "finished")
    out += HTMLTable.row(
      Self.columns, id: names.anchor(index),
      [
        .init("<code>\(EscapedText.html(SVGCanvas.fitted(run.id, size: 12, room: 130)))</code>"),
        .init("\(run.seed)", Double(run.seed)), .init(status), figure(value),
        difference, figure(run.scores(run.counts)?.validation[name]), figure(run.last?.test[name]),
        figure(run.selected?.test[name]),
        figure(run.averaged?.test[name]),
        .init(run.seconds.map { EscapedText.html(NumberText.seconds($0.total)) } ?? "", run.seconds?.total),
        .init(run.peakMemoryBytes.map { NumberText.bytes(Double($0)) } ?? "", run.peakMemoryBytes.map { Double($0) }),
        .init(hasAll || run.status != .finished ? details(run) : ""),
      ])
  }

  static func word(_ kind: FailureGroup.Kind) -> String {
    switch kind {
    case .failed: "failed"
    case .timedOut: "timed out"
    case .outOfMemory: "out of memory"
    case .noFigure: "no finite figure"
    }
  }

  private func details(_ run: ReportDocument.Run) -> String {
    var items: [(String, String)] = [("run", run.id)]
    if let message = run.message { items.append(("message", message)) }
    if run.attempts > 1 { items.append(("started", "\(run.attempts) times")) }
    items.append(("counts with", "\(run.counts.rawValue) weights"))
    if let s = run.seconds {
      let parts = zip(CostFigure.parts, [s.train, s.data, s.evaluate, s.average, s.bnUpdate]).map {
        "\($0) \(NumberText.seconds($1))"
      }
      items.append(("seconds", parts.joined(separator: ", ")))
    }
    if let other = run.sharesTrajectoryOf { items.append(("shares the trajectory of", other)) }
    for (name, scores) in run.observed.sorted(by: { $0.key < $1.key }) {
      let figures = scores.test.sorted { $0.key < $1.key }.map { "\($0.key) \(NumberText.fixed($0.value, 4))" }
      items.append(("observed \(name), test", figures.joined(separator: ", ")))
    }
    for weights in ReportDocument.Run.Weights.allCases {
      guard let test = run.scores(weights)?.test, test.count > 1 else { continue }
      items.append(
        (
          "\(weights.rawValue), test",
          test.sorted { $0.key < $1.key }.map { "\($0.key) \(NumberText.fixed($0.value, 4))" }.joined(separator: ", ")
        ))
    }
    if let command = run.command { items.append(("command", command)) }
    return "<details><summary>\(run.status == .finished || run.message == nil ? "more" : "why")</summary><dl>"
      + items.map { "<dt>\(EscapedText.html($0.0))</dt><dd>\(EscapedText.html($0.1))</dd>" }.joined() + "</dl></details>"
  }
}

/// Anchors of runs: their ids where those are plain and unique, else with their number.
private struct RunNames {
  private let anchors: [String]

  init(_ document: ReportDocument) {
    var seen: Set<String> = []
    anchors = document.runs.enumerated().map { index, run in
      let isPlain =
        !run.id.isEmpty
        && run.id.utf8.allSatisfy {
          (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x2E
            || $0 == 0x5F
        }
      let anchor = isPlain ? "run-" + run.id : "run-number-\(index)"
      return seen.insert(anchor).inserted ? anchor : "\(anchor)-number-\(index)"
    }
  }

  func anchor(_ index: Int) -> String { anchors[index] }
}
