import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Features of edges")
struct DatasetEdgeFeatureTests {
  private func tu(_ settings: [String: String] = [:]) throws -> GraphBatch.Graph {
    let files = try DatasetTestFiles()
    let path = try files.write("S.zip", DatasetTestFiles.zip(DatasetTUTests.small))
    let data = try TUDataset(
      DatasetTestFiles.options(settings), source: DataSource(name: "tu", path: path), random: Random(seed: 0))
    let graph = try data.batch([0], of: .train, augmentation: nil).input.graph
    #expect(data.facts.shape.edgeFeatures == graph.edgeFeatures?.columns ?? 0)
    return graph
  }

  @Test("a TU set's edge labels, by entry of the adjacency")
  func labels() throws {
    let graph = try tu()
    let features = try #require(graph.edgeFeatures)
    // Labels 1, 2, 4 and 5. The last edge is listed from one end only; its other half has its label.
    #expect(features.columns == 4 && features.rows == graph.adjacency.entryCount)
    #expect(features.columnIndices == [0, 0, 0, 1, 0, 1, 2, 2, 3, 3])
    #expect(features.values.allSatisfy { $0 == 1 })
    // The features of nodes may be scaled; those of edges stay.
    #expect(try tu(["standardize": "true"]).edgeFeatures == features)
  }

  @Test("none, and words that are no features of edges")
  func words() throws {
    #expect(try tu(["edgeFeatures": "none"]).edgeFeatures == nil)
    #expect(try tu(["edgeFeatures": "attributes"]).edgeFeatures == nil)
    #expect(throws: BasinError.self) { try tu(["edgeFeatures": "degree"]) }
    do { _ = try tu(["edgeFeatures": "lables"]) } catch let error as BasinError {
      #expect("\(error)".contains("dataset.edgeFeatures"))
    }
  }

  @Test("parallel edges add up; an attribute that weighs edges is no feature")
  func parallel() throws {
    let text = """
      <graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="c" for="node" attr.name="label" attr.type="string"/>
      <key id="n" for="edge" attr.name="length" attr.type="double"/><key id="w" for="edge" attr.name="weight" attr.type="double"/>
      <graph edgedefault="directed"><node id="a"><data key="c">u</data></node><node id="b"><data key="c">v</data></node>
      <node id="c"><data key="c">u</data></node>
      <edge source="a" target="b"><data key="n">1.5</data><data key="w">7</data></edge>
      <edge source="a" target="b"><data key="n">2</data><data key="w">1</data></edge>
      <edge source="b" target="a"><data key="n">-1</data><data key="w">1</data></edge></graph></graphml>
      """
    let files = try DatasetTestFiles()
    let path = try files.write("g.graphml", text)
    func graph(_ settings: [String: String]) throws -> GraphBatch.Graph {
      let data = try GraphFileDataset(
        DatasetTestFiles.options(settings.merging(["features": "constant"]) { mine, _ in mine }),
        source: DataSource(name: "graphml", path: path), random: Random(seed: 0))
      return try data.batch([0], of: .train, augmentation: nil).input.graph
    }
    #expect(try graph([:]).edgeFeatures == nil)
    let weighted = try graph(["edgeFeatures": "attributes", "weight": "weight"])
    // Row a hears from b, row b twice from a.
    #expect(weighted.edgeFeatures?.values == [-1, 3.5] && weighted.adjacency.values == [1, 8])
    #expect(try graph(["edgeFeatures": "attributes"]).edgeFeatures?.columns == 2)
  }

  @Test("an OGB folder's, of molecules and of one graph's nodes")
  func ogb() throws {
    let files = try DatasetTestFiles()
    for (name, text) in [
      ("num-node-list", "2\n3\n"), ("num-edge-list", "2\n4\n"), ("edge", "0,1\n1,0\n0,1\n1,0\n1,2\n2,1\n"),
      ("node-feat", "0\n1\n0\n1\n2\n"), ("edge-feat", "0,1\n0,1\n3,0\n3,0\n0,0\n0,0\n"), ("graph-label", "0\n1\n"),
    ] { try files.writeGzip("set/raw/\(name).csv.gz", text) }
    func graph(_ settings: [String: String]) throws -> GraphBatch.Graph {
      let data = try OGBDataset(
        DatasetTestFiles.options(settings), source: DataSource(name: "ogb", path: files.path + "/set"), random: Random(seed: 0))
      return try data.batch([0], of: .train, augmentation: nil).input.graph
    }
    let numbers = try #require(graph([:]).edgeFeatures)
    #expect(numbers.columns == 2 && (0..<6).map { numbers.row($0).map(\.value) } == [[1], [1], [3], [3], [], []])
    let classes = try #require(graph(["edgeFeatures": "categories"]).edgeFeatures)
    // 0 and 3 of the first, 0 and 1 of the second.
    #expect(classes.columns == 4 && classes.columnIndices == [0, 3, 0, 3, 1, 2, 1, 2, 0, 2, 0, 2])
  }

  @Test("a model that needs them says so, and a graph refuses those that do not fit")
  func refusals() throws {
    #expect(throws: BasinError.self) {
      try GINE(GINE.Settings(), shape: GraphBatch.Shape(features: 3), task: .classification(classes: 2))
    }
    let adjacency = SparseMatrix.indicator(rows: 2, columns: 2, pairs: [(row: 0, column: 1), (row: 1, column: 0)])
    #expect(throws: BasinError.self) {
      try GraphBatch.Graph(features: SparseMatrix(identity: 2), adjacency: adjacency, edgeFeatures: SparseMatrix(identity: 3))
    }
  }

  @Test("weights count in a graph convolution, by hand")
  func weights() throws {
    let adjacency = try SparseMatrix(rows: 2, columns: 2, rowPointers: [0, 1, 2], columnIndices: [1, 0], values: [3, 3])
    let features = try SparseMatrix(rows: 2, columns: 1, rowPointers: [0, 1, 1], columnIndices: [0], values: [1])
    let model = try GCN(widths: [1, 2], dropout: 0)
    try model.convs[0].lin.weight.copy(from: Tensor([1, 2] as [Float], shape: [2, 1]))
    try model.convs[0].bias.copy(from: Tensor([0, 10] as [Float]))
    let batch = GraphBatch(graph: .init(features: features, adjacency: adjacency), nodes: try Tensor([0, 1] as [Int64]))
    // A + I = [[1, 3], [3, 1]], both rows sum to 4.
    #expect(try model(batch, .evaluate).prediction.values(Float.self) == [0.25, 10.5, 0.75, 11.5])
  }
}
