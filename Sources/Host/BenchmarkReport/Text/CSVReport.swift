/// All runs in long form (RFC 4180, UTF-8, lines end in LF): a row for each figure, with everything needed to group by.
///
/// `weights` is last, selected, averaged or observed:NAME; of costs (seconds.train, ..., peakMemoryBytes) it is empty, as is
/// `split`. A run without any figure has one row with an empty metric.
public struct CSVReport {
  public static let header =
    "run,workload,domain,model,dataset,label,method,seed,status,weights,split,metric,value,counts,message"

  let document: ReportDocument

  var text: String {
    var out = Self.header + "\n"
    let workloads = Dictionary(document.workloads.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for run in document.runs {
      let workload = workloads[run.workload]
      let start =
        [
          run.id, run.workload, workload?.domain ?? "", workload?.model ?? "", workload?.dataset ?? "", workload?.label ?? "",
          run.method,
          "\(run.seed)", run.status.rawValue,
        ].map(EscapedText.csv).joined(separator: ",")
      let end = "," + EscapedText.csv(run.message ?? "") + "\n"
      var hasRow = false
      func row(_ weights: String, _ split: String, _ metric: String, _ value: Double, counts: Bool) {
        out += start + ",\(EscapedText.csv(weights)),\(split),\(EscapedText.csv(metric)),\(value),\(counts)" + end
        hasRow = true
      }
      func rows(_ weights: String, _ scores: ReportDocument.Run.Scores, _ isCounted: Bool) {
        for (split, figures) in [("validation", scores.validation), ("test", scores.test)] {
          for (metric, value) in figures.sorted(by: { $0.key < $1.key }) {
            row(weights, split, metric, value, counts: isCounted && split == "test" && metric == workload?.metric.name)
          }
        }
      }
      for weights in ReportDocument.Run.Weights.allCases {
        if let scores = run.scores(weights) { rows(weights.rawValue, scores, weights == run.counts && run.status == .finished) }
      }
      for (name, scores) in run.observed.sorted(by: { $0.key < $1.key }) { rows("observed:\(name)", scores, false) }
      if let s = run.seconds {
        let parts = [
          ("total", s.total), ("train", s.train), ("data", s.data), ("evaluate", s.evaluate), ("average", s.average),
          ("bnUpdate", s.bnUpdate),
        ]
        for (name, value) in parts { row("", "", "seconds.\(name)", value, counts: false) }
      }
      if let bytes = run.peakMemoryBytes { row("", "", "peakMemoryBytes", Double(bytes), counts: false) }
      if !hasRow { out += start + ",,,,," + "false" + end }
    }
    return out
  }
}
