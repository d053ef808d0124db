import Foundation
import Host
import PluginAPI
import TestClock
import Testing

@Suite("Module manifest")
struct ModuleManifestTests {
  private func find(_ text: String) -> ManifestScan.Finding { ManifestScan.find(in: Array(text.utf8)) }

  private func wrap(_ json: String) -> String { ManifestScan.startMark + json + ManifestScan.endMark }

  @Test("all keys, over several lines, among other bytes")
  func complete() throws {
    let json = """
      {"name": "graph", "version": "0.1.0", "summary": "Graphs – größer", "domain": "graph", "models": ["gcn", "gat"],
       "datasets": ["cora"], "methods": [], "formats": ["graphml"], "requires": ["other"], "unknown": {"a": [1]}}
      """
    let bytes = [UInt8](repeating: 0, count: 1000) + Array(wrap(json).utf8) + [0xFF, 0, 0xFE]
    let expected = ModuleManifest(
      name: "graph", version: "0.1.0", summary: "Graphs – größer", domain: "graph", models: ["gcn", "gat"],
      datasets: ["cora"], formats: ["graphml"], requires: ["other"])
    #expect(ManifestScan.find(in: bytes) == .manifest(expected))
    #expect(try JSONDecoder().decode(ModuleManifest.self, from: JSONEncoder().encode(expected)) == expected)
  }

  @Test("only the name has to be there; null counts as missing")
  func tolerant() {
    #expect(find(wrap(#"{"name":"m"}"#)) == .manifest(ModuleManifest(name: "m")))
    #expect(find(wrap(#"{"name":"m","models":null,"summary":null}"#)) == .manifest(ModuleManifest(name: "m")))
  }

  @Test("marks alone and damaged objects are passed over")
  func lookOn() {
    let good = wrap(#"{"name":"m"}"#)
    let expected = ManifestScan.Finding.manifest(ModuleManifest(name: "m"))
    #expect(find("BASIN-MODULE-MANIFEST \0 END-BASIN-MODULE-MANIFEST\0" + good) == expected)
    #expect(find("BASIN-MODULE-MANIFEST BASIN-MODULE-MANIFEST {" + good) == expected)
    #expect(find(wrap("{broken") + good) == expected)
    #expect(find(wrap(#"{"version":"1"}"#) + wrap("{}") + good + wrap(#"{"name":"later"}"#)) == expected)
    #expect(find("BASIN-MODULE-MANIFEST {" + String(repeating: " ", count: 100_000) + good) == expected)
    #expect(find(" END-BASIN-MODULE-MANIFEST " + good) == expected)
  }

  @Test(
    "what is wrong with it",
    arguments: [
      ("{broken", "not valid JSON"), ("{}", "key \"name\" is missing"), (#"{"name":1}"#, "\"name\" is of the wrong type"),
      (#"{"name":"m","models":"gcn"}"#, "\"models\" is of the wrong type"), (#"{"name":""}"#, "a name has 1 to 64"),
      (#"{"name":"../x"}"#, "a name has 1 to 64"), (#"{"name":".."}"#, "a name has 1 to 64"),
      (#"{"name":"m","models":["a\u001b[2J"]}"#, "control characters"), ("{\"name\":\"m\"\0}", "not valid JSON"),
      (#"{"name":"m"} {"#, "not valid JSON"),
    ])
  func reasons(json: String, reason: String) throws {
    guard case .invalid(let found) = find(wrap(json)) else {
      Issue.record("\(find(wrap(json)))")
      return
    }
    #expect(found.contains(reason), "\(found)")
  }

  @Test("none, and cut short at every length")
  func cut() {
    #expect(find("") == .none)
    #expect(find("BASIN-MODULE-MANIFES") == .none)
    #expect(find("BASIN-MODULE-MANIFEST ") == .none)
    let text = Array(wrap(#"{"name":"m"}"#).utf8)
    for length in 0..<text.count {
      if case .manifest = ManifestScan.find(in: Array(text[..<length])) { Issue.record("\(length)") }
    }
    #expect(ManifestScan.find(in: text) == .manifest(ModuleManifest(name: "m")))
  }

  @Test("hostile repetitions take no time")
  func hostile() {
    let starts = String(repeating: "BASIN-MODULE-MANIFEST {", count: 200_000)
    let pairs = String(repeating: wrap("{"), count: 100_000)
    for text in [starts, starts + ManifestScan.endMark, pairs, String(repeating: "B", count: 4_000_000)] {
      let seconds = processorSeconds {
        if case .manifest = find(text) { Issue.record("found one") }
      }
      #expect(seconds < 5)
    }
    let nested = wrap(#"{"name":"#  + String(repeating: "[", count: 60_000))
    if case .manifest = find(nested) { Issue.record("found one") }
  }

  @Test("five libraries of 2 MB are read in 20 ms")
  func speed() throws {
    let folder = NSTemporaryDirectory() + "/basin-manifests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var generator = SeededGenerator(state: 1)
    for index in 0..<5 {
      // As in machine code, most of all bytes are spread, and the manifest comes last.
      var bytes = (0..<250_000).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } }
      bytes += Array(wrap(#"{"name":"m\#(index)"}"#).utf8)
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/libM\(index).so"))
    }
    let search = ModuleSearch(programFolder: folder, environment: ["HOME": folder])
    var times: [Double] = []
    for _ in 0..<15 {
      times.append(
        try processorSeconds {
          let found = try search.find()
          #expect(found.modules.map(\.manifest.name) == ["m0", "m1", "m2", "m3", "m4"])
        })
    }
    let best = try #require(times.min())
    print("manifests of 5 libraries of 2 MB: best \(best) s, median \(times.sorted()[7]) s")
    // The best of the runs: other tests and processes share the caches.
    #expect(best < 0.02, "\(times)")
  }
}
