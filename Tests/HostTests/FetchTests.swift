import Foundation
import Host
import PluginAPI
import TestServer
import Testing

@Suite("fetching a file", .serialized) struct FetchTests {
  @Test("a whole file, and not a second time")
  func whole() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let server = try TestServer { .file(data, to: $0) }
    defer { server.stop() }
    #expect(try fixture.fetch([server.url + "/a.gz"]) == .fetched(from: server.url + "/a.gz"))
    fixture.expectWhole()
    #expect(server.requests.map(\.path) == ["/a.gz"])
    #expect(server.requests[0].fields["accept-encoding"] == "identity" && server.requests[0].fields["range"] == nil)
    #expect(try fixture.fetch([server.url + "/a.gz"]) == .present)
    #expect(server.requests.count == 1)
    fixture.options.force = true
    #expect(try fixture.fetch([server.url + "/a.gz"]) == .fetched(from: server.url + "/a.gz"))
    #expect(server.requests.count == 2)
    fixture.expectWhole()
  }

  @Test("an unknown size, chunks, and MD5")
  func variants() throws {
    let hello = Data("hello".utf8)
    let server = try TestServer { request in
      request.path.contains("chunked")
        ? [.head(200, ["Transfer-Encoding": "chunked"]), .send(Data("3\r\nhel\r\n2\r\nlo\r\n0\r\nETag: \"late\"\r\n\r\n".utf8))]
        : [.head(200), .send(hello)]
    }
    defer { server.stop() }
    for path in ["/chunked", "/until-the-end"] {
      for digest in [PublishedFile.Digest.md5("5d41402abc4b2a76b9719d911017c592"), .sha256(FetchFixture.sha256(hello))] {
        for bytes in [nil, 5] {
          let fixture = try FetchFixture()
          #expect(try fixture.fetch([server.url + path], bytes: bytes, digest: digest) == .fetched(from: server.url + path))
          #expect(fixture.content(fixture.target) == hello)
        }
      }
      let fixture = try FetchFixture()
      #expect(throws: BasinError.self) {
        try fixture.fetch([server.url + path], bytes: 5, digest: .md5("5d41402abc4b2a76b9719d911017c593"))
      }
    }
  }

  @Test("mirrors come first, and have the data root's layout")
  func mirrors() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let server = try TestServer { .file(data, to: $0) }
    defer { server.stop() }
    for mirror in [server.url + "/copy", server.url + "/copy/"] {
      fixture.options.mirrors = [mirror]
      fixture.options.force = true
      #expect(try fixture.fetch(["http://127.0.0.1:1/never"]) == .fetched(from: server.url + "/copy/image/set/pictures.gz"))
    }
    #expect(server.requests.map(\.path) == ["/copy/image/set/pictures.gz", "/copy/image/set/pictures.gz"])
  }

  @Test("a broken connection: the rest is asked for, of the same version")
  func resumes() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let server = try TestServer { request in
      .file(data, to: request, etag: "\"one\"", cutAt: request.number < 3 ? 20_000 * (request.number + 1) : nil)
    }
    defer { server.stop() }
    #expect(try fixture.fetch([server.url]) == .fetched(from: server.url))
    fixture.expectWhole()
    #expect(server.requests.map(\.rangeStart) == [nil, 20_000, 40_000, 60_000])
    #expect(server.requests.dropFirst().allSatisfy { $0.fields["if-range"] == "\"one\"" })
  }

  @Test("a later fetch goes on with what an earlier one left")
  func resumesLater() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let server = try TestServer { request in
      request.number == 1 ? .reply(503) : .file(data, to: request, etag: "\"one\"", cutAt: request.number == 0 ? 30_000 : nil)
    }
    defer { server.stop() }
    try fixture.refused([server.url], .inputOutput, saying: "503", "goes on with what has come")
    #expect(fixture.content(fixture.partial) == data.prefix(30_000))
    #expect(try fixture.fetch([server.url]) == .fetched(from: server.url))
    #expect(server.requests.map(\.rangeStart) == [nil, 30_000, 30_000])
    fixture.expectWhole()
  }

  @Test("another place goes on where the first one ended")
  func resumesElsewhere() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let first = try TestServer { $0.number == 0 ? .file(data, to: $0, etag: "\"one\"", cutAt: 30_000) : .reply(404) }
    let second = try TestServer { .file(data, to: $0, etag: "\"other\"") }
    defer {
      first.stop()
      second.stop()
    }
    #expect(try fixture.fetch([first.url, second.url]) == .fetched(from: second.url))
    #expect(second.requests.map(\.rangeStart) == [30_000])
    #expect(second.requests[0].fields["if-range"] == nil)
    fixture.expectWhole()
  }

  @Test("redirects are followed, anew after a broken connection")
  func redirects() throws {
    let fixture = try FetchFixture()
    let data = fixture.data
    let server = try TestServer { request in
      switch request.path {
      case "/start": .reply(302, ["Location": "/second?x=1"], Data("<html>moved</html>".utf8))
      case "/second?x=1": .reply(307, ["Location": "http://127.0.0.1:\(request.fields["host"]?.split(separator: ":").last ?? "")/third"])
      default: .file(data, to: request, cutAt: request.number < 3 ? 10_000 : nil)
      }
    }
    defer { server.stop() }
    #expect(try fixture.fetch([server.url + "/start"]) == .fetched(from: server.url + "/start"))
    #expect(server.requests.map(\.path) == ["/start", "/second?x=1", "/third", "/start", "/second?x=1", "/third"])
    #expect(server.requests.last?.rangeStart == 10_000)
    fixture.expectWhole()
  }

  @Test("which redirects may be followed")
  func redirectTargets() {
    func target(_ location: String?, from url: String = "https://a.org/x/y") -> Redirect.Target { Redirect.target(of: location, from: url) }
    #expect(target("z") == .follow("https://a.org/x/z"))
    #expect(target("/z?q=1") == .follow("https://a.org/z?q=1"))
    #expect(target("//b.org/z") == .follow("https://b.org/z"))
    #expect(target("https://b.org/z", from: "http://a.org/") == .follow("https://b.org/z"))
    #expect(target("http://b.org/z", from: "http://a.org/") == .follow("http://b.org/z"))
    let bad = [nil, "http://a.org/x", "HTTP://a.org/x", "file:///etc/passwd", "FILE:///etc/passwd", "ftp://a.org/x", "https://"]
    for refused in bad {
      if case .follow(let url) = target(refused) { Issue.record("\(refused ?? "nil") is followed to \(url)") }
    }
  }

  @Test("heads as servers write them")
  func heads() {
    func head(_ lines: String...) -> ReplyHead {
      var reply = ReplyHead()
      let isComplete = (lines + [""]).map { reply.take(line: $0 + "\r\n") }
      #expect(isComplete.last == true && !isComplete.dropLast().contains(true))
      return reply
    }
    let whole = head("HTTP/2 200", "content-length:  12", "ETag: \"a\"", "Content-Type: Text/HTML; charset=utf-8", "etag: \"b\"")
    #expect(whole.status == 200 && whole.contentLength == 12 && whole.validator == "\"a\"" && whole.isWebPage && whole.encoding == nil)
    let part = head(
      "HTTP/1.1 206 Partial Content", "Content-Range: bytes 5-9/10", "ETag: W/\"a\"",
      "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT", "Content-Encoding: gzip")
    #expect(part.contentRange?.first == 5 && part.contentRange?.last == 9 && part.contentRange?.total == 10 && part.encoding == "gzip")
    #expect(part.validator == "Thu, 01 Jan 1970 00:00:00 GMT")
    for text in ["bytes */10", "bytes 9-5/10", "bytes -5/10", "items 1-2/3", "bytes 1-2", "bytes x-2/3", ""] {
      #expect(head("HTTP/1.1 206 x", "Content-Range: \(text)").contentRange == nil, "\(text)")
    }
    #expect(head("HTTP/1.1 206 x", "Content-Range: bytes 1-2/*").contentRange?.total == nil)
    #expect(head("HTTP/1.1 503 x", "Retry-After: 7").retryAfter() == 7)
    let date = Date(timeIntervalSince1970: 784_111_777)
    #expect(head("HTTP/1.1 503 x", "Retry-After: Sun, 06 Nov 1994 08:49:47 GMT").retryAfter(now: date) == 10)
    #expect(head("HTTP/1.1 503 x", "Retry-After: soon").retryAfter() == nil)
    // An interim reply comes before the final one.
    var interim = ReplyHead()
    let lines = ["HTTP/1.1 103 Early Hints", "Content-Length: 5", "", "HTTP/1.1 404 Not Found", ""]
    #expect(lines.map { interim.take(line: $0 + "\r\n") } == [false, false, false, false, true])
    #expect(interim.status == 404 && interim.contentLength == nil)
  }
}
