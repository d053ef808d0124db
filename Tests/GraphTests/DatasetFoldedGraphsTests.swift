import Graph
import PluginAPI
import Testing

@Suite("Graphs with published folds")
struct DatasetFoldedGraphsTests {
  private static let text = "3\n3 1\n0 2 1 2 0.5\n4 1 0 1\n0 1 0 2\n1 0\n4 0 3\n2 1\n4 1 1 4\n0 1 0 5\n"
  private static let members: [(name: String, text: String)] = [
    ("M/M.txt", text), ("M/10fold_idx/train_idx-1.txt", "0\n2\n"), ("M/10fold_idx/test_idx-1.txt", "1\n"),
    ("M/10fold_idx/train_idx-2.txt", "1\n"), ("M/10fold_idx/test_idx-2.txt", "2\n0\n"), ("M/.DS_Store", "x"),
  ]

  private func read(_ files: DatasetTestFiles, _ replacing: String = "M/M.txt", _ text: String = text) throws
    -> (graphs: GraphCollection, folds: [FoldedGraphsReader.Fold])
  {
    let members = Self.members.map { $0.name == replacing ? (name: $0.name, text: text) : $0 }
    return try FoldedGraphsReader.read(path: files.write("M.zip", DatasetTestFiles.zip(members)))
  }

  @Test("graphs, tags, attributes, folds")
  func small() throws {
    let files = try DatasetTestFiles()
    let (graphs, folds) = try read(files)
    try graphs.validate()
    #expect(graphs.nodePointers == [0, 3, 4, 6] && graphs.edgePointers == [0, 4, 4, 6])
    #expect(graphs.sources == [0, 0, 1, 2, 4, 5] && graphs.targets == [1, 2, 0, 0, 5, 4])
    #expect(graphs.nodeAttribute(named: "label")?.integers == [0, 4, 0, 4, 4, 0])
    #expect(graphs.nodeAttribute(named: "attribute.0")?.reals == [0.5, 1, 2, 3, 4, 5])
    #expect(graphs.labels == [1, 0, 1] && graphs.classNames == ["0", "1"])
    #expect(folds == [.init(train: [0, 2], test: [1]), .init(train: [1], test: [0, 2])])
    let data = try TUDataset(
      DatasetTestFiles.options(["fold": "2"]), source: DataSource(name: "tu", path: files.path + "/M.zip"),
      random: Random(seed: 0))
    #expect(data.count(.train) == 1 && data.count(.test) == 2 && data.labels(.test) == [1, 1])
    #expect(try data.inspection().warnings.first?.message == "2 folds are published with it")
  }

  @Test(
    "damage is told with the line",
    arguments: [
      ("M/M.txt", "3\n3 1\n", 3, "ends where node 0"), ("M/M.txt", "2\n1 1\n0 0\n", 4, "ends where graph 1"),
      ("M/M.txt", "99999999999\n1 1\n0 0\n", 1, "graphs"), ("M/M.txt", "1\n1 1\n0 0\n0 0\n", 4, "more than the 1"),
      ("M/M.txt", "1\n2 1\n0 1 2\n0 0\n", 3, "nodes 0 to 1"), ("M/M.txt", "1\n2 1\n0 3 1\n0 0\n", 3, "degree is 3"),
      ("M/M.txt", "1\n2 1\n0 0\n0 0 5\n", 4, "first node has 0"), ("M/M.txt", "1\n1\n0 0\n", 2, "the label of graph 0"),
      ("M/M.txt", "1\n1 x\n0 0\n", 2, "\"x\""), ("M/M.txt", "1\n999999999 1\n0 0\n", 4, "ends where node 1"),
      ("M/10fold_idx/test_idx-1.txt", "3\n", 1, "graphs 0 to 2"),
    ])
  func damage(_ member: String, _ text: String, _ line: Int, _ words: String) throws {
    let error = ReaderTestData.error { _ = try read(DatasetTestFiles(), member, text) }
    #expect(error?.kind == .badData && error?.place == "member \(member), line \(line)", "\(error?.description ?? "")")
    #expect(error?.message.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test("a fold that lists a graph twice; several files of graphs; none")
  func folds() throws {
    #expect(
      ReaderTestData.error { _ = try read(DatasetTestFiles(), "M/10fold_idx/test_idx-1.txt", "2\n") }?.message
        == "fold 1 lists graph 2 twice")
    let files = try DatasetTestFiles()
    for names in [["a.txt", "b.txt"], []] {
      let zip = try files.write("x.zip", DatasetTestFiles.zip(names.map { ($0, Self.text) } + [("readme.txt", "x")]))
      #expect(ReaderTestData.error { _ = try FoldedGraphsReader.read(path: zip) }?.kind == .badData)
    }
  }
}
