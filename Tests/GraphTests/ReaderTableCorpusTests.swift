import Foundation
import Graph
import PluginAPI
import Testing

/// Replays the seeds of the fuzzer for tables and archives, and what it found (`Tests/Fuzz/tu`, `ogb`, `archive`).
@Suite("Fuzz corpus of tables")
struct ReaderTableCorpusTests {
  private static func names(_ kind: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder + kind)) ?? []).sorted().map { kind + "/" + $0 }
  }

  static let folder = ReaderFuzzCorpusTests.folder.dropLast("corpus".count)

  /// The files of an input: each stands behind a line `=NAME`.
  private func files(_ bytes: [UInt8]) -> [(name: String, bytes: [UInt8])] {
    bytes.split(separator: UInt8(ascii: "=")).compactMap { part in
      guard let end = part.firstIndex(of: 10) else { return nil }
      let name = String(decoding: part[..<end], as: UTF8.self)
      // A damaged name must not lead out of the folder.
      guard name.allSatisfy({ $0.isLetter || $0.isNumber || "-_/".contains($0) }), !name.hasPrefix("/") else { return nil }
      return (name, Array(part[(end + 1)...]))
    }
  }

  private func readSet(_ path: String) throws {
    let collection: GraphCollection
    do { collection = try TUReader.read(path: path) } catch { collection = try FoldedGraphsReader.read(path: path).graphs }
    try collection.validate()
  }

  private func replay(_ name: String, cuts: Int, flips: Int, _ read: ([UInt8]) throws -> Void) throws {
    let bytes = try ReaderTestData.bytes(Self.folder + name)
    let outcome = ReaderTestData.fuzz(bytes, cuts: cuts, flips: flips, read: read)
    #expect(outcome.total > 0)
    try? read(bytes)
  }

  @Test(arguments: names("tu")) func tu(_ name: String) throws {
    try replay(name, cuts: 60, flips: 60) { bytes in
      let folder = try DatasetTestFiles()
      for file in files(bytes) { try folder.write(file.name + ".txt", file.bytes) }
      try readSet(folder.path)
    }
  }

  @Test(arguments: names("ogb")) func ogb(_ name: String) throws {
    try replay(name, cuts: 60, flips: 60) { bytes in
      let folder = try DatasetTestFiles()
      for file in files(bytes) { try folder.write(file.name + ".csv", file.bytes) }
      try OGBReader(path: folder.path).graphs.validate()
    }
  }

  @Test(arguments: names("archive")) func archives(_ name: String) throws {
    let folder = try DatasetTestFiles()
    try replay(name, cuts: 300, flips: 300) { bytes in
      try readSet(folder.write("set" + (name.hasSuffix("zip") ? ".zip" : ".tar.gz"), bytes))
    }
  }

  /// The seeds are whole sets, so that what is near them is worth trying.
  @Test func seeds() throws {
    for (name, nodes) in [("tu/labels", 8), ("tu/attributes", 3), ("tu/folds", 3)] {
      let folder = try DatasetTestFiles()
      for file in files(try ReaderTestData.bytes(Self.folder + name)) { try folder.write(file.name + ".txt", file.bytes) }
      let isFolded = name.hasSuffix("folds")
      let graphs = try isFolded ? FoldedGraphsReader.read(path: folder.path).graphs : TUReader.read(path: folder.path)
      #expect(graphs.nodeCount == nodes, "\(name)")
    }
    for (name, edges) in [("ogb/graphs", 3), ("ogb/nodes", 2)] {
      let folder = try DatasetTestFiles()
      for file in files(try ReaderTestData.bytes(Self.folder + name)) { try folder.write(file.name + ".csv", file.bytes) }
      #expect(try OGBReader(path: folder.path).graphs.edgeCount == edges, "\(name)")
    }
    #expect(try TUReader.read(path: Self.folder + "archive/deflated.zip").nodeCount == 8)
    #expect(try TUReader.read(path: Self.folder + "archive/stored.zip").nodeCount == 8)
    #expect(try TUReader.read(path: Self.folder + "archive/set.tar.gz").nodeCount == 8)
    // Two thousand million nodes in a few bytes.
    let folder = try DatasetTestFiles()
    for file in files(try ReaderTestData.bytes(Self.folder + "ogb/many")) { try folder.write(file.name + ".csv", file.bytes) }
    let error = ReaderTestData.error { _ = try OGBReader(path: folder.path) }
    #expect(error?.message.contains("but only 1 edges") == true && error?.place == "line 1")
  }
}
