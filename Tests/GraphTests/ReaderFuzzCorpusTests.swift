import Foundation
import Graph
import PluginAPI
import Testing

/// Replays the seeds of the fuzzer, and what it found (`Tests/Fuzz`), in every format and cut at every length.
@Suite("Fuzz corpus")
struct ReaderFuzzCorpusTests {
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fuzz/corpus").path
  static let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []

  @Test func thereIsOne() { #expect(Self.names.count >= 12) }

  @Test(arguments: names) func replay(_ name: String) throws {
    let bytes = Array(try ReaderTestData.bytes(Self.folder + "/" + name).dropFirst())
    for format in [nil] + GraphFileFormat.allCases.map(Optional.some) {
      _ = try? GraphFileReader.read(bytes: bytes, file: name, format: format).nodeGraph()
    }
    _ = ReaderTestData.fuzz(bytes, cuts: bytes.count, flips: 500) {
      let graph = try GraphFileReader.read(bytes: $0, file: name)
      _ = graph.inspection
      _ = try graph.nodeGraph()
    }
  }

  @Test func seedsThatAreWhole() throws {
    for (name, nodes) in [
      ("graphml-types", 3), ("graphml-nested", 2), ("gexf-types", 3), ("gxl-types", 2), ("latin1", 1), ("utf16", 1),
    ] {
      let bytes = Array(try ReaderTestData.bytes(Self.folder + "/" + name).dropFirst())
      #expect(try GraphFileReader.read(bytes: bytes, file: name).nodeCount == nodes, "\(name)")
    }
    let broken = Array(try ReaderTestData.bytes(Self.folder + "/utf16-broken").dropFirst())
    #expect(ReaderTestData.error { _ = try GraphFileReader.read(bytes: broken, file: "b") }?.kind == .badData)
  }
}
