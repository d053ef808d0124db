import Foundation
import Report
import Testing

@Suite("Ten thousand runs") struct ManyRunsTests {
  static func document() -> ReportDocument {
    let shapes = (0..<20).map { index in
      var shape = SampleDocument.shapes[index % 6]
      shape.seeds = 100
      shape.label = "part \(index)"
      return SampleDocument.Shape(
        domain: shape.domain, model: shape.model, dataset: "\(shape.dataset)-\(index)", base: shape.base, spread: shape.spread,
        epochs: shape.epochs, secondsPerEpoch: shape.secondsPerEpoch, metric: shape.metric, gains: shape.gains, seeds: 100)
    }
    return SampleDocument.make(shapes, curvePoints: 50, failures: false)
  }

  /// The bound is of a release build; processor time, about 1 s.
  /// Seconds of processor time that the calling thread has used.
  private func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  @Test func fastAndSmall() throws {
    let document = Self.document()
    #expect(document.runs.count == 10_000)
    // Of this thread, so that it does not matter what else runs.
    let start = threadSeconds()
    let html = BenchmarkReport(document).html()
    let seconds = threadSeconds() - start
    print("HTML of 10,000 runs: \(seconds) s, \(html.utf8.count) bytes")
    #if !DEBUG
      #expect(seconds < 2.5)
    #endif
    #expect(html.utf8.count < 20_000_000)
    #expect(html.contains("of so many runs only those that did not finish have their details"))
  }
}
