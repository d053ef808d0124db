import Foundation
import PluginAPI
import Testing
import Text

/// Where the real data sets lie, if they are there: `$BASIN_TEST_DATA`, else `shared/data` beside the checkout.
enum ReaderTestData {
  static let root: String? = {
    if let path = ProcessInfo.processInfo.environment["BASIN_TEST_DATA"] { return isFolder(path) ? path : nil }
    let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = checkout.deletingLastPathComponent().appendingPathComponent("shared/data").path
    return isFolder(path) ? path : nil
  }()

  /// Says that a test is skipped; for `.enabled(if:)`.
  static func has(_ name: String) -> Bool {
    if let root, FileManager.default.fileExists(atPath: root + "/" + name) { return true }
    print("skipped: \(name) is not under ../shared/data (or $BASIN_TEST_DATA)")
    return false
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// A new folder that is removed after `body`.
  static func withFolder<T>(_ body: (String) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("basin-text-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }

  static func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  static func write(_ bytes: [UInt8], to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  static func utf8(_ text: String, file: String = "data.csv") throws -> SourceText {
    try SourceText(Array(text.utf8), file: file, encoding: .utf8)
  }

  static func latin1(_ text: String, file: String = "TREC.train") throws -> SourceText {
    try SourceText(Array(text.utf8), file: file, encoding: .latin1)
  }

  /// The `BasinError` that `body` throws; records an issue if it throws none.
  static func failure<T>(
    _ location: SourceLocation = #_sourceLocation, _ body: () throws -> T
  ) -> BasinError? {
    do {
      _ = try body()
      Issue.record("expected an error", sourceLocation: location)
    } catch let error as BasinError {
      return error
    } catch {
      Issue.record("not a BasinError: \(error)", sourceLocation: location)
    }
    return nil
  }
}

/// A generator of the tests' own, so that no failure depends on the day.
struct TestRandom {
  var state: UInt64
  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(truncatingIfNeeded: (state >> 33) % UInt64(bound))
  }
}
