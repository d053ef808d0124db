import Foundation
import PluginAPI
import Testing

/// Where the published data sets are that cannot be part of the repository.
enum ReaderTestData {
  /// `$BASIN_TEST_DATA`, else `../shared/data` beside the checkout; nil where there is none.
  static let root: String? = {
    let checkout = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let candidates: [String?] = [
      ProcessInfo.processInfo.environment["BASIN_TEST_DATA"],
      checkout.deletingLastPathComponent().appendingPathComponent("shared/data").path,
    ]
    let found = candidates.compactMap { $0 }.first { FileManager.default.fileExists(atPath: $0 + "/planetoid") }
    if found == nil { print("skipped: tests of published graphs, because ../shared/data is absent") }
    return found
  }()

  static var isPresent: Bool { root != nil }

  /// The embedded set, from the checkout.
  static var communitiesPath: String {
    URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Graph/Resources/communities.graphml").path
  }

  static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

  /// What a body throws.
  static func thrown(_ body: () throws -> Void) -> (any Error)? {
    do { try body() } catch { return error }
    return nil
  }

  /// Runs a body that must throw a ``BasinError``, and returns it.
  static func error(_ body: () throws -> Void) -> BasinError? {
    do {
      try body()
      Issue.record("expected an error")
      return nil
    } catch let error as BasinError {
      return error
    } catch {
      Issue.record("expected a BasinError, got \(error)")
      return nil
    }
  }

  /// Cuts a document at many places and flips bytes at seeded places: reading must succeed or throw a ``BasinError``.
  static func fuzz(_ bytes: [UInt8], cuts: Int, flips: Int, read: ([UInt8]) throws -> Void) -> (failed: Int, total: Int)
  {
    var failed = 0
    var total = 0
    func attempt(_ candidate: [UInt8]) {
      total += 1
      do { try read(candidate) } catch is BasinError { failed += 1 } catch {
        Issue.record("\(error) is not a BasinError")
      }
    }
    for cut in 0..<cuts { attempt(Array(bytes.prefix(bytes.count * cut / cuts))) }
    var state: UInt64 = 0x2545_F491_4F6C_DD1D
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    for _ in 0..<flips {
      var candidate = bytes
      for _ in 0...next(3) { candidate[next(bytes.count)] = UInt8(next(256)) }
      attempt(candidate)
    }
    return (failed, total)
  }
}
