import Foundation
import TestServer
import Testing

/// `basin data fetch`, with a server that has a published set where the tests' data are.
@Suite("data fetch", .serialized) struct FetchTests {
  /// The tests' data, where the files of Cora and TREC are as published.
  static let data: String? = {
    let given = ProcessInfo.processInfo.environment["BASIN_TEST_DATA"].flatMap { $0.isEmpty ? nil : $0 }
    let path = given ?? ((BuiltProgram.checkout as NSString).deletingLastPathComponent + "/shared/data")
    return FileManager.default.fileExists(atPath: path + "/planetoid/cora/ind.cora.x") ? path : nil
  }()

  private static func server(
    _ answer: @escaping @Sendable (TestServer.Request, Data) -> [TestServer.Action] = { .file($1, to: $0, etag: "\"1\"") }
  ) throws -> TestServer {
    let data = try #require(data)
    return try TestServer { request in
      let path = request.path.replacingOccurrences(of: "/text/trec/train_5500.label", with: "/text/sent-conv/raw/TREC.train")
        .replacingOccurrences(of: "/text/trec/TREC_10.label", with: "/text/sent-conv/raw/TREC.test")
      guard let content = FileManager.default.contents(atPath: data + path) else { return .reply(404) }
      return answer(request, content)
    }
  }

  @Test("a set is fetched, trained on, and not fetched again", .enabled(if: data != nil, "skipped: no published data"))
  func fetchAndTrain() throws {
    let space = try Workspace()
    let server = try Self.server()
    defer { server.stop() }
    let arguments = ["data", "fetch", "cora", "--data-root", "data", "--mirror", server.url, "--rounds", "1"]
    let outcome = try space.run(arguments, expecting: 0)
    #expect(outcome.text.contains("data/planetoid/cora/ind.cora.allx"))
    #expect(outcome.text.contains("basin train --model gcn --dataset cora --data-root data"))
    #expect(server.requests.count == 8)
    try space.run(
      ["train", "--model", "gcn", "--dataset", "cora", "--data-root", "data", "--epochs", "2", "--out", "run", "--quiet"], expecting: 0)
    let again = try space.json(arguments)
    #expect(server.requests.count == 8)
    #expect(again["files"]?.items.count == 8)
    #expect(again["files"]?.items.allSatisfy { $0["status"]?.text == "present" } == true)
    #expect(space.tree("data").allSatisfy { !$0.contains(".partial") })
    let list = try space.json(["data", "fetch", "--list", "--data-root", "data"])["datasets"]?.items ?? []
    #expect(list.first { $0["name"]?.text == "cora" }?["present"]?.flag == true)
    #expect(list.first { $0["name"]?.text == "citeseer" }?["present"]?.flag == false)
    // Everything that can be fetched has a digest, a place, and a path that its reader knows.
    #expect(list.count >= 15)
    for file in list.flatMap({ $0["files"]?.items ?? [] }) {
      #expect(file["digestKind"]?.text == "sha256" && file["urls"]?.items.isEmpty == false, "\(file)")
    }
    let text = try space.run(["data", "fetch", "--list", "mnist"], expecting: 0).text
    #expect(text.contains("mnist") && text.contains("11.1 MiB") && !text.contains("cifar"))
  }

  @Test("what readers look for", .enabled(if: data != nil, "skipped: no published data"))
  func trec() throws {
    let space = try Workspace()
    let server = try Self.server()
    defer { server.stop() }
    space.environment["BASIN_DATA"] = space("data")
    let outcome = try space.run(["data", "fetch", "trec", "--mirror", server.url], expecting: 0)
    #expect(outcome.text.contains("train: basin train --model transformer --dataset trec\n"))
    #expect(try space.json(["data", "inspect", "trec"])["examples"]?["train"]?.integer == 5452)
    for name in ["mutag", "mr"] {
      try space.run(["data", "fetch", name, "--mirror", server.url, "--quiet"], expecting: 0)
      #expect(try space.json(["data", "inspect", name])["classes"]?.integer == 2)
    }
  }

  @Test("wrong usage")
  func usage() throws {
    let space = try Workspace()
    try space.refused(["data", "fetch"], 64, saying: "--list")
    try space.refused(["data", "fetch", "core"], 64, saying: "core", "cora")
    try space.refused(["data", "fetch", "shapes", "--data-root", "data"], 64, saying: "shapes", "--list")
    try space.refused(["data", "fetch", "cora"], 64, saying: "--data-root", "BASIN_DATA")
    try space.refused(["data", "fetch", "cora", "--data-root", "d", "--mirror", "file:///tmp"], 64, saying: "http")
    try space.refused(["data", "fetch", "cora", "--data-root", "d", "--stall-timeout", "0"], 64, saying: "--stall-timeout")
    try space.refused(["data", "fetch", "--list", "core"], 64, saying: "cora")
    #expect(!space.exists("d") && !space.exists("data"))
  }

  @Test("wrong bytes, no server, and a file in the way", .enabled(if: data != nil, "skipped: no published data"))
  func failures() throws {
    let space = try Workspace()
    // The published places are not asked: no network in tests.
    space.environment["https_proxy"] = "http://127.0.0.1:1"
    space.environment["http_proxy"] = "http://127.0.0.1:1"
    space.environment["no_proxy"] = "127.0.0.1"
    let server = try Self.server { .file(Data($1.map { $0 ^ 1 }), to: $0) }
    defer { server.stop() }
    let arguments = ["data", "fetch", "mr", "--data-root", "data", "--rounds", "1", "--mirror"]
    try space.refused(arguments + [server.url], 65, saying: "rt-polarity.all", "SHA-256", "raw.githubusercontent.com")
    #expect(space.tree("data") == ["text", "text/sent-conv"])
    try space.refused(arguments + ["http://127.0.0.1:1"], 74, saying: "no connection", "http://127.0.0.1:1/text/sent-conv/rt-polarity.all")
    try space.write("mine", to: "data/text/sent-conv/rt-polarity.all")
    try space.refused(arguments + [server.url], 73, saying: "rt-polarity.all", "--force")
    try space.write("", to: "file")
    try space.refused(["data", "fetch", "mr", "--data-root", "file", "--mirror", server.url], 73, saying: "file")
    // The shell's limit on files stands for a disk that fills up.
    let good = try Self.server()
    defer { good.stop() }
    let fetch = ["data", "fetch", "mr", "--data-root", "full", "--rounds", "1", "--mirror", good.url]
    let full = try space.run(program: "/bin/bash", ["-c", "ulimit -f 64; exec \"$0\" \"$@\"", BuiltProgram.path] + fetch)
    #expect(full.ending == .exited(74) && full.errors.contains("rt-polarity.all.partial") && full.errors.contains("space"), "\(full)")
    #expect(try space.data("full/text/sent-conv/rt-polarity.all.partial").count > 0)
    #expect(try space.json(fetch)["files"]?[0]?["status"]?.text == "fetched")
    #expect(good.requests.last?.rangeStart != nil)
  }

  @Test("killed or interrupted in the middle, and then again", .enabled(if: data != nil, "skipped: no published data"))
  func killed() throws {
    for (signal, ending) in [(SIGKILL, Outcome.Ending.killed(signal: SIGKILL)), (SIGINT, .exited(130)), (SIGTERM, .exited(130))] {
      let space = try Workspace()
      let server = try Self.server { request, data in
        request.number == 0
          ? [.head(200, ["Content-Length": "\(data.count)", "ETag": "\"1\""]), .send(data.prefix(500_000)), .hang]
          : .file(data, to: request, etag: "\"1\"")
      }
      defer { server.stop() }
      let arguments = ["data", "fetch", "mr", "--data-root", "data", "--mirror", server.url]
      let program = try space.start(arguments)
      let partial = "data/text/sent-conv/rt-polarity.all.partial"
      while program.isRunning, FileManager.default.contents(atPath: space(partial))?.count ?? 0 < 500_000 { usleep(2000) }
      program.signal(signal)
      let outcome = try program.finish()
      #expect(outcome.ending == ending, "\(outcome)")
      if signal != SIGKILL { #expect(outcome.errors.contains("goes on with it"), "\(outcome)") }
      #expect(try space.data(partial).count == 500_000 && !space.exists("data/text/sent-conv/rt-polarity.all"))
      try space.run(arguments, expecting: 0)
      #expect(server.requests.map(\.rangeStart) == [nil, 500_000])
      #expect(space.names(in: "data/text/sent-conv") == ["rt-polarity.all"])
    }
  }

  @Test("two at once", .enabled(if: data != nil, "skipped: no published data"))
  func twoAtOnce() throws {
    let space = try Workspace()
    let gate = TestServer.Gate()
    let server = try Self.server { request, data in
      [.head(200, ["Content-Length": "\(data.count)"]), .send(data.prefix(1000)), .wait(for: gate), .send(data.dropFirst(1000))]
    }
    defer { server.stop() }
    let arguments = ["data", "fetch", "mr", "--data-root", "data", "--mirror", server.url]
    let first = try space.start(arguments)
    // Bounded: where nobody waits the test is to fail, not to hang.
    let end = ContinuousClock.now + .seconds(20)
    while first.isRunning, server.requests.isEmpty, ContinuousClock.now < end { usleep(2000) }
    let second = try space.start(arguments)
    // It says that it waits.
    func hasSaid() -> Bool {
      space.names(in: "").contains { name in
        name.hasPrefix(".stderr") && FileManager.default.contents(atPath: space(name))?.range(of: Data("another process".utf8)) != nil
      }
    }
    while second.isRunning, !hasSaid(), ContinuousClock.now < end { usleep(2000) }
    gate.signal()
    let outcomes = try [first.finish(), second.finish()]
    for outcome in outcomes { #expect(outcome.ending == .exited(0), "\(outcome)") }
    #expect(outcomes[1].errors.contains("another process") && outcomes[1].text.contains("was there"), "\(outcomes[1])")
    #expect(server.requests.count == 1)
    #expect(space.names(in: "data/text/sent-conv") == ["rt-polarity.all"])
  }
}
