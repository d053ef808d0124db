import Foundation
import Host
import PluginAPI
import TestServer
import Testing

/// A data root of a test's own, bytes to fetch into it, and what a fetch was told and said.
final class FetchFixture: @unchecked Sendable {
  let root: String
  let data: Data
  var options = FetchOptions()
  private let lock = NSLock()
  private var notes: [String] = []
  private var cancelled = false

  static let path = "image/set/pictures.gz"

  init(bytes: Int = 100_000) throws {
    root = NSTemporaryDirectory() + "/basin-fetch-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    data = Self.bytes(bytes)
    options.rounds = 1
    options.stallSeconds = 20
    options.pauseSeconds = 0.02
    options.quiet = true
    options.say = { [unowned self] note in lock.withLock { notes.append(note) } }
    options.isCancelled = { [unowned self] in lock.withLock { cancelled } }
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  /// Bytes without a pattern, the same every time.
  static func bytes(_ count: Int, seed: UInt64 = 1) -> Data {
    var state = seed
    return Data(
      (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 56)
      })
  }

  static func sha256(_ data: Data) -> String { ContentHash.sha256.digest(of: [UInt8](data)) }

  func cancel() { lock.withLock { cancelled = true } }
  var said: [String] { lock.withLock { notes } }

  func file(_ urls: [String], bytes: Int?? = .none, digest: PublishedFile.Digest? = nil) -> PublishedFile {
    PublishedFile(Self.path, at: urls, digest ?? .sha256(Self.sha256(data)), bytes: bytes ?? data.count)
  }

  var target: String { root + "/" + Self.path }
  var partial: String { target + ".partial" }

  func content(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

  /// Every file below the root, by its relative path.
  var files: [String] {
    (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? [])
      .filter { (try? FileManager.default.attributesOfItem(atPath: "\(root)/\($0)"))?[.type] as? FileAttributeType == .typeRegular }
      .sorted()
  }

  func fetch(_ urls: [String], bytes: Int?? = .none, digest: PublishedFile.Digest? = nil) throws -> FileFetch.Result {
    try FileFetch(file(urls, bytes: bytes, digest: digest), root: root, options: options).run()
  }

  /// Expects the fetch to fail with that kind, saying `words`, and nothing to be left as the file.
  func refused(
    _ urls: [String], _ kind: BasinError.Kind, saying words: String..., bytes: Int?? = .none,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    do {
      let result = try fetch(urls, bytes: bytes)
      Issue.record("fetched: \(result)", sourceLocation: sourceLocation)
    } catch let error as BasinError {
      #expect(error.kind == kind, "\(error)", sourceLocation: sourceLocation)
      for word in words { #expect(error.description.contains(word), "'\(word)' is not in: \(error)", sourceLocation: sourceLocation) }
    }
    #expect(content(target) == nil, sourceLocation: sourceLocation)
  }

  /// Expects the file to be in place, whole, and nothing else.
  func expectWhole(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(content(target) == data, sourceLocation: sourceLocation)
    #expect(files == [Self.path], sourceLocation: sourceLocation)
  }
}
