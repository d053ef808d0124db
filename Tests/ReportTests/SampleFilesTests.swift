import Foundation
import Report
import Testing

/// Writes the sample's report where BASIN_REPORT_SAMPLE names a folder, to be looked at.
@Suite("The sample's files") struct SampleFilesTests {
  static var folder: String? { ProcessInfo.processInfo.environment["BASIN_REPORT_SAMPLE"] }

  @Test(.enabled(if: folder != nil)) func write() throws {
    let folder = try #require(Self.folder)
    let report = BenchmarkReport(SampleDocument.make())
    try report.html().write(toFile: folder + "/report.html", atomically: true, encoding: .utf8)
    try report.markdown().write(toFile: folder + "/report.md", atomically: true, encoding: .utf8)
    try report.csv().write(toFile: folder + "/report.csv", atomically: true, encoding: .utf8)
    try report.json().write(to: URL(fileURLWithPath: folder + "/report.json"))
  }
}
