import Foundation
import Report
import Testing

/// The sample's summary, word for word: what it claims is looked through here whenever it changes.
@Suite("The summary's sentences") struct SummaryTests {
  private static var file: URL {
    URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent(
      "Golden/summary.txt")
  }

  @Test func golden() throws {
    let text = BenchmarkReport(SampleDocument.make()).summary.all.map { $0.plain + "\n" }.joined()
    if ProcessInfo.processInfo.environment["BASIN_WRITE_GOLDEN"] != nil {
      try text.write(to: Self.file, atomically: true, encoding: .utf8)
    }
    let known = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n")
    let told = text.split(separator: "\n")
    #expect(told.count == known.count)
    for (told, known) in zip(told, known) { #expect(told == known) }
  }
}
