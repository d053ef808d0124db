import Graph
import PluginAPI
import Testing

/// The fast network against its dense twin, `referenceForward`, in training with dropout.
@Suite("GCN against its dense twin")
struct ModelTests {
  private func model(_ widths: [Int], dropout: Double, seed: UInt64 = 3) throws -> GCN {
    let model = try GCN(widths: widths, dropout: dropout)
    try model.initialize(Random(seed: seed))
    for item in model.tensors() where item.path.hasSuffix("bias") {
      try item.tensor.copy(
        from: Tensor(Random(seed: seed)["bias" + item.path].uniform(item.tensor.count).map { $0 - 0.5 }))
    }
    return model
  }

  @Test(
    "logits and gradients, same dropout masks",
    arguments: [
      [19, 3], [23, 7, 5], [40, 16, 7], [17, 33, 2], [64, 45, 20, 9], [9, 1, 1, 4], [30, 8, 100],
    ], [0, 0.5, 0.25, 0.9])
  func twin(widths: [Int], rate: Double) throws {
    for (seed, directed) in [(UInt64(1), false), (2, true)] {
      let random = Random(seed: seed)
      let graph = try GraphTestData.graph(60, features: widths[0], directed: directed, random["graph"])
      let model = try model(widths, dropout: rate)
      let nodes = random["nodes"].integers(11, below: 60).map { Int64($0) }
      let targets = random["targets"].integers(11, below: widths[widths.count - 1]).map { Int64($0) }
      let batch = try GraphBatch(graph: graph, nodes: Tensor(nodes))
      func run(_ plainly: Bool) throws -> (logits: Tensor, loss: Tensor, gradients: [String: Tensor]) {
        try GraphTestData.run(
          model, batch, targets, mode: { .train(RandomStream(random["dropout"])) }, plainly: plainly)
      }
      let (fast, plain) = (try run(false), try run(true))
      #expect(try GraphTestData.error(fast.logits, plain.logits) < 1e-5)
      for (path, gradient) in plain.gradients {
        #expect(try GraphTestData.error(#require(fast.gradients[path]), gradient) < 2e-5, "\(path)")
      }
      let evaluated = try model(batch, .evaluate).prediction
      #expect(try GraphTestData.error(evaluated, model.referenceForward(batch, .evaluate).prediction) < 1e-5)
      if rate > 0 { #expect(try GraphTestData.error(evaluated, fast.logits) > 1e-3, "dropout does something") }
    }
  }

  @Test("one thread and two give the same bits")
  func threads() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    let random = Random(seed: 5)
    // One layer, for LibTorch's own products differ with the threads; large enough for two to share each kernel.
    let graph = try GraphTestData.graph(6000, features: 150, directed: true, random)
    let batch = try GraphBatch(graph: graph, nodes: Tensor((0..<6000).map { Int64($0) }))
    let targets = random["targets"].integers(6000, below: 250).map { Int64($0) }
    for rate in [0.5, 0.3] {
      var results: [[[Float]]] = []
      for threads in [1, 2] {
        try LibTorch.setThreads(threads)
        let model = try model([150, 250], dropout: rate)
        let found = try GraphTestData.run(
          model, batch, targets, mode: { .train(RandomStream(random["dropout"])) }, plainly: false)
        results.append(
          try [found.logits.values()] + model.tensors().map { try #require(found.gradients[$0.path]).values() })
      }
      // Not in #expect, which would print a million numbers.
      let differences = zip(results[0], results[1]).map { zip($0, $1).count { $0.bitPattern != $1.bitPattern } }
      #expect(differences == [0, 0, 0], "numbers that differ in logits and gradients")
    }
  }

  @Test("rows that nobody asks for change nothing")
  func restriction() throws {
    let random = Random(seed: 8)
    let graph = try GraphTestData.graph(100, features: 30, directed: true, random)
    let model = try model([30, 12, 5], dropout: 0.5)
    func logits(_ nodes: [Int64]) throws -> Tensor {
      try model(GraphBatch(graph: graph, nodes: Tensor(nodes)), .train(RandomStream(random["d"]))).prediction
    }
    let all = try logits((0..<100).map { $0 })
    let some: [Int64] = [7, 99, 7, 0, 55]
    #expect(try GraphTestData.error(logits(some), all.rows(Tensor(some))) < 1e-6)
  }

  @Test("no nodes, a graph without edges or features")
  func empty() throws {
    let model = try model([30, 12, 5], dropout: 0.5)
    let random = Random(seed: 8)
    let graph = try GraphTestData.graph(100, features: 30, directed: true, random)
    let none = try GraphBatch(graph: graph, nodes: Tensor([Int64]()))
    #expect(try model(none, .evaluate).prediction.shape == [0, 5])
    let bare = GraphBatch.Graph(
      features: SparseMatrix(emptyRows: 4, columns: 30), adjacency: SparseMatrix(emptyRows: 4, columns: 4))
    let batch = try GraphBatch(graph: bare, nodes: Tensor([Int64(0), 3]))
    let found = try GraphTestData.run(model, batch, [0, 1], mode: { .train(RandomStream(random)) }, plainly: false)
    let plain = try GraphTestData.run(model, batch, [0, 1], mode: { .train(RandomStream(random)) }, plainly: true)
    #expect(try GraphTestData.error(found.logits, plain.logits) < 1e-5)
    for (path, gradient) in plain.gradients {
      #expect(try GraphTestData.error(#require(found.gradients[path]), gradient) < 1e-5, "\(path)")
    }
    let nothing = try GraphTestData.graph(0, features: 30, directed: false, random)
    #expect(try model(GraphBatch(graph: nothing, nodes: Tensor([Int64]())), .evaluate).prediction.shape == [0, 5])
  }

  @Test("wrong inputs are errors")
  func errors() throws {
    let model = try model([30, 12, 5], dropout: 0.5)
    let graph = try GraphTestData.graph(10, features: 30, directed: true, Random(seed: 1))
    for node in [Int64(10), -1, .max] {
      #expect(throws: BasinError.self) { try model(GraphBatch(graph: graph, nodes: Tensor([node])), .evaluate) }
    }
    let narrow = try GraphTestData.graph(10, features: 29, directed: true, Random(seed: 1))
    let error = #expect(throws: TensorError.self) {
      try model(GraphBatch(graph: narrow, nodes: Tensor([Int64(1)])), .evaluate)
    }
    #expect(error.map { model.locating($0).path } == "convs.0")
    #expect(throws: BasinError.self) {
      try GCN(GCN.Settings(), shape: GraphBatch.Shape(features: 3), task: .nextToken(vocabulary: 9))
    }
    #expect(throws: BasinError.self) {
      try GCN(GCN.Settings(), shape: GraphBatch.Shape(features: 0), task: .classification(classes: 3))
    }
    #expect(throws: BasinError.self) { try GCN.Settings(settings: ["layers": "257"], of: "model gcn") }
    #expect(throws: BasinError.self) { try GCN.Settings(settings: ["dropout": "1"], of: "model gcn") }
  }

  @Test("the options make the network; parameters are counted")
  func options() throws {
    var settings = GCN.Settings()
    let model = try GCN(settings, shape: GraphBatch.Shape(features: 1433), task: .classification(classes: 7))
    let parameters = model.tensors().reduce(0) { $0 + $1.tensor.count }
    #expect(parameters == 23_063)
    settings.network.layers = 64
    let deep = try GCN(settings, shape: GraphBatch.Shape(features: 20), task: .classification(classes: 3))
    try deep.initialize(Random(seed: 1))
    #expect(deep.convs.count == 64)
    let graph = try GraphTestData.graph(50, features: 20, directed: false, Random(seed: 1))
    #expect(try deep(GraphBatch(graph: graph, nodes: Tensor([Int64(1)])), .evaluate).prediction.isFinite())
  }

  @Test("receptive fields are kept by identity, few of them")
  func cache() throws {
    let cache = ReceptiveFieldCache(capacity: 2)
    let graph = try GraphTestData.graph(50, features: 20, directed: false, Random(seed: 1))
    let first = GraphBatch(graph: graph, nodes: try Tensor([Int64(1), 2]))
    let field = try cache.field(of: first, depth: 2)
    #expect(try cache.field(of: first, depth: 2) === field)
    let equal = GraphBatch(graph: graph, nodes: try Tensor([Int64(1), 2]))
    #expect(try cache.field(of: equal, depth: 2) === field)
    for node in 3..<9 { _ = try cache.field(of: GraphBatch(graph: graph, nodes: Tensor([Int64(node)])), depth: 2) }
    #expect(cache.count == 2)
    #expect(try cache.field(of: first, depth: 2) !== field)
    weak var other: GraphBatch.Graph?
    do {
      let second = try GraphTestData.graph(50, features: 20, directed: false, Random(seed: 2))
      other = second
      _ = try cache.field(of: GraphBatch(graph: second, nodes: Tensor([Int64(1)])), depth: 2)
    }
    #expect(cache.count == 1)
    _ = try cache.field(of: first, depth: 2)
    #expect(other == nil)
  }
}
