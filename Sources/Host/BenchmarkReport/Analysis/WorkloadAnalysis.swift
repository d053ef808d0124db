import Statistics

/// A workload with its methods compared.
public struct WorkloadAnalysis: Sendable {
  public let workload: ReportDocument.Workload
  /// Of every method of the document, in its order.
  public internal(set) var cells: [Cell]
  /// The number of the reference among them.
  public let reference: Int

  /// One method on the workload.
  public struct Cell: Sendable {
    public let method: ReportDocument.Method
    /// Indices into the document's runs, by seed; of several of one seed the one that counts.
    public let runs: [Int]
    /// Test figures by seed.
    public let values: [Int: Double]
    public let statistics: SampleStatistics
    /// How many runs did not finish, or have no finite figure.
    public let failures: Int
    /// How many are yet to be run.
    public let pending: Int
    /// Of the finished runs that tell their seconds; nil where none does.
    public let costs: Costs?
    /// Against the reference; nil for itself.
    public internal(set) var comparison: Comparison?

    public var seeds: [Int] { values.keys.sorted() }
  }

  /// Medians over runs.
  public struct Costs: Sendable {
    public let seconds: ReportDocument.Run.Seconds
    public let peakMemoryBytes: Double?

    init?(_ runs: [ReportDocument.Run]) {
      let seconds = runs.compactMap(\.seconds)
      guard !seconds.isEmpty else { return nil }
      func median(_ part: (ReportDocument.Run.Seconds) -> Double) -> Double { SampleStatistics(seconds.map(part)).median ?? 0 }
      self.seconds = ReportDocument.Run.Seconds(
        total: median(\.total), train: median(\.train), data: median(\.data), evaluate: median(\.evaluate),
        average: median(\.average), bnUpdate: median(\.bnUpdate))
      peakMemoryBytes = SampleStatistics(runs.compactMap { $0.peakMemoryBytes.map { Double($0) } }).median
    }
  }

  public struct Comparison: Sendable {
    public let pairing: Pairing<Int>
    public let paired: PairedComparison
    /// Over all values of both, whatever their seeds.
    public let cliffsDelta: Double?
    /// Of the sign-flip, Wilcoxon's and the t-test, corrected over all comparisons of the report; nil below two pairs.
    public internal(set) var signFlipHolm, wilcoxonHolm, tTestHolm: Double?
    /// What the verdict rests on; nil below two pairs.
    public internal(set) var decision: Decision?
    public internal(set) var verdict: Verdict
  }

  init(_ workload: ReportDocument.Workload, _ document: ReportDocument, runs: [String: [Int]], reference: Int) {
    self.workload = workload
    self.reference = reference
    let name = workload.metric.name
    var cells: [Cell] = []
    for method in document.methods {
      var bySeed: [Int: Int] = [:]
      for index in runs[method.name] ?? [] {
        let run = document.runs[index]
        // The last that finished; else the last.
        if let other = bySeed[run.seed], run.status != .finished, document.runs[other].status == .finished { continue }
        bySeed[run.seed] = index
      }
      let chosen = bySeed.sorted { $0.key < $1.key }.map(\.value)
      var values: [Int: Double] = [:]
      var failures = 0
      var pending = 0
      for index in chosen {
        let run = document.runs[index]
        if let value = run.value(name) {
          values[run.seed] = value
        } else if run.status == .pending {
          pending += 1
        } else {
          failures += 1
        }
      }
      cells.append(
        Cell(
          method: method, runs: chosen, values: values,
          statistics: SampleStatistics(values.sorted { $0.key < $1.key }.map(\.value)), failures: failures, pending: pending,
          costs: Costs(chosen.map { document.runs[$0] }.filter { $0.status == .finished })))
    }
    for index in cells.indices where index != reference {
      cells[index].comparison = Self.compare(cells[index], cells[reference], workload)
    }
    self.cells = cells
  }

  private static func compare(_ cell: Cell, _ base: Cell, _ workload: ReportDocument.Workload) -> Comparison? {
    // `Run.value` gave finite numbers only.
    guard !cell.runs.isEmpty, let pairing = try? Pairing(cell.values, minus: base.values) else { return nil }
    var generator = SplitMix64(seed: 0, name: "\(workload.id)\u{0}\(cell.method.name)")
    let paired = PairedComparison(
      pairing.differences, higherIsBetter: workload.metric.higherIsBetter, resamples: 4_999, using: &generator)
    let delta = try? EffectSize.cliffsDelta(Array(cell.values.values), over: Array(base.values.values))
    return Comparison(pairing: pairing, paired: paired, cliffsDelta: delta, verdict: .open(.noPairs))
  }
}
