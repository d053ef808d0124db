import Foundation
import Testing

/// The built program: `$BASIN_TEST_PROGRAM`, else `.build/release/basin` of this checkout.
enum BuiltProgram {
  static let path: String = {
    if let path = ProcessInfo.processInfo.environment["BASIN_TEST_PROGRAM"], !path.isEmpty { return path }
    return checkout + "/.build/release/basin"
  }()

  static let checkout: String = {
    var path = #filePath as NSString
    for _ in 0..<3 { path = path.deletingLastPathComponent as NSString }
    return path as String
  }()

  /// Its folder, which also holds the modules.
  static var folder: String { (path as NSString).deletingLastPathComponent }

  /// A library that came with the program.
  static func library(_ name: String) -> String { "\(folder)/lib\(name).so" }
}

/// A program that ran to its end, or was killed for taking too long.
struct Outcome: CustomStringConvertible {
  enum Ending: Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    case timedOut
  }

  let ending: Ending
  let output: Data
  let errors: String
  let seconds: Double
  let arguments: [String]

  var text: String { String(decoding: output, as: UTF8.self) }

  var description: String {
    let command = "basin " + arguments.joined(separator: " ")
    return "\(ending) after \(seconds) s: \(command)\n\(errors.suffix(2000))\n\(text.suffix(500))"
  }
}

/// A program that was started and may still be running. Its output goes to files: a full pipe cannot make it wait.
final class RunningProgram {
  private let process = Process()
  private let arguments: [String]
  private let outputFile, errorFile: String
  private let started = ContinuousClock.now

  init(_ program: String, _ arguments: [String], environment: [String: String], in folder: String) throws {
    self.arguments = arguments
    outputFile = "\(folder)/.stdout-\(UUID().uuidString)"
    errorFile = "\(folder)/.stderr-\(UUID().uuidString)"
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = environment
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try Self.create(outputFile)
    process.standardError = try Self.create(errorFile)
    try process.run()
  }

  private static func create(_ path: String) throws -> FileHandle {
    try #require(FileManager.default.createFile(atPath: path, contents: nil))
    return try #require(FileHandle(forWritingAtPath: path))
  }

  var isRunning: Bool { process.isRunning }

  /// What it has printed so far.
  var text: String { String(decoding: FileManager.default.contents(atPath: outputFile) ?? Data(), as: UTF8.self) }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits for its end; kills it when `timeout` is over.
  func finish(timeout: Duration = .seconds(60)) throws -> Outcome {
    var isLate = false
    while process.isRunning {
      if ContinuousClock.now - started > timeout {
        isLate = true
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        break
      }
      usleep(2000)
    }
    let ending: Outcome.Ending =
      isLate
      ? .timedOut
      : process.terminationReason == .uncaughtSignal
        ? .killed(signal: process.terminationStatus) : .exited(process.terminationStatus)
    let time = ContinuousClock.now - started
    defer {
      unlink(outputFile)
      unlink(errorFile)
    }
    return Outcome(
      ending: ending, output: FileManager.default.contents(atPath: outputFile) ?? Data(),
      errors: String(decoding: FileManager.default.contents(atPath: errorFile) ?? Data(), as: UTF8.self),
      seconds: Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18, arguments: arguments)
  }
}
