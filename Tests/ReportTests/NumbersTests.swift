import Foundation
import Report
import Statistics
import Testing

/// What the report tells is what Statistics computes from the runs.
@Suite("The report's numbers") struct NumbersTests {
  let document = SampleDocument.make(curvePoints: 20)

  private func values(_ workload: String, _ method: String) -> [Int: Double] {
    let metric = document.workloads.first { $0.id == workload }?.metric.name ?? ""
    var result: [Int: Double] = [:]
    for run in document.runs where run.workload == workload && run.method == method && run.status == .finished {
      if let value = run.scores(run.counts)?.test[metric], value.isFinite { result[run.seed] = value }
    }
    return result
  }

  @Test("comparisons, and Holm's correction over all of them")
  func comparisons() throws {
    let report = BenchmarkReport(document)
    let html = report.html()
    var family: [PairedComparison] = []
    for item in report.analysis.workloads {
      let base = values(item.workload.id, "backbone")
      for cell in item.cells {
        let own = values(item.workload.id, cell.method.name)
        #expect(cell.values == own)
        if !own.isEmpty { #expect(cell.statistics.mean == SampleStatistics(own.sorted { $0.key < $1.key }.map(\.value)).mean) }
        guard let comparison = cell.comparison else {
          #expect(cell.method.name == "backbone" || own.isEmpty)
          continue
        }
        let pairing = try Pairing(own, minus: base)
        #expect(comparison.pairing.keys == pairing.keys && comparison.pairing.leftOut == pairing.leftOut)
        let known = PairedComparison(pairing.differences, higherIsBetter: item.workload.metric.higherIsBetter)
        #expect(comparison.paired.mean == known.mean && comparison.paired.tInterval == known.tInterval)
        #expect(comparison.paired.wilcoxon == known.wilcoxon && comparison.paired.signFlip == known.signFlip)
        #expect(comparison.paired.effect == known.effect && comparison.paired.winTieLoss == known.winTieLoss)
        if known.count > 1 { family.append(comparison.paired) }
        // As the page shows it: in hundredths with two decimals, or three decimals.
        let scale = item.workload.metric.isFraction ? 100.0 : 1
        let shown = String(format: item.workload.metric.isFraction ? "%+.2f" : "%+.3f", known.mean * scale).replacing(
          "-", with: "−")
        #expect(html.contains(">\(shown)</a>"), "\(shown)")
      }
    }
    #expect(family.count == report.analysis.family && family.count == 27)
    let corrected = HolmCorrection.adjusted(family.map(\.signFlip.pValue))
    let told = report.analysis.workloads.flatMap { $0.cells.compactMap { $0.comparison?.signFlipHolm } }
    #expect(told == corrected)
  }

  @Test("the decision follows from pairs and family, and the verdict from the decision")
  func decisions() throws {
    let report = BenchmarkReport(document)
    for item in report.analysis.workloads {
      for comparison in item.cells.compactMap(\.comparison) {
        let decision = try #require(comparison.decision)
        // Ten pairs among 27 comparisons cannot be significant by signs.
        #expect((decision.test == .tTest) == (comparison.paired.count > 5), "\(item.workload.id)")
        switch comparison.verdict {
        case .better, .worse: #expect(decision.corrected < 0.05)
        case .hint: #expect(decision.p < 0.05 && decision.corrected >= 0.05)
        case .open(.tooFew): #expect(comparison.paired.count == 2)
        default: #expect(decision.p >= 0.05)
        }
      }
    }
    let few = BenchmarkReport(SampleDocument.make([SampleDocument.shapes[5]], curvePoints: 5))
    #expect(few.analysis.family == 4 && !few.analysis.usesTTest)
    #expect(few.analysis.workloads[0].cells.compactMap { $0.comparison?.verdict } == [.worse, .better, .better, .better])
  }

  @Test("better is downwards where lower is")
  func downwards() throws {
    let item = try #require(BenchmarkReport(document).analysis.workloads.first { $0.workload.metric.name == "perplexity" })
    let pswa = try #require(item.cells[4].comparison)
    #expect(pswa.paired.mean < 0 && pswa.verdict == .better && pswa.paired.winTieLoss.wins == 10)
    #expect(item.cells[1].comparison?.verdict == .worse)
  }

  @Test("ranks, speed and the 2x2")
  func others() throws {
    let report = BenchmarkReport(document)
    let ranks = try #require(report.analysis.ranks)
    let rows = ranks.workloads.map { w in report.analysis.workloads[w].cells.map(\.statistics.mean) }
    let known = try #require(
      try FriedmanTest(rows, higherIsBetter: ranks.workloads.map { report.analysis.workloads[$0].workload.metric.higherIsBetter })
    )
    #expect(ranks.friedman == known && ranks.workloads == [0, 2, 3, 4, 5, 6])

    let speed = try #require(report.analysis.speed)
    let profile = try PerformanceProfile(speed.times)
    #expect(speed.scores == speed.methods.indices.map { profile.score(method: $0) })
    // By hand: the seeds' first evaluation at the target, with what the run took beyond training billed.
    let cora = try #require(report.analysis.courses[0])
    let target = try #require(cora.target)
    let times = document.runs.filter { $0.workload == "graph/gcn/cora" && $0.method == "pswa" && $0.status == .finished }.map {
      run -> Double in
      let seconds = run.seconds.map { $0.billed / ($0.train + $0.data) } ?? .nan
      return run.curve.first { ($0.validation ?? 0) >= target }.flatMap { $0.seconds.map { $0 * seconds } } ?? .infinity
    }
    let median = try #require(SampleStatistics(times).median)
    #expect(abs((speed.times[0][4] ?? .nan) - median) < 1e-12 * median)

    let factorial = report.analysis.factorial
    #expect(factorial.map(\.workload) == [0, 2, 3, 4, 5, 6])
    let cells = Dictionary(
      uniqueKeysWithValues: FactorialEffects.Cell.allCases.map { ($0, values("graph/gcn/cora", $0.rawValue)) })
    let effects = try #require(try FactorialEffects(cells))
    #expect(
      factorial[0].effects.effects.map(\.comparison) == effects.effects.map(\.comparison) && factorial[0].effects.leftOut == [9])
  }

  @Test("the JSON holds them")
  func json() throws {
    struct Form: Decodable {
      struct Analysis: Decodable {
        struct Comparison: Decodable {
          let workload, method: String
          let paired: PairedComparison?
          let decision: Decision?
          let differences: [Double]?
        }
        let comparisons: [Comparison]
        let family: Int
      }
      let analysis: Analysis
    }
    let report = BenchmarkReport(document)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let form = try decoder.decode(Form.self, from: report.json())
    #expect(form.analysis.family == 27 && form.analysis.comparisons.count == 35)
    let known = report.analysis.workloads.flatMap { $0.cells.map { $0.comparison } }
    for (told, known) in zip(form.analysis.comparisons, known) {
      #expect(
        told.paired == known?.paired && told.decision == known?.decision && told.differences == known?.pairing.differences.values)
    }
  }

  @Test("CSV: a row a run and figure, the figures those of the runs")
  func csv() throws {
    let rows = CSVRows.read(BenchmarkReport(document).csv())
    let runs = Dictionary(grouping: rows.dropFirst()) { $0[0] }
    #expect(runs.count == document.runs.count)
    for run in document.runs {
      let own = try #require(runs[run.id])
      let counted = own.filter { $0[13] == "true" }
      let metric = document.workloads.first { $0.id == run.workload }?.metric.name ?? ""
      if run.status == .finished {
        #expect(counted.count == 1 && counted[0][9] == run.counts.rawValue)
        if let value = run.value(metric) { #expect(Double(counted[0][12]) == value) }
      } else {
        #expect(counted.isEmpty && own[0][8] == run.status.rawValue && own[0][14] == run.message)
      }
    }
  }
}
