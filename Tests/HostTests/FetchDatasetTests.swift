import Foundation
import Host
import PluginAPI
import TestServer
import Testing

/// A zip file whose members are stored, not compressed.
private enum ZipFile {
  private static func little(_ value: Int, _ bytes: Int) -> Data { Data((0..<bytes).map { UInt8(value >> (8 * $0) & 255) }) }

  private static func crc(_ data: Data) -> Int {
    var result: UInt32 = 0xFFFF_FFFF
    for byte in data {
      result ^= UInt32(byte)
      for _ in 0..<8 { result = result & 1 == 1 ? result >> 1 ^ 0xEDB8_8320 : result >> 1 }
    }
    return Int(~result)
  }

  /// - Parameter modes: the Unix mode of members that are no plain files.
  static func of(_ members: [(name: String, content: Data)], modes: [String: Int] = [:]) -> Data {
    var bytes = Data(), directory = Data()
    for (name, content) in members {
      let common =
        little(20, 2) + little(0, 8) + little(crc(content), 4) + little(content.count, 4) + little(content.count, 4)
        + little(name.utf8.count, 2) + little(0, 2)
      directory += little(0x0201_4B50, 4) + little(0x0314, 2) + common + little(0, 6)
      directory += little((modes[name] ?? 0o100644) << 16, 4) + little(bytes.count, 4) + Data(name.utf8)
      bytes += little(0x0403_4B50, 4) + common + Data(name.utf8) + content
    }
    return bytes + directory + little(0x0605_4B50, 4) + little(0, 4) + little(members.count, 2) + little(members.count, 2)
      + little(directory.count, 4) + little(bytes.count, 4) + little(0, 2)
  }
}

@Suite("fetching a data set", .serialized) struct FetchDatasetTests {
  private func publication(_ files: [PublishedFile]) -> Publication { Publication(source: "", license: "", files: files) }

  private func archive(_ zip: Data, _ url: String, members: [PublishedFile.Member]) -> Publication {
    publication([
      PublishedFile("text/set.zip", at: [url], .sha256(FetchFixture.sha256(zip)), bytes: zip.count, members: members)
    ])
  }

  @Test("all files; those that are there are left alone")
  func files() throws {
    let fixture = try FetchFixture()
    let contents = ["a/x.txt": FetchFixture.bytes(500, seed: 1), "b/c/y.txt": FetchFixture.bytes(700, seed: 2)]
    let server = try TestServer { request in
      contents[String(request.path.dropFirst())].map { .file($0, to: request) } ?? .reply(404)
    }
    defer { server.stop() }
    let set = publication(
      contents.keys.sorted().map {
        PublishedFile($0, at: ["\(server.url)/\($0)"], .sha256(FetchFixture.sha256(contents[$0] ?? Data())), bytes: contents[$0]?.count)
      })
    func fetch() throws -> [DatasetFetch.Item] { try DatasetFetch("set", set, root: fixture.root + "/", options: fixture.options).run() }
    #expect(try fetch().map(\.source) == ["\(server.url)/a/x.txt", "\(server.url)/b/c/y.txt"])
    for (path, content) in contents { #expect(fixture.content(fixture.root + "/" + path) == content) }
    #expect(try fetch().map(\.source) == [nil, nil])
    try FileManager.default.removeItem(atPath: fixture.root + "/a/x.txt")
    #expect(try fetch().map(\.source) == ["\(server.url)/a/x.txt", nil])
    #expect(server.requests.count == 3)
    // Of a user's own: it stays, and nothing is fetched, until --force.
    try FileManager.default.removeItem(atPath: fixture.root + "/a/x.txt")
    try Data("mine".utf8).write(to: URL(fileURLWithPath: fixture.root + "/b/c/y.txt"))
    do {
      _ = try fetch()
      Issue.record("a file was replaced")
    } catch let error as BasinError {
      #expect(error.kind == .cannotCreate && error.description.contains("b/c/y.txt") && error.description.contains("--force"), "\(error)")
    }
    #expect(server.requests.count == 3 && fixture.content(fixture.root + "/b/c/y.txt") == Data("mine".utf8))
    fixture.options.force = true
    #expect(try fetch().count == 2)
    for (path, content) in contents { #expect(fixture.content(fixture.root + "/" + path) == content) }
    #expect(fixture.files == ["a/x.txt", "b/c/y.txt"])
  }

  @Test("members of an archive are taken out, the archive goes, and they are known again")
  func members() throws {
    let fixture = try FetchFixture()
    let one = FetchFixture.bytes(70_000, seed: 1), two = Data("two".utf8)
    // What nobody asked for stays in it, whatever it is called.
    let zip = ZipFile.of([("../../evil.txt", two), ("S/one.tsv", one), ("/etc/evil", two), ("S/other", two), ("S/two.tsv", two)])
    let server = try TestServer { .file(zip, to: $0) }
    defer { server.stop() }
    let set = archive(zip, server.url, members: [.init("S/one.tsv", to: "text/S/one.tsv"), .init("S/two.tsv", to: "deep/er/two.tsv")])
    func fetch() throws -> [DatasetFetch.Item] { try DatasetFetch("set", set, root: fixture.root, options: fixture.options).run() }
    let items = try fetch()
    #expect(items.map(\.source) == [server.url] && items[0].paths == ["text/S/one.tsv", "deep/er/two.tsv"])
    let all = ["deep/er/two.tsv", "text/S/one.tsv", "text/set.zip.unpacked.json"]
    #expect(fixture.files == all)
    #expect(fixture.content(fixture.root + "/text/S/one.tsv") == one && fixture.content(fixture.root + "/deep/er/two.tsv") == two)
    #expect(try fetch().map(\.source) == [nil] && server.requests.count == 1)
    // A changed member is a user's.
    try Data("mine".utf8).write(to: URL(fileURLWithPath: fixture.root + "/deep/er/two.tsv"))
    #expect(throws: BasinError.self) { try fetch() }
    // A missing one is fetched again.
    try FileManager.default.removeItem(atPath: fixture.root + "/deep/er/two.tsv")
    #expect(try fetch().count == 1 && fixture.files == all && server.requests.count == 2)
    // Killed between two renames: the archive is still there, and that is enough.
    try FileManager.default.removeItem(atPath: fixture.root + "/text/set.zip.unpacked.json")
    #expect(throws: BasinError.self) { try fetch() }
    try zip.write(to: URL(fileURLWithPath: fixture.root + "/text/set.zip"))
    #expect(try fetch().count == 1 && fixture.files == all && server.requests.count == 2)
  }

  @Test("archives that lack a member, have a link in its place, or are none")
  func badArchives() throws {
    let two = Data("two".utf8)
    let member = PublishedFile.Member("S/two.tsv", to: "text/two.tsv")
    var damaged = ZipFile.of([("S/two.tsv", FetchFixture.bytes(5000))])
    damaged[100] ^= 255
    for (zip, word) in [
      (ZipFile.of([("S/one.tsv", two)]), "lacks S/two.tsv"),
      (ZipFile.of([("S/two.tsv", Data("/etc/passwd".utf8))], modes: ["S/two.tsv": 0o120777]), "link"),
      (FetchFixture.bytes(5000), "cannot be read"), (Data("PK".utf8), "cannot be read"), (damaged, "cannot be read"),
    ] {
      let fixture = try FetchFixture()
      let server = try TestServer { .file(zip, to: $0) }
      defer { server.stop() }
      do {
        _ = try DatasetFetch("set", archive(zip, server.url, members: [member]), root: fixture.root, options: fixture.options).run()
        Issue.record("unpacked: \(word)")
      } catch let error as BasinError {
        #expect(error.kind == .badData && error.description.contains(word), "\(error)")
      }
      #expect(fixture.files == ["text/set.zip"])
    }
  }

  @Test("no room on the disk is said before anything is fetched")
  func space() throws {
    let fixture = try FetchFixture()
    let server = try TestServer { _ in .reply(404) }
    defer { server.stop() }
    let set = publication([PublishedFile("x", at: [server.url], .sha256(String(repeating: "0", count: 64)), bytes: 1 << 60)])
    do {
      _ = try DatasetFetch("set", set, root: fixture.root + "/not/yet", options: fixture.options).run()
      Issue.record("there is an exabyte free")
    } catch let error as BasinError {
      #expect(error.kind == .inputOutput && error.description.contains("1048576.0 TiB"), "\(error)")
    }
    #expect(server.requests.isEmpty)
  }

  @Test("registrations that cannot be meant")
  func registrations() throws {
    let digest = String(repeating: "a", count: 64)
    func check(
      _ path: String, _ digest: PublishedFile.Digest, _ urls: [String] = ["http://a"], bytes: Int? = 1,
      members: [PublishedFile.Member]? = nil
    ) throws {
      _ = try DatasetFetch(
        "set", publication([PublishedFile(path, at: urls, digest, bytes: bytes, members: members)]), root: "/tmp", options: FetchOptions())
    }
    try check("a/b", .sha256(digest))
    try check("a/b", .md5(String(digest.prefix(32))))
    for path in ["", "/a", "../a", "a/../b", "a//b", "a/", "a/./b", "a\nb"] {
      #expect(throws: BasinError.self, "\(path)") { try check(path, .sha256(digest)) }
      #expect(throws: BasinError.self, "\(path)") { try check("a", .sha256(digest), members: [.init("x", to: path)]) }
    }
    for other in [PublishedFile.Digest.sha256(""), .sha256(digest.uppercased()), .md5(digest), .sha256("g" + digest.dropFirst())] {
      #expect(throws: BasinError.self) { try check("a", other) }
    }
    #expect(throws: BasinError.self) { try check("a", .sha256(digest), ["file:///a"]) }
    #expect(throws: BasinError.self) { try check("a", .sha256(digest), bytes: 0) }
    #expect(throws: BasinError.self) { try DatasetFetch("set", publication([]), root: "/tmp", options: FetchOptions()) }
  }
}
