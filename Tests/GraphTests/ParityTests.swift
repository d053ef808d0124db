import Graph
import PluginAPI
import Testing

/// The network against values computed in float64 by PyTorch and checked against PyTorch Geometric (Tests/Parity).
@Suite("GCN parity")
struct ParityTests {
  private func matrix(_ name: String, _ tensors: [String: Tensor], columns: Int) throws -> SparseMatrix {
    func part<T: TensorElement>(_ key: String) throws -> [T] { try #require(tensors["input.\(name).\(key)"]).values() }
    let pointers: [Int64] = try part("crow")
    let indices: [Int64] = try part("col")
    return try SparseMatrix(
      rows: pointers.count - 1, columns: columns, rowPointers: pointers.map { Int($0) },
      columnIndices: indices.map { Int32($0) }, values: try part("value"))
  }

  @Test("logits, loss and gradients", arguments: ["gcn2", "gcn3"], [false, true])
  func fixture(name: String, plainly: Bool) throws {
    let path = GraphTestData.root + "/Tests/Parity/Fixtures/\(name).safetensors"
    let (tensors, metadata) = try Safetensors.read(path)
    let tolerance = try #require(metadata["tolerance"].flatMap { Double($0) })
    let edges: [Int64] = try #require(tensors["input.edges"]).values()
    let half = edges.count / 2
    let graph = GraphBatch.Graph(
      features: try matrix("x", tensors, columns: 24),
      adjacency: SparseMatrix.indicator(
        rows: 40, columns: 40, pairs: (0..<half).map { (row: Int32(edges[half + $0]), column: Int32(edges[$0])) }))

    let expectedAdjacency = try matrix("adjacency", tensors, columns: 40)
    let normalized = try graph.adjacency.renormalized()
    #expect(normalized.columnIndices == expectedAdjacency.columnIndices)
    #expect(try GraphTestData.error(Tensor(normalized.values), Tensor(expectedAdjacency.values)) < 1e-6)

    // Widths differ from layer to layer in gcn3, which the options do not offer.
    let model = try GCN(widths: name == "gcn2" ? [24, 8, 5] : [24, 12, 8, 5], dropout: 0)
    let items = model.tensors()
    #expect(Set(items.map(\.path)) == Set(tensors.keys.filter { $0.hasPrefix("convs.") }))
    for item in items { try item.tensor.copy(from: #require(tensors[item.path])) }

    let all = try GraphBatch(graph: graph, nodes: Tensor((0..<40).map { Int64($0) }))
    let everything = try model(all, .evaluate).prediction
    #expect(try GraphTestData.error(everything, #require(tensors["output.all"])) < tolerance)

    let rows = try #require(tensors["input.rows"])
    let labels: [Int64] = try #require(tensors["input.labels"]).values()
    let targets = try rows.values(Int64.self).map { labels[Int($0)] }
    let found = try GraphTestData.run(
      model, GraphBatch(graph: graph, nodes: rows), targets, mode: { .train(RandomStream(Random(seed: 1))) },
      plainly: plainly)
    #expect(try GraphTestData.error(found.logits, #require(tensors["output.logits"])) < tolerance)
    #expect(try GraphTestData.error(found.loss, #require(tensors["output.loss"])) < tolerance)
    for item in items {
      let gradient = try #require(found.gradients[item.path])
      #expect(try GraphTestData.error(gradient, #require(tensors["grad.\(item.path)"])) < tolerance, "\(item.path)")
    }
  }
}
