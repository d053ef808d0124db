import Graph
import PluginAPI
import Testing

/// Products with the Hessian through the kernels, against the dense twin.
@Suite("second derivatives of GCN")
struct SecondDerivativeTests {
  private let random = Random(seed: 11)["second"]

  private func model(_ widths: [Int], _ seed: UInt64) throws -> GCN {
    let model = try GCN(widths: widths, dropout: 0.5)
    try model.initialize(Random(seed: seed))
    for (index, convolution) in model.convs.enumerated() {
      let bias = convolution.bias
      try bias.copy(from: Tensor(random["bias"][index].uniform(bias.count).map { $0 - 0.5 }))
    }
    return model
  }

  /// Numbers for every parameter of `model`.
  private func vectors(_ model: GCN, _ name: String) throws -> [Tensor] {
    try model.tensors().enumerated().map { index, item in
      let values = random[name][index].uniform(item.tensor.count).map { 2 * $0 - 1 }
      return try Tensor(values, shape: item.tensor.shape)
    }
  }

  private func product(_ a: [Tensor?], _ b: [Tensor]) throws -> Tensor {
    try zip(a, b).map { try (#require($0) * $1).sum() }.reduce(Tensor.zeros([])) { try $0 + $1 }
  }

  @Test(
    "H v and the derivative of v H v, with layers that read a part of the graph",
    arguments: [[19, 3], [23, 7, 5], [17, 33, 2], [40, 2, 30], [64, 9, 20, 9], [9, 1, 1, 4]], [false, true])
  func products(widths: [Int], dropping: Bool) throws {
    let graph = try GraphTestData.graph(90, features: widths[0], directed: true, random["graph"])
    let nodes: [Int64] = [3, 80, 17, 3, 44]
    let targets = try Tensor(random["targets"].integers(nodes.count, below: widths[widths.count - 1]).map { Int64($0) })
    let batch = try GraphBatch(graph: graph, nodes: Tensor(nodes))
    let field = try ReceptiveFieldCache().field(of: batch, depth: widths.count - 1)
    #expect(field.readCount < 60 && field.layers.last?.outputs.count == 5)
    let model = try model(widths, 3)
    func derivatives(_ forward: (GraphBatch, Mode) throws -> Output) throws -> [[Tensor]] {
      let weights = model.tensors().map(\.tensor), v = try vectors(model, "v")
      let mode: Mode = dropping ? .train(RandomStream(random["dropout"])) : .evaluate
      let loss = try crossEntropy(forward(batch, mode).prediction, targets)
      let first = try loss.gradients(of: weights, createGraph: true)
      let second = try product(first, v).gradients(of: weights, createGraph: true)
      let third = try product(second, v).gradients(of: weights)
      return try [first, second, third].map { try $0.map { try #require($0) } }
    }
    let found = try derivatives { try model($0, $1) }
    let expected = try derivatives { try model.referenceForward($0, $1) }
    for (order, (found, expected)) in zip(found, expected).enumerated() {
      for (a, b) in zip(found, expected) { #expect(try GraphTestData.error(a, b) < 1e-4, "order \(order + 1)") }
    }
  }

  @Test("the Hessian is symmetric")
  func symmetry() throws {
    let model = try model([30, 12, 8, 5], 4)
    let graph = try GraphTestData.graph(90, features: 30, directed: true, random["graph"])
    let batch = try GraphBatch(graph: graph, nodes: Tensor([Int64(1), 70, 12]))
    let weights = model.tensors().map(\.tensor)
    func times(_ v: [Tensor]) throws -> [Tensor?] {
      let loss = try crossEntropy(model(batch, .evaluate).prediction, Tensor([Int64(1), 4, 0]))
      return try product(loss.gradients(of: weights, createGraph: true), v).gradients(of: weights)
    }
    let u = try vectors(model, "u"), v = try vectors(model, "v")
    let (uhv, vhu) = (try product(times(v), u).item(), try product(times(u), v).item())
    #expect(abs(uhv) > 1e-3 && abs(uhv - vhu) < 1e-5 * abs(uhv))
  }

  @Test("a vector that moves biases or weights alone")
  func partOfTheParameters() throws {
    let model = try model([23, 7, 5], 5)
    let graph = try GraphTestData.graph(50, features: 23, directed: false, random["graph"])
    let batch = try GraphBatch(graph: graph, nodes: Tensor([Int64(1), 30]))
    for suffix in ["bias", "weight"] {
      func times(_ forward: (GraphBatch, Mode) throws -> Output) throws -> [Tensor?] {
        let all = model.tensors().map(\.tensor)
        let chosen = model.tensors().indices.filter { model.tensors()[$0].path.hasSuffix(suffix) }
        let loss = try crossEntropy(forward(batch, .evaluate).prediction, Tensor([Int64(1), 4]))
        let first = try loss.gradients(of: chosen.map { all[$0] }, createGraph: true)
        let v = try vectors(model, "v")
        return try product(first, chosen.map { v[$0] }).gradients(of: all)
      }
      let found = try times { try model($0, $1) }
      for (a, b) in zip(found, try times { try model.referenceForward($0, $1) }) {
        #expect(try GraphTestData.error(#require(a), #require(b)) < 1e-4, "\(suffix)")
      }
    }
  }

  @Test("without a graph of gradients nothing is recorded")
  func firstOrder() throws {
    let model = try model([23, 7, 5], 6)
    let graph = try GraphTestData.graph(50, features: 23, directed: false, random["graph"])
    let batch = try GraphBatch(graph: graph, nodes: Tensor([Int64(1), 30]))
    let weights = model.tensors().map(\.tensor)
    let loss = try crossEntropy(model(batch, .evaluate).prediction, Tensor([Int64(1), 4]))
    let gradients = try loss.gradients(of: weights)
    #expect(try gradients.allSatisfy { try !#require($0).requiresGradient })
  }
}
