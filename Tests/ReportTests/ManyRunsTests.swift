import Foundation
import Report
import TestClock
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

  @Test func fastAndSmall() throws {
    let document = Self.document()
    #expect(document.runs.count == 10_000)
    var html = ""
    let seconds = processorSeconds { html = BenchmarkReport(document).html() }
    print("HTML of 10,000 runs: \(seconds) s, \(html.utf8.count) bytes")
    // A release build takes about 1 s.
    #if !DEBUG
      #expect(seconds < 2.5)
    #endif
    #expect(html.utf8.count < 20_000_000)
    let isTold = html.contains("of so many runs only those that did not finish have their details")
    #expect(isTold)
  }
}
