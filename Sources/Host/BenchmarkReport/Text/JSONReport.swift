import Foundation
import Statistics

/// The document with what was computed from it.
struct JSONReport {
  let analysis: ReportAnalysis
  let summary: ReportSummary

  static let decodingOfWhatIsNotFinite = JSONDecoder.NonConformingFloatDecodingStrategy.convertFromString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")

  func data() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(Form(analysis, summary))
  }

  private struct Form: Encodable {
    struct Summary: Encodable {
      let scope: String
      let methods, limits, further, failures: [String]
    }

    struct Analysis: Encodable {
      let reference: String
      let family: Int
      let comparisons: [Comparison]
      let ranks: Ranks?
      let speed: Speed?
      let course: [Course]
      let factorial: [Factorial]
    }

    struct Comparison: Encodable {
      let workload, method: String
      let test: SampleStatistics
      let seeds: [Int]
      let failed, pending: Int
      let pairedSeeds, leftOut: [Int]?
      let differences: [Double]?
      let paired: PairedComparison?
      let cliffsDelta, signFlipHolm, wilcoxonHolm, tTestHolm: Double?
      let decision: Decision?
      let verdict: String?
    }

    struct Ranks: Encodable {
      let workloads, methods: [String]
      let friedman: FriedmanTest
      let criticalDifference: Double
      let pairwise: PairwiseWilcoxon
      let groups: [[String]]
    }

    struct Speed: Encodable {
      let workloads, methods: [String]
      let seconds: [[Double?]]
      let scores: [Double]
    }

    struct Course: Encodable {
      struct Method: Encodable {
        let method: String
        let secondsToTarget: Double?
        let leadChangesAtEpoch: [Double]?
        let atBudgets: [Budget]
      }
      struct Budget: Encodable {
        let mean, difference: Double?
        let interval: ConfidenceInterval?
        let pairs: Int
      }
      let workload: String
      let target: Double?
      let budgetSeconds: [Double]
      let methods: [Method]
    }

    struct Factorial: Encodable {
      struct Effect: Encodable {
        let name: String
        let paired: PairedComparison
        let differences: [Double]
        let p, pHolm: Double
        let decision: Decision?
      }
      let workload: String
      let seeds, leftOut: [Int]
      let means: [String: Double]
      let effects: [Effect]
    }

    let document: ReportDocument
    let summary: Summary
    let analysis: Analysis

    init(_ analysis: ReportAnalysis, _ summary: ReportSummary) {
      let document = analysis.document
      self.document = document
      self.summary = Summary(
        scope: summary.scope.plain, methods: summary.methods.map(\.plain), limits: summary.limits.map(\.plain),
        further: summary.further.map(\.plain), failures: summary.failures.map(\.plain))
      func workload(_ w: Int) -> String { analysis.workloads[w].workload.id }
      func method(_ m: Int) -> String { document.methods[m].name }
      let comparisons = analysis.workloads.flatMap { item in
        item.cells.map { cell in
          Comparison(
            workload: item.workload.id, method: cell.method.name, test: cell.statistics, seeds: cell.seeds, failed: cell.failures,
            pending: cell.pending, pairedSeeds: cell.comparison?.pairing.keys, leftOut: cell.comparison?.pairing.leftOut,
            differences: cell.comparison?.pairing.differences.values, paired: cell.comparison?.paired,
            cliffsDelta: cell.comparison?.cliffsDelta,
            signFlipHolm: cell.comparison?.signFlipHolm, wilcoxonHolm: cell.comparison?.wilcoxonHolm,
            tTestHolm: cell.comparison?.tTestHolm, decision: cell.comparison?.decision, verdict: cell.comparison?.verdict.word)
        }
      }
      self.analysis = Analysis(
        reference: analysis.referenceName, family: analysis.family, comparisons: comparisons,
        ranks: analysis.ranks.map { ranks in
          Ranks(
            workloads: ranks.workloads.map(workload), methods: ranks.methods.map(method), friedman: ranks.friedman,
            criticalDifference: ranks.criticalDifference, pairwise: ranks.pairwise,
            groups: ranks.groups.map { $0.map { method(ranks.methods[$0]) } })
        },
        speed: analysis.speed.map {
          Speed(workloads: $0.workloads.map(workload), methods: $0.methods.map(method), seconds: $0.times, scores: $0.scores)
        },
        course: analysis.courses.enumerated().compactMap { w, course in
          course.map { course in
            Course(
              workload: workload(w), target: course.target, budgetSeconds: course.budgets,
              methods: course.methods.map {
                Course.Method(
                  method: method($0.method), secondsToTarget: $0.timeToTarget, leadChangesAtEpoch: $0.crossing?.crossings,
                  atBudgets: $0.atBudgets.map {
                    Course.Budget(mean: $0.mean, difference: $0.difference, interval: $0.interval, pairs: $0.pairs)
                  })
              })
          }
        },
        factorial: analysis.factorial.map { item in
          Factorial(
            workload: workload(item.workload), seeds: item.effects.seeds, leftOut: item.effects.leftOut,
            means: Dictionary(uniqueKeysWithValues: item.effects.means.map { ($0.key.rawValue, $0.value) }),
            effects: zip(item.effects.effects, item.decisions).map {
              Factorial.Effect(
                name: $0.name, paired: $0.comparison, differences: $0.differences, p: $0.pValue, pHolm: $0.holmValue, decision: $1
              )
            })
        })
    }
  }
}
