import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Published GEXF, GXL and collections", .enabled(if: ReaderTestData.isPresent))
struct ReaderPublishedXMLTests {
  static var folder: String { (ReaderTestData.root ?? "") + "/xml/" }

  @Test(arguments: [
    ("gephi/Les_Miserables", 77, 254, false), ("gephi/Java", 1538, 8032, true), ("gephi/meta", 0, 0, false),
    ("gephi/basic", 2, 1, true), ("gephi/data", 1, 1, true), ("gephi/dynamicedgeweight", 2, 1, true),
    ("gephi/zeroweight", 2, 1, true), ("graphology/arctic", 1715, 6676, true), ("graphology/yeast", 2361, 7182, false),
    ("graphology/celegans", 306, 2345, false), ("graphology/les_miserables", 77, 254, true),
    ("graphology/mixed", 3, 3, true), ("graphology/v1_3", 2, 1, false), ("graphology/undeclared_attribute", 2, 1, true),
    ("sigma/arctic", 1715, 6676, false), ("primer/simple-1.1draft", 2, 1, true), ("primer/simple-1.2draft", 2, 1, true),
    ("gephi-toolkit/timeframe1", 3, 2, true), ("graphistry/sample-1.3-viz", 2, 1, false),
  ])
  func gexf(_ name: String, _ nodes: Int, _ edges: Int, _ isDirected: Bool) throws {
    let graph = try GraphFileReader.read(path: Self.folder + "gexf/\(name).gexf")
    #expect(graph.nodeCount == nodes && graph.edgeCount == edges && graph.isDirected == isDirected)
    if nodes > 0 { #expect(try graph.nodeGraph().nodeCount == nodes) }
  }

  @Test func gexfDetails() throws {
    let yeast = try GraphFileReader.read(path: Self.folder + "gexf/graphology/yeast.gexf")
    #expect(zip(yeast.sources, yeast.targets).count { $0 == $1 } == 536)
    let lists = try GraphFileReader.read(path: Self.folder + "gexf/graphology/v1_3.gexf")
    let items = ["pipe", "comma", "raw", "single", "double", "mixed", "booleans", "numbers"].map {
      lists.nodeAttribute(named: $0)?.items(0)
    }
    #expect(
      items == [
        ["a", "b", "c"], ["a", "b", "c"], ["a", "b", "c"], ["a", "'b'", "c"], ["a", "b", "c"], ["a", "b", "c"],
        ["true", "false", "false"], ["1", "1.5", "2"],
      ])
    let dynamic = try GraphFileReader.read(path: Self.folder + "gexf/gephi/dynamicedgeweight.gexf")
    #expect(dynamic.edgeAttributes.first { $0.name == "Weight" }?.reals == [2])
    let mixed = try GraphFileReader.read(path: Self.folder + "gexf/graphology/mixed.gexf")
    #expect(mixed.edgeIsDirected == [true, true, false])
  }

  @Test(arguments: [
    ("Letter.tar.gz/Letter/LOW", 2250, 15, [750, 750, 750]), ("Letter.tar.gz/Letter/MED", 2250, 15, [750, 750, 750]),
    ("Letter.tar.gz/Letter/HIGH", 2250, 15, [750, 750, 750]), ("AIDS.tar.gz", 2000, 2, [250, 250, 1500]),
    ("Mutagenicity.tar.gz", 4337, 2, [1500, 500, 2337]), ("Fingerprint.tar.gz", 2799, 15, [500, 300, 1999]),
    ("mao.tar.gz", 68, 1, [0, 0, 0]), ("alkane.tar.gz", 150, 1, [0, 0, 0]), ("CMU-GED.tar.gz", 111, 0, [0, 0, 0]),
  ])
  func collections(_ name: String, _ graphs: Int, _ classes: Int, _ splits: [Int]) throws {
    let collection = try GraphCollectionReader.read(path: Self.folder + "gxl/" + name)
    try collection.validate()
    #expect(collection.graphCount == graphs && collection.classNames.count == classes, "\(collection.classNames)")
    #expect([collection.trainIndices, collection.validationIndices, collection.testIndices].map(\.count) == splits)
  }

  @Test func totalsOfCollections() throws {
    var letters = (nodes: 0, edges: 0, empty: 0)
    for level in ["LOW", "MED", "HIGH"] {
      let letter = try GraphCollectionReader.read(path: Self.folder + "gxl/Letter.tar.gz/Letter/" + level)
      letters.nodes += letter.nodeCount
      letters.edges += letter.edgeCount
      letters.empty += zip(letter.edgePointers, letter.edgePointers.dropFirst()).count { $0 == $1 }
    }
    #expect(letters == (31547, 24384, 25))
    let aids = try GraphCollectionReader.read(path: Self.folder + "gxl/AIDS.tar.gz")
    #expect(aids.nodeCount == 31385 && aids.edgeCount == 32390)
    #expect(aids.nodeAttribute(named: "symbol")?.strings.string(0) == "C")
    let mutagenicity = try GraphCollectionReader.read(path: Self.folder + "gxl/Mutagenicity.tar.gz")
    #expect(mutagenicity.nodeCount == 131488 && mutagenicity.edgeCount == 133447)
    #expect(mutagenicity.labels.count { $0 == 0 } == 2401 || mutagenicity.labels.count { $0 == 1 } == 2401)
    let fingerprint = try GraphCollectionReader.read(path: Self.folder + "gxl/Fingerprint.tar.gz")
    #expect(
      fingerprint.isDirected && fingerprint.warnings.contains { $0.message.contains("f1003_04.gxl twice, as L and TR") }
    )
    let geometric = try GraphCollectionReader.read(path: Self.folder + "gxl/CMU-GED.tar.gz")
    #expect(geometric.nodeCount == 111 * 30)
    #expect(geometric.nodeAttributes.allSatisfy { $0.type == .double }, "\(geometric.nodeAttributes.map(\.type))")
  }

  @Test func topologyZoo() throws {
    let zoo = try GraphCollectionReader.read(path: Self.folder + "graphml/topology-zoo.tar.gz")
    try zoo.validate()
    #expect(zoo.graphCount == 175 && zoo.nodeCount == 7192 && zoo.edgeCount == 9212)
    var (parallel, loops, unplaced) = (0, 0, 0)
    let latitude = try #require(zoo.nodeAttribute(named: "Latitude"))
    for graph in 0..<zoo.graphCount {
      let range = zoo.edgePointers[graph]..<zoo.edgePointers[graph + 1]
      let pairs = Set(range.map { [min(zoo.sources[$0], zoo.targets[$0]), max(zoo.sources[$0], zoo.targets[$0])] })
      if pairs.count < range.count { parallel += 1 }
      if range.contains(where: { zoo.sources[$0] == zoo.targets[$0] }) { loops += 1 }
      if (zoo.nodePointers[graph]..<zoo.nodePointers[graph + 1]).contains(where: { !latitude.isPresent[$0] }) {
        unplaced += 1
      }
    }
    #expect(parallel == 58 && loops == 1 && unplaced == 122)
  }

  @Test func gedlibListing() throws {
    let listing = Self.folder + "gxl/collections/mao.xml"
    #expect(ReaderTestData.error { _ = try GraphCollectionReader.read(path: listing) }?.kind == .missingInput)
    let all = try GraphCollectionReader.read(path: Self.folder + "gxl/mao.tar.gz")
    let some = try GraphCollectionReader.read(path: listing, graphs: Self.folder + "gxl/mao.tar.gz/mao")
    #expect(some.graphCount == 68 && some.nodeCount == all.nodeCount)
  }
}
