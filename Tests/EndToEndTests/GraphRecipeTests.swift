import Foundation
import Testing

/// A model family's recipe depends on what an example is: a node of one graph, or a graph.
@Suite("recipes of graph models") struct GraphRecipeTests {
  static let models = [
    "gcn", "gat", "gatv2", "graphsage", "gin", "gine", "gcnii", "appnp", "sgc", "mlp", "sagpool-g", "sagpool-h",
    "mincutpool",
  ]

  /// Where MUTAG lies, if it is there.
  static let data: String? = {
    guard let path = ProcessInfo.processInfo.environment["BASIN_TEST_DATA"],
      FileManager.default.fileExists(atPath: path + "/tu/MUTAG.zip")
    else {
      print("skipped: tu/MUTAG.zip is not under $BASIN_TEST_DATA")
      return nil
    }
    return path
  }()

  /// Two thirds of the compounds are mutagenic. Two thirds of them are tested. 126 graphs tell one model's accuracy to four points, and another
  /// rounding is another draw of them; that of all models together is known well.
  @Test("every one learns MUTAG, and together they are better than the greater class on others", .enabled(if: data != nil))
  func mutag() throws {
    let space = try Workspace()
    let tested = try Self.models.map { model in
      let runs = try (1...2).map { fold in
        try space.json([
          "train", "--model", model, "--dataset", "mutag", "--data-root", #require(Self.data), "--fold", "\(fold)/3",
          "--threads", "1", "--method", "backbone", "--out", "\(model)\(fold)",
        ])
      }
      func accuracy(_ part: String) throws -> Double {
        try runs.map { try #require($0[part]?["accuracy"]?.number) }.reduce(0, +) / Double(runs.count)
      }
      let (train, test) = (try accuracy("train"), try accuracy("test"))
      #expect(train > 0.75 && test > 0.6, "\(model): \(train) of those it learns from, \(test) of others")
      return test
    }
    #expect(tested.reduce(0, +) / Double(tested.count) > 0.7, "\(tested)")
  }

  @Test("nodes are trained all at once, graphs in batches; a flag still wins")
  func kinds() throws {
    let space = try Workspace()
    func write(_ name: String, _ text: String) throws {
      let url = URL(fileURLWithPath: space.path + "/" + name)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    // Forty graphs of two joined nodes, in four formats; as the nodes of one graph in two of them.
    let numbers = Array(0..<40)
    func lines(_ line: (Int) -> String) -> String { numbers.map { line($0) + "\n" }.joined() }
    try write("tu/S_A.txt", lines { "\(2 * $0 + 1),\(2 * $0 + 2)\n\(2 * $0 + 2),\(2 * $0 + 1)" })
    try write("tu/S_graph_indicator.txt", lines { "\($0 + 1)\n\($0 + 1)" })
    try write("tu/S_graph_labels.txt", lines { "\($0 % 2)" })
    try write("tu/S_node_labels.txt", lines { "\($0 % 2)\n0" })
    for (folder, graphs) in [("nodes", 1), ("graphs", 40)] {
      try write("\(folder)/raw/num-node-list.csv", graphs == 1 ? "40\n" : lines { _ in "2" })
      try write("\(folder)/raw/num-edge-list.csv", graphs == 1 ? "40\n" : lines { _ in "1" })
      try write("\(folder)/raw/edge.csv", lines { graphs == 1 ? "\($0),\(($0 + 1) % 40)" : "0,1" })
      try write("\(folder)/raw/node-feat.csv", lines { graphs == 1 ? "\($0 % 2)" : "\($0 % 2)\n0" })
      try write("\(folder)/raw/\(graphs == 1 ? "node" : "graph")-label.csv", lines { "\($0 % 2)" })
    }
    func graph(_ number: Int, nodes: Int) -> String {
      """
      <graph edgedefault="undirected"><data key="g">\(number % 2)</data>
      \((0..<nodes).map { "<node id='n\($0)'><data key='c'>\($0 % 2)</data></node>" }.joined())
      <edge source="n0" target="n1"/></graph>
      """
    }
    let head = """
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="g" for="graph" attr.name="label" attr.type="int"/>
      <key id="c" for="node" attr.name="label" attr.type="int"/>
      """
    try write("one.graphml", head + graph(0, nodes: 40) + "</graphml>")
    try write("many.graphml", head + numbers.map { graph($0, nodes: 2) }.joined() + "</graphml>")
    for number in numbers { try write("many/\(number).graphml", head + graph(number, nodes: 2) + "</graphml>") }

    func batch(_ dataset: String, _ more: String...) throws -> String? {
      let flags = ["--model", "gcn", "--epochs", "1", "--threads", "1", "--out", "run", "--dataset", dataset]
      try space.run(["train"] + flags + more, expecting: 0)
      defer { try? FileManager.default.removeItem(atPath: space.path + "/run") }
      let text = String(decoding: try space.data("run/config.yaml"), as: UTF8.self)
      #expect(text.contains("model.norm: batch") == text.contains("batchSize: 32"), "\(dataset)")
      return text.split(separator: "\n").first { $0.hasPrefix("batchSize: ") }.map { String($0.dropFirst(11)) }
    }
    #expect(try batch("communities") == "all")
    #expect(try batch("ogb:nodes") == "all")
    #expect(try batch("graphml:one.graphml") == "all")
    #expect(try batch("tu:tu") == "32")
    #expect(try batch("ogb:graphs") == "32")
    #expect(try batch("graphml:many") == "32")
    #expect(try batch("graphml:many.graphml", "--set", "dataset.level=graph") == "32")
    #expect(try batch("tu:tu", "--batch-size", "7", "--set", "model.norm=none") == "7")
  }

  @Test("describe shows both, and with a data set the one that holds")
  func describe() throws {
    let space = try Workspace()
    let both = try space.json(["describe", "model", "gcn"])
    #expect(both["recipe"]?["batchSize"]?.number == nil)
    #expect(both["recipes"]?["graph"]?["batchSize"]?.number == 32)
    let nodes = try space.json(["describe", "model", "gcn", "--dataset", "communities"])
    #expect(nodes["recipe"]?["batchSize"]?.number == nil && nodes["recipes"] == nil)
  }
}
