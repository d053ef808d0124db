import PluginAPI
import Testing

import __Target__

@Suite struct ModelTests {
  /// Two graphs: the path 0 - 1 - 2, and the node 3 alone.
  private func graph() throws -> GraphBatch.Graph {
    let edges: [(row: Int32, column: Int32)] = [(0, 1), (1, 0), (1, 2), (2, 1)]
    return try GraphBatch.Graph(
      features: SparseMatrix(identity: 4), adjacency: .indicator(rows: 4, columns: 4, pairs: edges), graphPointers: [0, 3, 4])
  }

  @Test("the mean over neighbours")
  func mean() throws {
    let batch = GraphBatch(graph: try graph(), nodes: try Tensor([Int64(0)]))
    let mean = try Neighbourhood(ofAllNodesIn: batch).mean(Tensor([Float(1), 2, 6, 8], shape: [4, 1]))
    #expect(try mean.values(Float.self) == [2, 3.5, 2, 0])
  }

  @Test("predictions for nodes and for graphs")
  func shapes() throws {
    let items = try Tensor([Int64(1), 0])
    let nodes = GraphBatch(graph: try graph(), nodes: items), graphs = GraphBatch(graph: try graph(), graphs: items)
    for (batch, level) in [(nodes, GraphBatch.Level.node), (graphs, .graph)] {
      let shape = GraphBatch.Shape(features: 4, level: level, meanNodes: 2)
      let model = try __Target__Model(.init(), shape: shape, task: .classification(classes: 3))
      try model.initialize(Random(seed: 1))
      #expect(try model(batch, .evaluate).prediction.shape == [2, 3])
    }
  }
}
