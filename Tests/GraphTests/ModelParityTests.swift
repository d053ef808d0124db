import Foundation
import Graph
import PluginAPI
import Testing

/// Every graph network against layers of PyTorch Geometric with the same weights (Tests/Parity/make_graph_models.py):
/// predictions, losses and all gradients.
@Suite("Parity of graph models")
struct ModelParityTests {
  struct Entry: Decodable {
    let model: String
    let settings: [String: String]
    let graphs: Bool
    let vanishing: [String]
  }

  static let fixture: (tensors: [String: Tensor], metadata: [String: String])? =
    try? Safetensors.read(GraphTestData.root + "/Tests/Parity/Fixtures/graph-models.safetensors")

  static let entries: [String: Entry] = {
    guard let text = fixture?.metadata["models"] else { return [:] }
    return (try? JSONDecoder().decode([String: Entry].self, from: Data(text.utf8))) ?? [:]
  }()

  @Test("the fixture covers every model but GCN for nodes, which has its own")
  func coverage() {
    var registry = Registry(module: "graph", domain: "graph")
    GraphModule().register(in: &registry)
    #expect(Set(Self.entries.values.map(\.model)) == Set(registry.models.map(\.name)))
  }

  private func make(_ entry: Entry, _ shape: GraphBatch.Shape, _ task: Task) throws -> any Model<GraphBatch> {
    func with<O: Options>(_ type: O.Type, _ extra: [String: String] = [:]) throws -> O {
      let names = O.fields.map(\.name).filter { ["dropout", "headDropout"].contains($0) }
      let none = Dictionary(uniqueKeysWithValues: names.map { ($0, "0") })
      return try O(settings: entry.settings.merging(none) { a, _ in a }.merging(extra) { a, _ in a }, of: entry.model)
    }
    switch entry.model {
    case "gcn": return try GCN(with(GCN.Settings.self), shape: shape, task: task)
    case "gat": return try GAT(with(AttentionSettings.self), shape: shape, task: task)
    case "gatv2": return try GATv2(with(AttentionSettings.self), shape: shape, task: task)
    case "graphsage": return try GraphSAGE(with(GraphSAGE.Settings.self), shape: shape, task: task)
    case "gin": return try GIN(with(GIN.Settings.self), shape: shape, task: task)
    case "gine": return try GINE(with(GINE.Settings.self), shape: shape, task: task)
    case "gcnii": return try GCNII(with(GCNII.Settings.self), shape: shape, task: task)
    case "appnp": return try APPNP(with(APPNP.Settings.self), shape: shape, task: task)
    case "sgc": return try SGC(with(SGC.Settings.self), shape: shape, task: task)
    case "mlp": return try MLP(with(MLP.Settings.self), shape: shape, task: task)
    case "sagpool-g": return try SAGPool(with(SAGPool.Settings.self, ["form": "global"]), shape: shape, task: task)
    case "sagpool-h":
      return try SAGPool(with(SAGPool.Settings.self, ["form": "hierarchical"]), shape: shape, task: task)
    case "mincutpool": return try MinCutPool(with(MinCutPool.Settings.self), shape: shape, task: task)
    default: throw BasinError.usage("no model \(entry.model)")
    }
  }

  private func batch(_ graphs: Bool, _ tensors: [String: Tensor]) throws -> (input: GraphBatch, target: Tensor) {
    func values<T: TensorElement>(_ key: String) throws -> [T] { try #require(tensors[key]).values() }
    let edges: [Int64] = try values(graphs ? "graphs.edges" : "nodes.edges")
    let half = edges.count / 2
    let pairs = (0..<half).map { (row: Int32(edges[half + $0]), column: Int32(edges[$0])) }
    let labels: [Int64] = try values(graphs ? "graphs.labels" : "nodes.labels")
    let given: [Float] = try values(graphs ? "graphs.edgeFeatures" : "nodes.edgeFeatures")
    // In the order of the adjacency's entries.
    let order = pairs.indices.sorted { (pairs[$0].row, pairs[$0].column) < (pairs[$1].row, pairs[$1].column) }
    let edgeFeatures = try SparseMatrix(
      rows: half, columns: 3, rowPointers: (0...half).map { 3 * $0 }, columnIndices: (0..<3 * half).map { Int32($0 % 3) },
      values: order.flatMap { given[3 * $0..<3 * $0 + 3] })
    if graphs {
      let sizes = [9, 5, 12, 7, 4, 6]
      let nodes = sizes.reduce(0, +)
      let x: [Float] = try values("graphs.x")
      let width = x.count / nodes
      let graph = try GraphBatch.Graph(
        features: SparseMatrix(
          rows: nodes, columns: width, rowPointers: (0...nodes).map { $0 * width },
          columnIndices: (0..<x.count).map { Int32($0 % width) }, values: x),
        adjacency: SparseMatrix.indicator(rows: nodes, columns: nodes, pairs: pairs),
        graphPointers: sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }, edgeFeatures: edgeFeatures)
      return (GraphBatch(graph: graph, graphs: try Tensor(sizes.indices.map { Int64($0) })), try Tensor(labels))
    }
    let pointers: [Int64] = try values("nodes.x.crow"), columns: [Int64] = try values("nodes.x.col")
    let graph = try GraphBatch.Graph(
      features: SparseMatrix(
        rows: 40, columns: 80, rowPointers: pointers.map { Int($0) }, columnIndices: columns.map { Int32($0) },
        values: values("nodes.x.value")),
      adjacency: SparseMatrix.indicator(rows: 40, columns: 40, pairs: pairs), edgeFeatures: edgeFeatures)
    let rows: [Int64] = try values("nodes.rows")
    return (GraphBatch(graph: graph, nodes: try Tensor(rows)), try Tensor(rows.map { labels[Int($0)] }))
  }

  /// `plainly`: as on other devices, by LibTorch's operators.
  @Test("predictions, losses and gradients", arguments: entries.keys.sorted(), [false, true])
  func parity(name: String, plainly: Bool) throws {
    let (tensors, metadata) = try #require(Self.fixture)
    let entry = try #require(Self.entries[name])
    let tolerance = try #require(metadata["tolerance"].flatMap { Double($0) })
    let (input, target) = try batch(entry.graphs, tensors)
    let shape = GraphBatch.Shape(
      features: input.graph.features.columns, level: input.level, meanNodes: entry.graphs ? 43.0 / 6 : 40, edgeFeatures: 3)
    let model = try make(entry, shape, .classification(classes: 5))
    let items = model.tensors().filter { $0.role == .parameter }
    try model.initialize(Random(seed: 1))
    let expected = tensors.keys.filter { $0.hasPrefix("\(name)/grad.") }.map { String($0.dropFirst(name.count + 6)) }
    #expect(Set(items.map(\.path)) == Set(expected))
    for item in items { try item.tensor.copy(from: #require(tensors["\(name)/\(item.path)"])) }

    func run() throws -> (Output, Tensor, [Tensor?]) {
      let output = try model(input, .train(RandomStream(Random(seed: 2))))
      var loss = try crossEntropy(output.prediction, target)
      for extra in output.auxiliaryLosses.values { loss = try loss + extra }
      return (output, loss, try loss.gradients(of: items.map(\.tensor)))
    }
    let (output, loss, gradients) = try plainly ? LibTorch.withSecondDerivatives(run) : run()
    #expect(try GraphTestData.error(output.prediction, #require(tensors["\(name)/logits"])) < tolerance)
    #expect(try GraphTestData.error(loss, #require(tensors["\(name)/loss"])) < tolerance)
    for (key, value) in output.auxiliaryLosses {
      #expect(try GraphTestData.error(value, #require(tensors["\(name)/loss.\(key)"])) < tolerance, "\(key)")
    }
    let largest = try gradients.compactMap { try $0?.abs().max().item() }.max() ?? 0
    for (item, gradient) in zip(items, gradients) {
      let gradient = try #require(gradient)
      if entry.vanishing.contains(item.path) {
        #expect(try gradient.abs().max().item() < 1e-5 * largest, "\(item.path)")
      } else {
        let error = try GraphTestData.error(gradient, #require(tensors["\(name)/grad.\(item.path)"]))
        #expect(error < tolerance, "\(item.path)")
      }
    }
  }

  /// One node or graph at a time gives what all together give: nothing leaks between graphs, no layer sees too little.
  @Test("evaluation does not depend on the batch", arguments: entries.keys.sorted())
  func batches(name: String) throws {
    let (tensors, _) = try #require(Self.fixture)
    let entry = try #require(Self.entries[name])
    let (input, _) = try batch(entry.graphs, tensors)
    let shape = GraphBatch.Shape(
      features: input.graph.features.columns, level: input.level, meanNodes: entry.graphs ? 43.0 / 6 : 40, edgeFeatures: 3)
    let model = try make(entry, shape, .classification(classes: 5))
    try model.initialize(Random(seed: 1))
    let all = try model(input, .evaluate).prediction
    for (row, item) in try input.items.values(Int64.self).enumerated() {
      let one = try Tensor([item])
      let single = entry.graphs ? GraphBatch(graph: input.graph, graphs: one) : GraphBatch(graph: input.graph, nodes: one)
      #expect(try GraphTestData.error(model(single, .evaluate).prediction, all.slice(row..<row + 1)) < 1e-5)
    }
  }

  @Test("Hessian products are symmetric, with kernels' twins in place", arguments: entries.keys.sorted())
  func secondDerivatives(name: String) throws {
    let (tensors, _) = try #require(Self.fixture)
    let entry = try #require(Self.entries[name])
    let (input, target) = try batch(entry.graphs, tensors)
    let shape = GraphBatch.Shape(
      features: input.graph.features.columns, level: input.level, meanNodes: entry.graphs ? 43.0 / 6 : 40, edgeFeatures: 3)
    let model = try make(entry, shape, .classification(classes: 5))
    try model.initialize(Random(seed: 1))
    let items = model.tensors().filter { $0.role == .parameter }.map(\.tensor)
    func product(_ vectors: [Tensor]) throws -> [Tensor?] {
      try LibTorch.withSecondDerivatives {
        let loss = try crossEntropy(model(input, .evaluate).prediction, target)
        let gradients = try loss.gradients(of: items, createGraph: true)
        var sum: Tensor?
        for (gradient, vector) in zip(gradients, vectors) {
          guard let gradient else { continue }
          let term = try (gradient * vector).sum()
          sum = try sum.map { try $0 + term } ?? term
        }
        return try #require(sum).gradients(of: items)
      }
    }
    func vectors(_ name: String) throws -> [Tensor] {
      try items.enumerated().map { index, item in
        try Tensor(Random(seed: 4)[name][index].uniform(item.count).map { $0 - 0.5 }, shape: item.shape)
      }
    }
    func dot(_ a: [Tensor], _ b: [Tensor?]) throws -> Double {
      try zip(a, b).reduce(0) { sum, pair in
        guard let other = pair.1 else { return sum }
        return try sum + (pair.0.to(.float64) * other.to(.float64)).sum().item()
      }
    }
    let (u, v) = (try vectors("u"), try vectors("v"))
    let (first, second) = (try dot(u, product(v)), try dot(v, product(u)))
    #expect(abs(first - second) < 1e-3 * max(abs(first), 1e-2), "\(first) \(second)")
  }
}
