/// Seconds and memory of the methods.
struct CostSection {
  let analysis: ReportAnalysis

  var html: String? {
    let parts = analysis.workloads.indices.compactMap(workload)
    guard !parts.isEmpty else { return nil }
    var legend = "<ul class=\"legend\">"
    for (index, name) in CostFigure.parts.enumerated() {
      legend += "<li><span class=\"swatch c\(index)\" aria-hidden=\"true\"></span><span>\(name)</span></li>"
    }
    return
      "<p>Medians over finished runs. Seconds vary with what else the machine does; a method that shares another's"
      + " trajectory is billed for the training it would need alone.</p>"
      + legend + "</ul>" + parts.joined()
  }

  private func workload(_ w: Int) -> String? {
    let item = analysis.workloads[w]
    guard item.cells.contains(where: { $0.costs != nil }) else { return nil }
    let base = item.cells[item.reference].costs?.seconds.billed
    var table = HTMLTable(
      [.init(title: "method"), .init(title: "total", isNumber: true)]
        + CostFigure.parts.dropLast().map { .init(title: $0, isNumber: true) }
        + [
          .init(title: "against \(analysis.referenceName)", isNumber: true, help: "Billed seconds over those of the reference"),
          .init(title: "peak memory", isNumber: true),
        ],
      caption: "\(item.workload.title): cost of a run, median")
    var rows: [CostFigure.Row] = []
    for (m, cell) in item.cells.enumerated() {
      guard let costs = cell.costs else { continue }
      let s = costs.seconds
      let parts = [s.train, s.data, s.evaluate, s.average, s.bnUpdate]
      let ratio = base.flatMap { $0 > 0 ? s.billed / $0 : nil }
      table.add(
        [
          .text(cell.method.name),
          .init("<a href=\"#\(Anchor.runs(w, m))\">\(EscapedText.html(NumberText.seconds(s.total)))</a>", s.total),
        ]
          + parts.map { .init(EscapedText.html(NumberText.seconds($0)), $0) }
          + [
            .init(ratio.map { "×" + NumberText.fixed($0, 2) } ?? "", ratio),
            .init(costs.peakMemoryBytes.map(NumberText.bytes) ?? "", costs.peakMemoryBytes),
          ])
      rows.append(
        .init(
          name: cell.method.name, seconds: parts + [max(0, s.total - s.billed)], total: NumberText.seconds(max(s.total, s.billed))
        ))
    }
    let figure = CostFigure(rows: rows)
    return "<h3>\(EscapedText.html(item.workload.title))</h3><div class=\"figures\">"
      + HTMLReport.figure(
        figure.svg(
          id: "cost-w\(w)", title: "Seconds a run by part, \(item.workload.title)",
          description: rows.map { "\($0.name) \($0.total)" }.joined(separator: ", ") + "."),
        "Seconds of a run by part, in the order of the legend.")
      + "</div>" + table.html
  }
}
