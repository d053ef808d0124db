import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Graph collections")
struct ReaderCollectionTests {
  /// A folder that is removed at the end.
  private final class Folder {
    let path = NSTemporaryDirectory() + "collection-" + UUID().uuidString

    init(_ files: [String: String]) throws {
      for (name, text) in files {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
      }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private func gxl(_ id: String, _ nodes: Int) -> String {
    let body = (0..<nodes).map { "<node id='_\($0)'><attr name='x'><float>\($0)</float></attr></node>" }.joined()
    return "<gxl><graph id='\(id)' edgemode='undirected'>\(body)<edge from='_0' to='_\(nodes - 1)'/></graph></gxl>"
  }

  private func listing(_ entries: [(String, String)]) -> String {
    "<GraphCollection><fingerprints>"
      + entries.map { "<print file='\($0.0)' class='\($0.1)'/>" }.joined() + "</fingerprints></GraphCollection>"
  }

  @Test func listingsWithSplits() throws {
    let folder = try Folder([
      "a.gxl": gxl("a", 2), "b.gxl": gxl("b", 3), "c.gxl": gxl("c", 1), "unlisted.gxl": "no XML",
      "train.cxl": listing([("b.gxl", "B "), ("b.gxl", "A")]), "valid.cxl": listing([("c.gxl", "A")]),
      "test.cxl": listing([("a.gxl", "A"), ("b.gxl", "B"), ("c.gxl", "A")]),
    ])
    for path in [folder.path, folder.path + "/train.cxl"] {
      let collection = try GraphCollectionReader.read(path: path)
      try collection.validate()
      #expect(collection.graphNames == ["b.gxl", "c.gxl", "a.gxl"])
      #expect(collection.nodePointers == [0, 3, 4, 6] && collection.edgePointers == [0, 1, 2, 3])
      #expect(collection.sources == [0, 3, 4] && collection.targets == [2, 3, 5])
      #expect(collection.nodeAttributes[0].reals == [0, 1, 2, 0, 0, 1])
      #expect(collection.classNames == ["A", "B"] && collection.labels == [1, 0, 0])
      #expect(collection.trainIndices == [0] && collection.validationIndices == [1] && collection.testIndices == [2])
      #expect(collection.nodeID(4) == "_0")
      let messages = collection.warnings.map(\.message).joined(separator: "|")
      #expect(
        messages.contains("train.cxl lists b.gxl twice, as B and A") && messages.contains("test.cxl lists 2 graphs"))
    }
  }

  @Test func archivesAndPathsInside() throws {
    let folder = try Folder([
      "s/LOW/a.gxl": gxl("a", 2), "s/LOW/train.cxl": listing([("a.gxl", "A")]), "s/HIGH/a.gxl": gxl("a", 5),
      "s/HIGH/train.cxl": listing([("a.gxl", "A")]),
    ])
    let archive = folder.path + "/s.tar.gz"
    let tar = Process()
    tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    tar.arguments = ["tar", "czf", archive, "-C", folder.path, "s"]
    try tar.run()
    tar.waitUntilExit()
    #expect(try GraphCollectionReader.read(path: archive + "/s/LOW").nodeCount == 2)
    #expect(try GraphCollectionReader.read(path: archive + "/s/HIGH/train.cxl").nodeCount == 5)
    #expect(try GraphCollectionReader.read(path: archive + "/s/HIGH/a.gxl").graphNames == ["a.gxl"])
    let choice = ReaderTestData.error { _ = try GraphCollectionReader.read(path: archive) }
    #expect(choice?.kind == .usage && choice?.advice?.contains("s/HIGH, ") == true, "\(choice?.description ?? "")")
    #expect(
      ReaderTestData.error { _ = try GraphCollectionReader.read(path: archive + "/s/MED") }?.kind == .missingInput)
    // Cut off at any length, or with a byte changed, an archive is refused: gzip has a checksum.
    let bytes = try ReaderTestData.bytes(archive)
    let damaged = folder.path + "/d.tar.gz"
    for cut in stride(from: 0, to: bytes.count, by: 7) {
      try Data(bytes[..<cut]).write(to: URL(fileURLWithPath: damaged))
      let error = ReaderTestData.error { _ = try GraphCollectionReader.read(path: damaged + "/s/LOW") }
      #expect(error?.kind == .badData || error?.kind == .missingInput, "\(cut)")
    }
    for place in stride(from: 20, to: bytes.count - 9, by: 11) {
      var changed = bytes
      changed[place] ^= 0x40
      try Data(changed).write(to: URL(fileURLWithPath: damaged))
      // Some changes mean nothing, such as which of many zeros are copied: gzip itself then gives the same bytes.
      guard let nodes = try? GraphCollectionReader.read(path: damaged + "/s/LOW").nodeCount else { continue }
      #expect(try nodes == 2 && unpacked(damaged) == unpacked(archive), "\(place)")
    }
  }

  /// What gzip makes of a file; nil where it refuses it.
  private func unpacked(_ path: String) throws -> Data? {
    let gzip = Process(), output = Pipe()
    gzip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    gzip.arguments = ["gzip", "-dc", path]
    gzip.standardOutput = output
    gzip.standardError = FileHandle.nullDevice
    try gzip.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    gzip.waitUntilExit()
    return gzip.terminationStatus == 0 ? bytes : nil
  }

  @Test func foldersOfFilesAndColumnsThatDiffer() throws {
    func graphml(_ type: String, _ value: String, _ extra: String = "") -> String {
      """
      <graphml><key id='k' for='node' attr.name='v' attr.type='\(type)'><default>\(value)</default></key>\(extra)
      <graph id='one' edgedefault='directed'><node id='a'/><node id='b'/><edge source='a' target='b'/></graph></graphml>
      """
    }
    let second = "<key id='m' for='node' attr.name='w' attr.type='int'><default>9</default></key>"
    // In the middle a file that does not have the attribute.
    let folder = try Folder([
      "a.graphml": graphml("int", "1"), "b/b.gxl": gxl("b", 1), "c.graphml": graphml("double", "0.5", second),
      "d.gxl": gxl("d", 1),
      "readme.txt": "x",
    ])
    let collection = try GraphCollectionReader.read(path: folder.path)
    try collection.validate()
    #expect(collection.graphNames == ["a.graphml", "b/b.gxl", "c.graphml", "d.gxl"])
    #expect(collection.nodeAttribute(named: "v")?.reals == [1, 1, 0, 0.5, 0.5, 0])
    // A default is its own document's.
    #expect(collection.nodeAttribute(named: "v")?.isPresent == [true, true, false, true, true, false])
    #expect(collection.nodeAttribute(named: "w")?.integers == [0, 0, 0, 9, 9, 0])
    #expect(collection.nodeAttribute(named: "w")?.isPresent == [false, false, false, true, true, false])
    #expect(collection.isDirected && collection.edgeIsDirected == [true, false, true, false])
  }

  @Test func severalGraphsInOneFile() throws {
    let text = """
      <graphml><key id='k' for='graph' attr.name='y' attr.type='int'/><graph id='p' edgedefault='directed'><data key='k'>4</data><node id='a'/>
      <edge source='b' target='a'/><node id='b'/></graph><graph edgedefault='directed'><node id='b'/><node id='a'/><edge source='a' target='b'/></graph>
      </graphml>
      """
    let folder = try Folder(["g.graphml": text])
    let collection = try GraphCollectionReader.read(path: folder.path + "/g.graphml")
    try collection.validate()
    #expect(collection.nodePointers == [0, 2, 4] && collection.sources == [1, 3] && collection.targets == [0, 2])
    #expect(
      collection.graphAttributes[0].integers == [4, 0] && collection.graphAttributes[0].isPresent == [true, false])
    #expect(collection.graphNames == ["p", ""])
    #expect((0..<4).map { collection.nodeID($0) } == ["a", "b", "b", "a"])
    // An edge may not lead to a node of the graph before.
    let across = text.replacingOccurrences(of: "<node id='b'/><node id='a'/>", with: "<node id='b'/>")
    let other = try Folder(["g.graphml": across])
    let error = ReaderTestData.error { _ = try GraphCollectionReader.read(path: other.path + "/g.graphml") }
    #expect(
      error?.kind == .badData && error?.message.contains("\"a\", which does not exist") == true,
      "\(error?.description ?? "")")
  }

  @Test func mistakes() throws {
    let folder = try Folder([
      "e/readme.txt": "x", "m/train.cxl": listing([("gone.gxl", "A")]),
      "o/train.cxl": listing([("../e/readme.txt", "A")]),
      "t/train.cxl": "<GraphCollection/>", "x/train.cxl": "<gxl/>",
      "s/train.cxl": listing([("s.gxl", "A")]), "s/s.gxl": "<gxl><graph id='a'/><graph id='b'/></gxl>",
    ])
    for (path, kind) in [
      ("/e", BasinError.Kind.missingInput), ("/m", .missingInput), ("/o", .badData), ("/t", .badData), ("/x", .badData),
      ("/s", .badData), ("/none", .missingInput),
    ] {
      #expect(
        ReaderTestData.error { _ = try GraphCollectionReader.read(path: folder.path + path) }?.kind == kind, "\(path)")
    }
  }
}
