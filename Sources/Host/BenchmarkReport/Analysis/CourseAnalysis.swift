import Statistics

/// The course of training on one workload: bands of curves, when the lead changes, figures at equal wall-clock time.
public struct CourseAnalysis: Sendable {
  /// Of a method; nil where it has no curves.
  public struct Method: Sendable {
    /// Number of the method.
    public let method: Int
    /// Validation against epochs and against billed seconds; training loss against epochs.
    public let byEpoch, bySeconds, loss: CurveBand
    /// Billed seconds to the target, by seed; nil where it is not reached.
    public let timesToTarget: [Int: Double?]
    /// The median over seeds; nil where half of them or more do not reach the target.
    public let timeToTarget: Double?
    /// Against the reference over the same seeds, along epochs; nil for the reference.
    public let crossing: CurveCrossing?
    /// Figures at `budgets`, and differences to the reference; nil where they cannot be had.
    public let atBudgets: [Budget]
  }

  public struct Budget: Sendable {
    public let mean: Double?
    /// To the reference, over the seeds of both, with Student's 95 % interval.
    public let difference: Double?
    public let interval: ConfidenceInterval?
    /// How many seeds that is.
    public let pairs: Int
  }

  /// Validation that counts as reached; nil where there is none to take it from.
  public let target: Double?
  /// Billed seconds: a quarter, half and all of what the fastest method takes.
  public let budgets: [Double]
  public let methods: [Method]
  /// Whether curves show the average's validation where there is one.
  public let showsAverages: Bool

  init?(_ analysis: WorkloadAnalysis, _ document: ReportDocument) {
    let metric = analysis.workload.metric
    var curves: [Curves] = []
    for (m, cell) in analysis.cells.enumerated() {
      let found = Curves(m, cell.runs.map { document.runs[$0] }.filter { $0.status == .finished }, metric.name)
      if !found.byEpoch.isEmpty { curves.append(found) }
    }
    guard !curves.isEmpty else { return nil }
    let base = curves.first { $0.method == analysis.reference }
    showsAverages = curves.contains(where: \.showsAverages)
    let ends = base.map { $0.lines(\.byEpoch).compactMap(\.values.last) } ?? []
    let target = analysis.workload.target ?? (ends.isEmpty ? nil : SampleStatistics(ends).mean)
    self.target = target
    let totals = curves.compactMap { SampleStatistics($0.bySeconds.values.compactMap(\.places.last)).median }
    let limit = totals.min() ?? 0
    budgets = limit > 0 ? [limit / 4, limit / 2, limit] : []
    methods = curves.map { [budgets] curve in
      let times = curve.bySeconds.mapValues { line in
        target.flatMap { line.first(reaching: $0, higherIsBetter: metric.higherIsBetter) }
      }
      let crossing = base.flatMap { base in
        base.method == curve.method
          ? nil
          : CurveCrossing(
            curve.byEpoch.sorted { $0.key < $1.key }.compactMap { seed, line in base.byEpoch[seed].map { (line, $0) } }, count: 60
          )
      }
      return Method(
        method: curve.method, byEpoch: CurveBand(curve.lines(\.byEpoch), count: 80),
        bySeconds: CurveBand(curve.lines(\.bySeconds), count: 80),
        loss: CurveBand(curve.lines(\.loss), count: 80), timesToTarget: times, timeToTarget: Self.median(times),
        crossing: crossing, atBudgets: budgets.map { Self.budget($0, curve, base) })
    }
  }

  private static func median(_ times: [Int: Double?]) -> Double? {
    let all = times.values.map { $0 ?? .infinity }
    return SampleStatistics(all).median.flatMap { $0.isFinite ? $0 : nil }
  }

  private static func budget(_ seconds: Double, _ curve: Curves, _ base: Curves?) -> Budget {
    let values = curve.bySeconds.compactMapValues { $0.valueHeld(at: seconds) }
    let mean = values.isEmpty ? nil : SampleStatistics(values.sorted { $0.key < $1.key }.map(\.value)).mean
    guard let base, base.method != curve.method,
      let pairing = try? Pairing(values, minus: base.bySeconds.compactMapValues { $0.valueHeld(at: seconds) }),
      pairing.differences.count > 0
    else { return Budget(mean: mean, difference: nil, interval: nil, pairs: 0) }
    return Budget(
      mean: mean, difference: SampleStatistics(pairing.differences.values).mean, interval: pairing.differences.tInterval(),
      pairs: pairing.keys.count)
  }

  /// A method's curves by seed.
  private struct Curves {
    let method: Int
    var byEpoch: [Int: TrainingCurve] = [:], bySeconds: [Int: TrainingCurve] = [:], loss: [Int: TrainingCurve] = [:]
    var showsAverages = false

    init(_ method: Int, _ runs: [ReportDocument.Run], _ metric: String) {
      self.method = method
      for run in runs where !run.curve.isEmpty {
        let epochs = run.curve.map(\.epoch)
        var values = run.curve.map { $0.averaged ?? $0.validation ?? .nan }
        if run.curve.contains(where: { $0.averaged != nil }) { showsAverages = true }
        // Where nobody looked at the average along the way it is what the run came to all the same.
        if run.counts == .averaged, run.curve.last?.averaged == nil, let value = run.averaged?.validation[metric] {
          values[values.count - 1] = value
          showsAverages = true
        }
        // Lists of one length: this does not throw. A gap is left out.
        if let line = try? TrainingCurve(epochs, values), !line.places.isEmpty { byEpoch[run.seed] = line }
        if let line = try? TrainingCurve(epochs, run.curve.map { $0.trainLoss ?? .nan }), !line.places.isEmpty {
          loss[run.seed] = line
        }
        let seconds = run.curve.map { $0.seconds ?? .nan }
        if let line = try? TrainingCurve(seconds, values, billing: Self.billing(run)), !line.places.isEmpty {
          bySeconds[run.seed] = line
        }
      }
    }

    func lines(_ of: (Curves) -> [Int: TrainingCurve]) -> [TrainingCurve] { of(self).sorted { $0.key < $1.key }.map(\.value) }

    /// Evaluations, averaging and passes for normalization statistics are spread evenly over the training they belong to.
    private static func billing(_ run: ReportDocument.Run) -> Double {
      guard let seconds = run.seconds, seconds.train + seconds.data > 0 else { return 1 }
      return seconds.billed / (seconds.train + seconds.data)
    }
  }
}
