import Foundation
import Testing

/// The report of a benchmark: as files, and live in a browser.
@Suite("report", .serialized) struct ReportTests {
  private static let file = """
    methods: [backbone, wa, pswa]
    seeds: 3
    cases:
      - {model: gcn, dataset: communities, epochs: 16, set: {model.hidden: 8}}
      - {model: gcn, dataset: communities, epochs: 16, lr: 1.0e+30}
    """

  @Test("a benchmark ends with its report, which is made again from what is stored")
  func report() throws {
    let space = try Workspace()
    try space.write(Self.file, to: "own.yaml")
    let outcome = try space.run(["bench", "--config", "own.yaml", "--out", "own"], expecting: 70)
    #expect(outcome.text.contains("own/report.html"))
    let names = ["report.html", "report.md", "report.csv", "report.json"]
    let first = try names.map { try space.data("own/\($0)") }
    let html = String(decoding: first[0], as: UTF8.self)
    // One file, nothing from elsewhere.
    #expect(html.contains("<svg") && !html.contains("src=\"http") && !html.contains("@import") && !html.contains("<link"))
    let document = try #require(Document(first[3])?["document"])
    #expect(document["reference"]?.text == "backbone" && document["methods"]?.items.compactMap { $0["name"]?.text } == ["backbone", "wa", "pswa"])
    #expect(document["workloads"]?.items.count == 2 && document["workloads"]?.items.allSatisfy { $0["label"]?.text?.contains("learningRate") == true } == true)
    #expect(document["commands"]?[0]?["text"]?.text == "basin bench --config own.yaml --out own")
    let runs = document["runs"]?.items ?? []
    let stored = try StoredRuns(space, "own")
    #expect(runs.count == 18 && Set(runs.map { $0["id"]?.text }) == Set(stored.runs.map { $0["hash"]?.text }))
    for run in runs {
      let mine = try #require(stored.runs.first { $0["hash"] == run["id"] })
      let isFinished = mine["status"]?.text == "finished"
      #expect(run["status"]?.text == (isFinished ? "finished" : "failed") && run["attempts"]?.integer == (isFinished ? 1 : 2))
      guard isFinished else { continue }
      let weights = run["counts"]?.text ?? ""
      #expect(weights == (run["method"]?.text == "backbone" ? "last" : "averaged"))
      #expect(run[weights]?["test"]?["accuracy"] == mine["test"] && run["curve"]?.items.count == 16)
      #expect((run["sharesTrajectoryOf"]?.isNull ?? true) == (run["method"]?.text != "wa"))
    }
    #expect(html.contains("the loss became"))
    for name in names { try FileManager.default.removeItem(atPath: space("own/\(name)")) }
    try space.run(["report", "own"], expecting: 0)
    #expect(try space.data("own/report.csv") == first[2] && space.data("own/report.json") == first[3])
    // Of the file alone, elsewhere.
    try space.run(["bench", "merge", "all", "own"], expecting: 0)
    try space.run(["report", "all/results.sqlite", "--out", "elsewhere"], expecting: 0)
    #expect(space.names(in: "elsewhere") == names.sorted())
    try space.refused(["report", "nowhere"], 66, saying: "nowhere/results.sqlite")
    // The command of a run trains that run.
    let command = try #require(runs.first { $0["status"]?.text == "finished" && $0["method"]?.text == "pswa" })
    try space.run((command["command"]?.text ?? "").split(separator: " ").dropFirst().map(String.init) + ["--quiet"], expecting: 0)
    let summary = Document(try space.data("again/summary.json"))
    #expect(summary?["averaged"]?["test"]?["accuracy"] == command["averaged"]?["test"]?["accuracy"])
  }

  @Test("landscapes and sharpness in the benchmark's folder are in its report")
  func landscapes() throws {
    let space = try Workspace()
    let cells = "graph-gcn-communities"
    try space.run(
      ["bench", "--models", "gcn", "--datasets", "communities", "--methods", "backbone,pswa", "--seeds", "2", "--epochs", "8", "--set", "model.hidden=8", "--out", "own"],
      expecting: 0)
    let runs = ["backbone-0", "backbone-1", "pswa-0"].map { "own/runs/\(cells)-\($0)" }
    let plane = ["landscape", runs[0], "--plane", runs[1], runs[2], "--points", "3", "--part", "test"]
    try space.run(plane + ["--out", "own/landscapes/b plane"], expecting: 0)
    try space.run(["sharpness", runs[0], runs[2], "--eigenvalues", "1", "--out", "own/landscapes/a"], expecting: 0)
    // Neither what is something else nor what is not finished.
    try space.write("what these are", to: "own/landscapes/notes/README")
    try space.run(plane + ["--out", "own/landscapes/c"], expecting: 0)
    try FileManager.default.removeItem(atPath: space("own/landscapes/c/landscape.json"))
    try space.run(["report", "own"], expecting: 0)
    func document() throws -> Document { try #require(Document(try space.data("own/report.json"))?["document"]) }
    let figures = try document()["figures"]?.items ?? []
    #expect(figures.map { $0["title"]?.text } == ["Sharpness of gcn on communities", "gcn on communities"])
    let known = try #require(Document(try space.data("own/landscapes/b plane/landscape.json"))?["named"]?[2]?["test"]?["loss"]?.number)
    let caption = figures.last?["caption"]?.text ?? ""
    #expect(caption.contains("over the plane through backbone-0, backbone-1, pswa-0;") && caption.contains("test loss \(String(format: "%.4g", known))"), "\(caption)")
    #expect(figures.first?["caption"]?.text?.contains("greatest eigenvalue") == true)
    let html = String(decoding: try space.data("own/report.html"), as: UTF8.self)
    #expect(html.components(separatedBy: "data:image/svg+xml;base64,").count == 3 && html.contains("href=\"#figures\""))
    // What is damaged is told, and the rest shown.
    try space.write("{", to: "own/landscapes/b plane/landscape.json")
    try space.run(["report", "own"], expecting: 0)
    #expect(try document()["figures"]?.items.count == 1)
    let notes = try document()["notes"]?.items.compactMap(\.text) ?? []
    #expect(notes.contains { $0.contains("landscapes/b plane is not shown") && $0.contains("landscape.json") }, "\(notes)")
  }

  /// A port that nobody listens at.
  private func freePort() -> UInt16 {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(listener, $0, size)
        _ = getsockname(listener, $0, &size)
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  private func ask(_ space: Workspace, _ port: UInt16, _ path: String, host: String = "localhost") throws -> String {
    let request = "GET \(path) HTTP/1.1\\r\\nHost: \(host)\\r\\nConnection: close\\r\\n\\r\\n"
    let script = "exec 3<>/dev/tcp/127.0.0.1/\(port) && printf '\(request)' >&3 && cat <&3"
    return try space.run(program: "/bin/bash", ["-c", script]).text
  }

  @Test("the report is served while the benchmark runs, to this machine alone")
  func serve() throws {
    let space = try Workspace()
    try space.write(Self.file, to: "own.yaml")
    let port = freePort()
    try space.refused(["serve", "own", "--port", "\(port)"], 66, saying: "own/results.sqlite")
    try space.run(["bench", "--config", "own.yaml", "--seeds", "1", "--out", "own", "--quiet"], expecting: 70)
    let server = try space.start(["serve", "own", "--port", "\(port)", "--refresh", "2"])
    var page = ""
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline, page.isEmpty {
      usleep(50_000)
      page = try ask(space, port, "/")
    }
    #expect(page.hasPrefix("HTTP/1.1 200") && page.contains("text/html") && page.contains("http-equiv=\"refresh\"") && page.contains("3 of 6 runs"))
    // It is on loopback alone, and answers to this machine's names alone.
    let sockets = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
    #expect(sockets.contains(String(format: "0100007F:%04X 00000000:0000 0A", port)))
    #expect(try ask(space, port, "/", host: "evil.example").hasPrefix("HTTP/1.1 403"))
    #expect(try ask(space, port, "/../own.yaml").hasPrefix("HTTP/1.1 404"))
    try space.run(["bench", "--resume", "--seeds", "2", "--out", "own", "--quiet"], expecting: 70)
    sleep(3)
    #expect(try ask(space, port, "/report.json").contains("\"seed\":1"))
    #expect(try ask(space, port, "/").contains("6 of 12 runs"))
    try space.refused(["serve", "own", "--port", "\(port)"], 73, saying: "cannot listen")
    try space.refused(["serve", "own", "--host", "somewhere"], 64, saying: "--host")
    server.signal(SIGINT)
    #expect(try server.finish().ending == .exited(130))
  }
}
