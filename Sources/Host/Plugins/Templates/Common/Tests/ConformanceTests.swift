import Foundation
import Testing

/// Basin's own checks of modules, on the library that was just built.
@Suite struct ConformanceTests {
  /// `basin plugin test` names the program; without it the one this package was begun with.
  private static let program = ProcessInfo.processInfo.environment["BASIN_TEST_PROGRAM"] ?? "__basin__"
  /// The test program and the library are built into the same folder.
  private static let library = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("lib__Target__.so").path

  private struct Report: Decodable {
    struct Check: Decodable {
      let subject, check, outcome, message: String
    }
    let checks: [Check]
  }

  @Test("passes every check", .enabled(if: FileManager.default.isExecutableFile(atPath: program), "Basin is not at \(program)"))
  func conformance() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.program)
    process.arguments = ["plugin", "check", Self.library, "--json"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let document = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let report = try JSONDecoder().decode(Report.self, from: document)
    #expect(!report.checks.isEmpty)
    for check in report.checks where check.outcome == "failed" {
      Issue.record("\(check.subject), \(check.check): \(check.message)")
    }
    #expect(process.terminationStatus == 0)
  }
}
