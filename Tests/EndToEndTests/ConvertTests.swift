import Foundation
import Testing

@Suite("data convert", .serialized) struct ConvertTests {
  static let document = """
    <graphml><key id='w' for='edge' attr.name='weight' attr.type='double'/><key id='c' for='node' attr.name='class' attr.type='string'/>
    <graph edgedefault='undirected'><node id='a'><data key='c'>x</data></node><node id='b'><data key='c'>y</data></node>
    <node id='c'><port name='p'/></node><edge source='a' target='b'><data key='w'>0.5</data></edge>
    <hyperedge><endpoint node='a'/></hyperedge></graph></graphml>
    """

  @Test("a file there and back, gzipped, and what is lost")
  func files() throws {
    let space = try Workspace()
    try space.write(Self.document, to: "a.graphml")
    let outcome = try space.run(["data", "convert", "a.graphml", "b.gexf.gz"], expecting: 0)
    #expect(outcome.text.contains("b.gexf.gz") && outcome.text.contains("hyperedge") && outcome.text.contains("port"), "\(outcome)")
    #expect(try space.data("b.gexf.gz").prefix(2) == Data([0x1f, 0x8b]))
    let back = try space.json(["data", "convert", "b.gexf.gz", "c.graphml"])
    #expect(back["files"]?.items.compactMap(\.text) == ["c.graphml"] && back["format"]?.text == "graphml")
    #expect(back["nodes"]?.integer == 3 && back["edges"]?.integer == 1 && back["warnings"]?.items.isEmpty == true)
    let (old, new) = (try space.json(["data", "inspect", "a.graphml"]), try space.json(["data", "inspect", "c.graphml"]))
    for key in ["nodes", "edges", "classes", "directed", "edgeAttributes", "examples"] { #expect(old[key] == new[key], "\(key)") }
    // Another ending, told by --to.
    try space.run(["data", "convert", "a.graphml", "d.xml", "--to", "graphml"], expecting: 0)
    #expect(try space.json(["data", "inspect", "graphml:d.xml"])["nodes"]?.integer == 3)
    #expect(space.names(in: "").filter { $0.contains("part") }.isEmpty)
  }

  @Test("what is there stays, unless --force is said")
  func overwriting() throws {
    let space = try Workspace()
    try space.write(Self.document, to: "a.graphml")
    try space.write("precious", to: "b.gexf")
    try space.refused(["data", "convert", "a.graphml", "b.gexf"], 73, saying: "b.gexf", "--force")
    #expect(try space.data("b.gexf") == Data("precious".utf8))
    try space.run(["data", "convert", "a.graphml", "b.gexf", "--force"], expecting: 0)
    #expect(try space.json(["data", "inspect", "b.gexf"])["nodes"]?.integer == 3)
    // Onto itself: it was read before it is replaced.
    try space.run(["data", "convert", "a.graphml", "a.graphml", "--force"], expecting: 0)
    #expect(try space.json(["data", "inspect", "a.graphml"])["nodes"]?.integer == 3)
    try space.write("precious", to: "full/graph.txt")
    try space.refused(["data", "convert", "a.graphml", "full/"], 73, saying: "full/", "--force")
    try space.refused(["data", "convert", "a.graphml", "full"], 73, saying: "full")
    #expect(space.names(in: "full") == ["graph.txt"])
    try space.run(["data", "convert", "a.graphml", "full", "--force"], expecting: 0)
    #expect(space.names(in: "full") == ["graph-0.graphml", "graph.txt"])
    for force in [[], ["--force"]] {
      try space.refused(["data", "convert", "a.graphml", "/dev/null", "--to", "gexf"] + force, 73, saying: "/dev/null")
      try space.refused(["data", "convert", "a.graphml", "b.gexf/"] + force, 73, saying: "b.gexf")
    }
  }

  @Test("collections, folders and data sets")
  func collections() throws {
    let space = try Workspace()
    for (name, graph) in [("x", "<node id='a'/>"), ("y", "<node id='a'/><node id='b'/><edge from='a' to='b'/>")] {
      try space.write("<gxl><graph id='g'>\(graph)</graph></gxl>", to: "in/\(name).gxl")
    }
    for (part, name) in [("train", "y"), ("test", "x")] {
      try space.write(
        "<GraphCollection><g><print file='\(name).gxl' class='\(name)'/></g></GraphCollection>", to: "in/\(part).cxl")
    }
    try space.run(["data", "convert", "in", "out/", "--to", "gexf"], expecting: 0)
    #expect(space.names(in: "out") == ["test.cxl", "train.cxl", "x.gexf", "y.gexf"])
    // Inside an archive, as the reader's own advice spells it.
    let packed = try space.run(program: "/bin/tar", ["czf", "in.tar.gz", "in"])
    #expect(packed.ending == .exited(0))
    #expect(try space.json(["data", "convert", "in.tar.gz/in/x.gxl", "x.gexf"])["nodes"]?.integer == 1)
    try space.refused(["data", "convert", "in.tar.gz/in/none.gxl", "none.gexf"], 66, saying: "none.gxl")
    let one = try space.json(["data", "convert", "gexf:out", "all.graphml.gz"])
    #expect(one["graphs"]?.integer == 2 && one["nodes"]?.integer == 3 && one["classes"]?.integer == 2)
    try space.refused(["data", "convert", "in", "all.gexf"], 64, saying: "all.gexf", "2 graphs")
    #expect(!space.exists("all.gexf"))
    let set = try space.json(["data", "convert", "communities", "communities.gexf"])
    #expect(set["nodes"]?.integer == 1200)
    let (old, new) = (
      try space.json(["data", "inspect", "communities"]), try space.json(["data", "inspect", "communities.gexf"])
    )
    for key in ["nodes", "edges", "classes", "examples"] { #expect(old[key] == new[key], "\(key)") }
  }

  @Test("mistakes")
  func mistakes() throws {
    let space = try Workspace()
    try space.write(Self.document, to: "a.graphml")
    try space.write(Self.document.dropLast(9) + "", to: "cut.graphml")
    try space.refused(["data", "convert", "cut.graphml", "b.gexf"], 65, saying: "cut.graphml", "line ")
    try space.refused(["data", "convert", "gexf:a.graphml", "b.graphml"], 65, saying: "graphml:a.graphml")
    try space.refused(["data", "convert", "none.graphml", "b.gexf"], 66, saying: "none.graphml")
    try space.refused(["data", "convert", "none/there", "b.gexf"], 66, saying: "none/there")
    try space.refused(["data", "convert", "cora", "b.gexf"], 66, saying: "--data-root")
    try space.refused(["data", "convert", "communitees", "b.gexf"], 64, saying: "communities")
    try space.refused(["data", "convert", "a.graphml", "b.txt"], 64, saying: ".gexf", "--to")
    try space.refused(["data", "convert", "a.graphml", "b.txt", "--to", "gxl"], 64, saying: "gxl", "graphml")
    try space.refused(["data", "convert", "a.graphml", "b.gexf", "--to", "graphml"], 64, saying: "--to")
    try space.refused(["data", "convert", "shapes", "b.gexf"], 64, saying: "converts nothing")
    try space.refused(["data", "convert", "a.graphml", "nowhere/b.gexf"], 73, saying: "nowhere/b.gexf")
    #expect(space.names(in: "").filter { $0.hasPrefix("b.") }.isEmpty)
  }
}
