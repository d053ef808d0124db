import Foundation
import Host
import PluginAPI
import TestServer
import Testing

/// Servers that fail, lie or change: each must end in the right file from the next place, or in an error that says what it did.
@Suite("fetching from bad servers", .serialized) struct FetchBadServerTests {
  /// Runs a fetch from one bad server, which must be refused, and then from that server and a good one, which must do.
  private func check(
    _ kind: BasinError.Kind, saying word: String, bytes: Int? = 100_000, stall: Double = 20,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ answer: @escaping @Sendable (TestServer.Request, Data) -> [TestServer.Action]
  ) throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    fixture.options.stallSeconds = stall
    let bad = try TestServer { answer($0, data) }
    let good = try TestServer { .file(data, to: $0) }
    defer {
      bad.stop()
      good.stop()
    }
    try fixture.refused([bad.url + "/x"], kind, saying: word, bad.url + "/x", "pictures.gz", bytes: bytes, sourceLocation: sourceLocation)
    #expect(fixture.files.allSatisfy { $0.contains(".partial") }, sourceLocation: sourceLocation)
    let result = try fixture.fetch([bad.url + "/x", good.url], bytes: bytes)
    #expect(result == .fetched(from: good.url), sourceLocation: sourceLocation)
    fixture.expectWhole(sourceLocation: sourceLocation)
  }

  @Test("says no", arguments: [404, 410, 403, 401, 418, 400])
  func refuses(status: Int) throws { try check(.missingInput, saying: "status \(status)") { _, _ in .reply(status, [:], Data("no".utf8)) } }

  @Test("fails", arguments: [500, 502, 503, 429])
  func fails(status: Int) throws { try check(.inputOutput, saying: "status \(status)") { _, _ in .reply(status) } }

  @Test("sends other bytes")
  func wrongBytes() throws {
    try check(.badData, saying: "SHA-256") { request, data in .file(FetchFixture.bytes(data.count, seed: 2), to: request) }
    try check(.badData, saying: "SHA-256", bytes: nil) { request, data in .file(data.prefix(500), to: request) }
  }

  @Test("sends a web page instead")
  func webPage() throws {
    try check(.badData, saying: "web page") { _, data in .reply(200, ["Content-Type": "text/html"], Data(count: data.count)) }
  }

  @Test("sends nothing")
  func emptyBody() throws {
    try check(.badData, saying: "0 bytes") { _, _ in .reply(200) }
    try check(.badData, saying: "SHA-256", bytes: nil) { _, _ in .reply(200) }
    try check(.inputOutput, saying: "ended after 0 bytes") { _, _ in [.head(200)] }
    try check(.inputOutput, saying: "broke") { _, _ in [] }
  }

  @Test("says the file is longer or shorter than it is")
  func wrongLength() throws {
    for delta in [-50_000, 50_000] {
      try check(.badData, saying: "\(100_000 + delta) bytes") { _, data in
        [.head(200, ["Content-Length": "\(data.count + delta)"]), .send(data)]
      }
    }
    // Of a size that is not published only the digest tells.
    try check(.badData, saying: "SHA-256", bytes: nil) { _, data in
      [.head(200, ["Content-Length": "\(data.count - 5)"]), .send(data)]
    }
    // All the same, the whole file is the whole file.
    let fixture = try FetchFixture()
    let data = fixture.data
    let server = try TestServer { _ in [.head(200, ["Content-Length": "\(data.count + 5)"]), .send(data)] }
    defer { server.stop() }
    #expect(try fixture.fetch([server.url], bytes: .some(nil)) == .fetched(from: server.url))
    fixture.expectWhole()
  }

  @Test("sends more than the file has, without an end")
  func endless() throws {
    try check(.badData, saying: "more than the 100000 bytes") { _, data in
      [.head(200)] + [TestServer.Action](repeating: .send(data), count: 200) + [.hang]
    }
  }

  @Test("stalls before, in and after the head, and in the body")
  func stalls() throws {
    for actions in [
      [.hang], [.send(Data("HTTP/1.1 200 OK\r\n".utf8)), .hang], [.head(200, ["Content-Length": "100000"]), .hang],
      [.head(200, ["Content-Length": "100000"]), .send(FetchFixture.bytes(100_000).prefix(500)), .hang],
    ] as [[TestServer.Action]] {
      try check(.inputOutput, saying: "nothing came for 0.2 s", stall: 0.2) { request, _ in
        request.rangeStart == nil ? actions : [.hang]
      }
    }
  }

  @Test("is slow, but never stops: that is waited for")
  func trickle() throws {
    let fixture = try FetchFixture(bytes: 300)
    let data = fixture.data
    // In all it takes longer than the stall that is borne.
    fixture.options.stallSeconds = 0.5
    let server = try TestServer { _ in
      [.head(200, ["Content-Length": "300"])] + data.flatMap { [TestServer.Action.send(Data([$0])), .pause(0.003)] }
    }
    defer { server.stop() }
    #expect(try fixture.fetch([server.url]) == .fetched(from: server.url))
    fixture.expectWhole()
    #expect(server.requests.count == 1)
  }

  @Test("breaks the connection again and again")
  func breaksAlways() throws {
    // Something new comes each time, but too little to wait for the end.
    try check(.inputOutput, saying: "broke after") { request, data in
      .file(data, to: request, cutAt: (request.rangeStart ?? 0) + 100)
    }
    // Nothing new comes.
    try check(.inputOutput, saying: "broke after") { request, data in .file(data, to: request, cutAt: 500) }
  }

  @Test("redirects in a circle, to another protocol, to nowhere")
  func redirects() throws {
    for (location, word) in [
      ("/x", "more than 10 times"), ("file:///etc/passwd", "file://"), ("ftp://127.0.0.1/x", "ftp://"), (nil, "nowhere"),
    ] as [(String?, String)] {
      try check(.missingInput, saying: word) { _, _ in .reply(302, location.map { ["Location": $0] } ?? [:]) }
    }
  }

  @Test("is not there at all")
  func unreachable() throws {
    let fixture = try FetchFixture()
    let closed = try TestServer { _ in [] }
    closed.stop()
    try fixture.refused([closed.url], .inputOutput, saying: "no connection")
    try fixture.refused(["http://no-such-host.invalid/x"], .inputOutput, saying: "no connection")
    try fixture.refused(["http://[bad"], .inputOutput, saying: "http://[bad")
    #expect(fixture.files.isEmpty)
  }

  @Test("speaks no HTTP, or a head without an end")
  func noHTTP() throws {
    let fixture = try FetchFixture()
    let server = try TestServer { request in
      let field = TestServer.Action.send(Data("X-A: \(String(repeating: "a", count: 9000))\r\n".utf8))
      return request.path == "/head"
        ? [.send(Data("HTTP/1.1 200 OK\r\n".utf8))] + [TestServer.Action](repeating: field, count: 100)
        : [.send(Data("SSH-2.0-OpenSSH_9.2\r\n".utf8)), .hang]
    }
    defer { server.stop() }
    fixture.options.stallSeconds = 0.3
    #expect(throws: BasinError.self) { try fixture.fetch([server.url + "/ssh"]) }
    #expect(throws: BasinError.self) { try fixture.fetch([server.url + "/head"]) }
    #expect(fixture.files.isEmpty)
  }

  @Test("encodes the file though it was asked not to")
  func encoded() throws {
    try check(.badData, saying: "gzip") { _, _ in .reply(200, ["Content-Encoding": "gzip"], Data(count: 5000)) }
    // Some servers call a .gz encoded and send it as it is.
    let fixture = try FetchFixture()
    let data = fixture.data
    let server = try TestServer { _ in .reply(200, ["Content-Encoding": "gzip"], data) }
    defer { server.stop() }
    #expect(try fixture.fetch([server.url]) == .fetched(from: server.url))
    fixture.expectWhole()
  }

  // MARK: Parts

  /// A first part of 30,000 bytes is there; then this server answers.
  private func resume(
    requests: Int, part: Data? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ answer: @escaping @Sendable (TestServer.Request, Data) -> [TestServer.Action]
  ) throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let part = part ?? data.prefix(30_000)
    let server = try TestServer { request in
      switch request.number {
      case 0: [.head(200, ["Content-Length": "\(data.count)", "ETag": "\"one\""]), .send(part)]
      case 1: .reply(503)
      default: answer(request, data)
      }
    }
    defer { server.stop() }
    try fixture.refused([server.url], .inputOutput, saying: "503", sourceLocation: sourceLocation)
    #expect(fixture.content(fixture.partial) == part, sourceLocation: sourceLocation)
    #expect(try fixture.fetch([server.url]) == .fetched(from: server.url), sourceLocation: sourceLocation)
    fixture.expectWhole(sourceLocation: sourceLocation)
    #expect(server.requests.count == 2 + requests, sourceLocation: sourceLocation)
    #expect(server.requests[2].rangeStart == 30_000, sourceLocation: sourceLocation)
  }

  @Test("ignores Range")
  func ignoresRange() throws {
    try resume(requests: 1) { _, data in .reply(200, [:], data) }
  }

  @Test("sends another part, or does not say which")
  func wrongRange() throws {
    for range in ["bytes 0-69999/100000", "bytes 30000-99999/99999", "bytes 30000-", ""] {
      try resume(requests: 2) { request, data in
        request.rangeStart == nil ? .file(data, to: request) : .reply(206, ["Content-Range": range], data.suffix(70_000))
      }
    }
  }

  @Test("sends the right part with other bytes")
  func wrongPart() throws {
    try resume(requests: 2) { request, data in
      request.rangeStart == nil
        ? .file(data, to: request)
        : .reply(206, ["Content-Range": "bytes 30000-99999/100000"], FetchFixture.bytes(70_000, seed: 3))
    }
  }

  @Test("has another version by now, and says so, or does not")
  func changed() throws {
    // What was fetched at first is of an old version.
    let old = FetchFixture.bytes(30_000, seed: 4)
    try resume(requests: 1, part: old) { request, data in .file(data, to: request, etag: "\"two\"") }
    // If-Range is ignored; the new ETag tells.
    try resume(requests: 2, part: old) { request, data in
      request.rangeStart == nil
        ? .file(data, to: request, etag: "\"two\"")
        : .reply(206, ["Content-Range": "bytes 30000-99999/100000", "ETag": "\"two\""], data.suffix(70_000))
    }
    // Nothing tells but the digest.
    try resume(requests: 2, part: old) { request, data in
      request.rangeStart == nil
        ? .file(data, to: request) : .reply(206, ["Content-Range": "bytes 30000-99999/100000"], data.suffix(70_000))
    }
  }

  @Test("sends a part though all was asked for")
  func partUnasked() throws {
    try check(.badData, saying: "206") { _, data in .reply(206, ["Content-Range": "bytes 0-99999/100000"], data) }
  }

  @Test("has nothing behind what is here")
  func nothingBehind() throws {
    // The part is the whole file: killed before it was put into place.
    let fixture = try FetchFixture()
    let data = fixture.data
    try FileManager.default.createDirectory(atPath: fixture.root + "/image/set", withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: fixture.partial))
    let server = try TestServer { .file(data, to: $0) }
    defer { server.stop() }
    #expect(try fixture.fetch([server.url]) == .fetched(from: server.url))
    fixture.expectWhole()
    // More than the whole: something else.
    try FileManager.default.removeItem(atPath: fixture.target)
    try (data + data).write(to: URL(fileURLWithPath: fixture.partial))
    #expect(try fixture.fetch([server.url]) == .fetched(from: server.url))
    fixture.expectWhole()
  }

  // MARK: Time

  @Test("asks to come back: later, or too much later")
  func retryAfter() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    fixture.options.rounds = 3
    let server = try TestServer { $0.number < 2 ? .reply(503, ["Retry-After": "0"]) : .file(data, to: $0) }
    let other = try TestServer { _ in .reply(404) }
    let busy = try TestServer { _ in .reply(429, ["Retry-After": "3600"]) }
    defer { for server in [server, other, busy] { server.stop() } }
    #expect(try fixture.fetch([server.url, other.url]) == .fetched(from: server.url))
    #expect(server.requests.count == 3 && other.requests.count == 1)
    try FileManager.default.removeItem(atPath: fixture.target)
    try fixture.refused([busy.url], .inputOutput, saying: "3600 s")
    #expect(busy.requests.count == 1)
  }

  @Test("cancelling keeps what came")
  func cancelling() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let server = try TestServer { request in
      request.number == 0
        ? [.head(200, ["Content-Length": "100000"]), .send(data.prefix(30_000)), .hang] : .file(data, to: request)
    }
    defer { server.stop() }
    let watcher = Thread {
      while (fixture.content(fixture.partial)?.count ?? 0) < 30_000 { usleep(1000) }
      fixture.cancel()
    }
    watcher.start()
    #expect(throws: Interrupted.self) { try fixture.fetch([server.url]) }
    #expect(fixture.content(fixture.partial) == data.prefix(30_000))
    fixture.options.isCancelled = { false }
    #expect(try fixture.fetch([server.url]) == .fetched(from: server.url))
    #expect(server.requests.last?.rangeStart == 30_000)
    fixture.expectWhole()
  }

  @Test("two at once: one fetches, the other waits and finds it")
  func twoAtOnce() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let gate = TestServer.Gate()
    let server = try TestServer { _ in
      [.head(200, ["Content-Length": "100000"]), .send(data.prefix(30_000)), .wait(for: gate), .send(data.suffix(70_000))]
    }
    defer { server.stop() }
    // Bounded: where nobody waits the test is to fail, not to hang.
    let watcher = Thread {
      let end = ContinuousClock.now + .seconds(10)
      while !fixture.said.contains(where: { $0.contains("another process") }), ContinuousClock.now < end { usleep(1000) }
      gate.signal()
    }
    watcher.start()
    nonisolated(unsafe) var results = [FileFetch.Result?](repeating: nil, count: 2)
    let lock = NSLock()
    DispatchQueue.concurrentPerform(iterations: 2) { index in
      let result = try? fixture.fetch([server.url])
      lock.withLock { results[index] = result }
    }
    #expect(Set(results) == [.present, .fetched(from: server.url)])
    #expect(server.requests.count == 1)
    fixture.expectWhole()
  }

  // MARK: Disk

  @Test("a folder that cannot be made, a partial file that is none")
  func cannotWrite() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let server = try TestServer { .file(data, to: $0) }
    defer { server.stop() }
    try Data().write(to: URL(fileURLWithPath: fixture.root + "/image"))
    try fixture.refused([server.url], .cannotCreate, saying: "image/set")
    try FileManager.default.removeItem(atPath: fixture.root + "/image")
    // Not written through: a link may lead anywhere.
    try FileManager.default.createDirectory(atPath: fixture.root + "/image/set", withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: fixture.partial, withDestinationPath: fixture.root + "/elsewhere")
    try fixture.refused([server.url], .cannotCreate, saying: ".partial")
    #expect(server.requests.isEmpty && fixture.content(fixture.root + "/elsewhere") == nil)
  }
}
