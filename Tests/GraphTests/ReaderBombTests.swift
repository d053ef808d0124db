import Foundation
import Graph
import PluginAPI
import Testing

/// Files that unpack to very much more than they are, each read in a process of its own.
@Suite("Bombs", .serialized)
struct ReaderBombTests {
  private func expectRefusal(_ path: String, _ words: String, megabytes: Int) throws {
    let outcome = try ReaderHostileTests.read(path: path)
    #expect(outcome.error?.contains(words) == true && outcome.error?.contains(path) == true, "\(outcome)")
    #expect(outcome.grown < megabytes << 20, "\(outcome.grown >> 20) MB")
    #expect(outcome.seconds < 20, "\(outcome.seconds) s")
  }

  private static let words = "unpacks to more than a hundred times its size"

  /// A data set that is held whole, and a graph file that is not.
  @Test(.enabled(if: ReaderHostileTests.program != nil)) func zip() throws {
    let files = try DatasetTestFiles()
    let set = try files.write(
      "set.zip", DatasetTestFiles.zipBomb("S_A.txt", "", repeating: UInt8(ascii: "1"), count: 400_000_000))
    // 64 MB and a hundred times the file's 400 KB are held, in an array that doubles.
    try expectRefusal(set, Self.words, megabytes: 400)
    let graph = try files.write(
      "graph.zip",
      DatasetTestFiles.zipBomb("g.graphml", "<graphml>", repeating: UInt8(ascii: " "), count: 600_000_000))
    try expectRefusal(graph, Self.words, megabytes: 60)
  }

  @Test(.enabled(if: ReaderHostileTests.program != nil), arguments: ["gz", "tar.gz", "tar.xz"])
  func gzipAndTar(_ end: String) throws {
    let files = try DatasetTestFiles()
    let make = Process()
    make.executableURL = URL(fileURLWithPath: "/bin/bash")
    let pack = end == "gz" ? "gzip -6 <g.graphml >g.graphml.gz" : end == "tar.gz" ? "tar c g.graphml | gzip -6 >g.tar.gz" : "tar c g.graphml | xz -1 >g.tar.xz"
    make.arguments = [
      "-c", "cd '\(files.path)' && { echo '<graphml>'; head -c 1000000000 /dev/zero | tr '\\0' ' '; } >g.graphml && \(pack); rm g.graphml",
    ]
    try make.run()
    make.waitUntilExit()
    try expectRefusal(files.path + (end == "gz" ? "/g.graphml.gz" : "/g." + end), Self.words, megabytes: 100)
  }

  /// A file that shrinks as data do is none.
  @Test(.enabled(if: ReaderHostileTests.program != nil)) func whatShrinksMuchIsNoBomb() throws {
    let files = try DatasetTestFiles()
    let graph = try files.write(
      "graph.zip",
      DatasetTestFiles.zipBomb(
        "g.graphml", "<graphml><graph edgedefault='directed'/></graphml>", repeating: UInt8(ascii: "\n"), count: 50_000_000))
    let outcome = try ReaderHostileTests.read(path: graph)
    #expect(outcome.error == nil && outcome.grown < 60 << 20, "\(outcome)")
  }
}
