import Foundation
import Report
import Testing

@Suite("Documents with little in them") struct SmallDocumentTests {
  private func all(_ document: ReportDocument) throws -> BenchmarkReport {
    let report = BenchmarkReport(document)
    let page = try HTMLPage(report.html())
    #expect(page.problems.isEmpty && Set(page.links).isSubset(of: Set(page.ids)))
    #expect(!report.markdown().isEmpty && report.csv().hasPrefix(CSVReport.header))
    _ = try report.json()
    return report
  }

  private func document(_ runs: [ReportDocument.Run], _ methods: [String] = ["a", "b"], workloads: Int = 1) -> ReportDocument {
    ReportDocument(
      title: "t", date: Date(timeIntervalSince1970: 0), environment: .init(), reference: "a",
      workloads: (0..<workloads).map { .init(id: "w\($0)", domain: "d", model: "m\($0)", dataset: "s") },
      methods: methods.map { .init(name: $0) }, runs: runs)
  }

  private func run(
    _ method: String, _ seed: Int, _ value: Double?, workload: String = "w0", status: ReportDocument.Run.Status = .finished
  ) -> ReportDocument.Run {
    .init(
      id: "\(workload)\(method)\(seed)", workload: workload, method: method, seed: seed, status: status,
      message: status == .failed ? "it broke" : nil,
      last: value.map { .init(test: ["accuracy": $0]) })
  }

  @Test func nothing() throws {
    let report = try all(document([], [], workloads: 0))
    #expect(report.summary.scope.plain == "There are no runs yet: nothing can be said.")
    _ = try all(document([]))
    _ = try all(document([], []))
  }

  @Test func oneRun() throws {
    let report = try all(document([run("a", 0, 0.5)], ["a"]))
    #expect(report.summary.limits.map(\.plain) == ["There is one method alone: nothing to compare it with."])
    let other = try all(document([run("b", 0, 0.5)]))
    #expect(
      other.summary.limits.first?.plain
        == "Nothing can be said of b on m0 on s (no pair): a difference needs two seeds or more that both methods finished.")
  }

  @Test("one pair has a difference, but no test")
  func onePair() throws {
    let report = try all(document([run("a", 0, 0.5), run("b", 0, 0.75)]))
    let comparison = try #require(report.analysis.workloads[0].cells[1].comparison)
    #expect(comparison.verdict == .open(.onePair) && comparison.decision == nil && report.analysis.family == 0)
    let isTold = report.html().contains("+25.00")
    #expect(isTold)
  }

  @Test("an average that nobody looked at along the way is where its curve ends")
  func averageAtTheEnd() throws {
    let runs = (0..<3).flatMap { seed -> [ReportDocument.Run] in
      let curve = (1...4).map { ReportDocument.Run.CurvePoint(epoch: Double($0), step: $0, validation: 0.1 * Double($0)) }
      func made(_ method: String, averaged: ReportDocument.Run.Scores?) -> ReportDocument.Run {
        .init(
          id: "\(method)\(seed)", workload: "w0", method: method, seed: seed, status: .finished,
          counts: averaged == nil ? .last : .averaged, last: .init(validation: ["accuracy": 0.4], test: ["accuracy": 0.4]),
          averaged: averaged, curve: curve)
      }
      return [made("a", averaged: nil), made("b", averaged: .init(validation: ["accuracy": 0.45], test: ["accuracy": 0.45]))]
    }
    let report = try all(document(runs))
    let crossing = try #require(report.analysis.courses[0]?.methods.last?.crossing)
    #expect(crossing.point(atPart: 0.5)?.isEqual == true && crossing.crossings.isEmpty)
    #expect(abs(try #require(crossing.point(atPart: 1)).mean - 0.05) < 1e-9)
    #expect(report.markdown().contains("| same | same | +5.00"))
    #expect(report.summary.further.allSatisfy { !$0.plain.contains("of the way") }, "nothing differs before the end")
  }

  @Test("everything failed, everything is to come")
  func failed() throws {
    let report = try all(document([run("a", 0, nil, status: .failed), run("b", 0, nil, status: .failed)]))
    #expect(
      report.summary.failures.first?.plain
        == "2 runs crashed or ended with an error: a on m0 on s, seed 0 (it broke); b on m0 on s, seed 0 (it broke).")
    let pending = try all(document([run("a", 0, 0.5), run("b", 0, nil, status: .pending)]))
    #expect(pending.summary.scope.plain.contains("1 of 2 runs finished, 1 is still to come."))
    #expect(pending.summary.failures.isEmpty)
  }

  @Test("five pairs decide nothing, six do")
  func fivePairs() throws {
    func report(_ pairs: Int) throws -> BenchmarkReport {
      try all(document((0..<pairs).flatMap { [run("a", $0, 0.5), run("b", $0, 0.6 + Double($0) / 100)] }))
    }
    let five = try report(5)
    #expect(five.summary.methods.map(\.plain) == ["b: no difference to a is shown on the one workload."])
    #expect(
      five.summary.limits.map(\.plain) == [
        "On m0 on s 5 pairs decide nothing: even if all point the same way, the sign-flip and Wilcoxon tests give p = 0.0625 at best; it takes 6 pairs."
      ])
    let six = try report(6)
    #expect(
      six.summary.methods.map(\.plain) == ["b: better than a on the one workload (m0 on s by +12.50 points [+10.54, +14.46])."])
    #expect(six.summary.limits.isEmpty)
  }

  @Test("equal values are told as equal")
  func equal() throws {
    let report = try all(document((0..<8).flatMap { [run("a", $0, 0.5), run("b", $0, 0.5)] }))
    #expect(
      report.summary.methods.map(\.plain) == ["b: no difference to a is shown on the one workload. Equal on every seed: m0 on s."]
    )
  }

  @Test("of several runs of a seed the last that finished counts")
  func repeated() throws {
    let report = try all(
      document(
        [run("a", 0, 0.25), run("a", 0, 0.5), run("a", 0, nil, status: .failed), run("b", 0, 0.5)].enumerated().map {
          index, run in
          var run = run
          run.id += "-\(index)"
          return run
        }))
    #expect(report.analysis.workloads[0].cells[0].values == [0: 0.5] && report.analysis.workloads[0].cells[0].failures == 0)
  }

  @Test("equal ids, and a reference that is not there")
  func odd() throws {
    var odd = document([run("a", 0, 0.5), run("a", 1, 0.5), run("b", 0, 0.5)])
    odd.runs[1].id = odd.runs[0].id
    odd.reference = "nowhere"
    let report = try all(odd)
    #expect(report.analysis.referenceName == "a")
    let ids = try HTMLPage(report.html()).ids
    #expect(ids.count == Set(ids).count)
  }

  @Test("runs of unknown workloads or methods do no harm")
  func unknown() throws {
    let report = try all(document([run("a", 0, 0.5), run("zzz", 0, 0.5), run("a", 0, 0.5, workload: "zzz")]))
    #expect(report.analysis.workloads[0].cells[0].runs == [0])
  }
}
