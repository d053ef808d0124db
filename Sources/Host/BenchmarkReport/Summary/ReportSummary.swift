/// What a reader should know first, in sentences that claim no more than the tests allow.
public struct ReportSummary: Sendable {
  /// What was compared, and what of it finished.
  public let scope: ReportText
  /// A paragraph for each method against the reference.
  public let methods: [ReportText]
  /// Where nothing can be said, and why.
  public let limits: [ReportText]
  /// Ranks, speed, early stage, averaging against learning rate.
  public let further: [ReportText]
  /// What failed.
  public let failures: [ReportText]

  public var all: [ReportText] { [scope] + methods + limits + further + failures }

  public init(_ analysis: ReportAnalysis) {
    scope = Self.scope(analysis)
    methods = MethodSentences(analysis).all
    limits = LimitSentences(analysis).all
    further = FurtherSentences(analysis).all
    failures = FailureSentences(analysis).all
  }

  private static func scope(_ analysis: ReportAnalysis) -> ReportText {
    let document = analysis.document
    var text = ReportText()
    guard !document.runs.isEmpty else {
      text.add("There are no runs yet: nothing can be said.")
      return text
    }
    var domains: [String] = []
    for workload in document.workloads where !domains.contains(workload.domain) { domains.append(workload.domain) }
    text.add(
      NumberText.count(document.methods.count, "method") + " on " + NumberText.count(document.workloads.count, "workload")
        + " (" + NumberText.list(domains) + "): ")
    text.link("\(analysis.finished) of \(NumberText.count(document.runs.count, "run"))", "runs")
    text.add(" finished")
    if analysis.pending > 0 { text.add(", \(analysis.pending) \(analysis.pending == 1 ? "is" : "are") still to come") }
    text.add(". ")
    if document.methods.count > 1 {
      text.add(
        "Differences are to \(analysis.referenceName) on the test data, paired by seed, with Student's 95 % interval;"
          + " better and worse"
          + " mean p < 0.05 in the exact sign-flip test"
          + (analysis.usesTTest ? ", or in the paired t-test where so few pairs cannot reach that," : "")
          + (analysis.family > 1 ? " after Holm's correction for all \(analysis.family) comparisons." : "."))
    }
    return text
  }
}
