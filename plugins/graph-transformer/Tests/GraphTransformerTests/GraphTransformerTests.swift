import Foundation
import GraphTransformer
import PluginAPI
import Testing

@Suite struct GraphTransformerTests {
  private let fixture: [String: Tensor]

  init() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    fixture = try Safetensors.read(folder.appendingPathComponent("transformer-conv.safetensors").path).tensors
  }

  private func tensor(_ name: String) throws -> Tensor { try #require(fixture[name], "no \(name) in the fixture") }

  /// max |a - b| / max |b|; infinite for another shape and for numbers that are none.
  private func error(_ a: Tensor, _ name: String) throws -> Double {
    let b = try tensor(name)
    guard a.shape == b.shape else { return .infinity }
    let (x, y): ([Double], [Double]) = try (a.detached().to(.float64).values(), b.to(.float64).values())
    let largest = y.reduce(0) { max($0, abs($1)) }
    let worst = zip(x, y).reduce(0.0) { ($1.0 - $1.1).isFinite ? max($0, abs($1.0 - $1.1)) : .infinity }
    return largest > 0 ? worst / largest : worst
  }

  private func edges(features: Bool) throws -> EdgeTensors {
    let index = try tensor("edge_index")
    return EdgeTensors(
      sources: try index.select(0), targets: try index.select(1), features: features ? try tensor("edge_attr") : nil, nodes: 7)
  }

  /// Takes the reference's weights, all of them by their names.
  private func load(_ name: String, into module: some Module) throws {
    let prefix = "\(name)/state/"
    let names = fixture.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    #expect(Set(module.tensors().map(\.path)) == Set(names))
    for item in module.tensors() { try item.tensor.copy(from: tensor(prefix + item.path)) }
  }

  private func checkGradients(_ name: String, of module: some Module) throws {
    for item in module.tensors() {
      let gradient = try #require(try item.tensor.gradient(), "\(item.path) has no gradient")
      // A key's bias moves all scores of a node alike: its gradient is 0 but for rounding.
      if item.path.hasSuffix("lin_key.bias"), try error(gradient, "\(name)/gradient/\(item.path)") > 1e-4 {
        #expect(try gradient.abs().max().item() < 1e-5)
      } else {
        #expect(try error(gradient, "\(name)/gradient/\(item.path)") < 1e-4, "\(name) \(item.path)")
      }
    }
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    var width = 4, heads = 2, concatenates = true, edgeFeatures = 0, root = true, gated = true
    var testDescription: String { name }
  }

  @Test(
    "a layer computes what PyTorch Geometric's does, gradients too",
    arguments: [
      Case(name: "plain", gated: false), Case(name: "gated"), Case(name: "edges", edgeFeatures: 3),
      Case(name: "mean", heads: 3, concatenates: false), Case(name: "rootless", root: false, gated: false),
    ])
  func layer(_ layer: Case) throws {
    let conv = try TransformerConvolution(
      6, heads: layer.heads, width: layer.width, concatenates: layer.concatenates, edgeFeatures: layer.edgeFeatures,
      root: layer.root, gated: layer.gated, dropout: 0)
    try load(layer.name, into: conv)
    let x = try tensor("x").clone()
    try x.setRequiresGradient(true)
    let output = try conv(x, edges(features: layer.edgeFeatures > 0), .evaluate)
    #expect(try error(output, "\(layer.name)/output") < 1e-5)
    try (output * tensor("\(layer.name)/weighting")).sum().backward()
    #expect(try error(#require(try x.gradient()), "\(layer.name)/gradient/x") < 1e-4)
    try checkGradients(layer.name, of: conv)
  }

  /// The fixture's graph as a data set would give it.
  private func graph() throws -> GraphBatch.Graph {
    let index: [Int64] = try tensor("edge_index").values(), values: [Float] = try tensor("x").values()
    let count = index.count / 2
    let sorted = (0..<count).map { (row: Int(index[count + $0]), column: Int32(index[$0])) }
      .sorted { ($0.row, $0.column) < ($1.row, $1.column) }
    var pointers = [0]
    for row in 0..<7 { pointers.append(pointers[row] + sorted.count { $0.row == row }) }
    return GraphBatch.Graph(
      features: try SparseMatrix(
        rows: 7, columns: 6, rowPointers: (0...7).map { $0 * 6 }, columnIndices: (0..<42).map { Int32($0 % 6) }, values: values),
      adjacency: try SparseMatrix(
        rows: 7, columns: 7, rowPointers: pointers, columnIndices: sorted.map(\.column),
        values: [Float](repeating: 1, count: count)))
  }

  private var options: GraphTransformerOptions {
    var options = GraphTransformerOptions()
    (options.hidden, options.heads, options.layers, options.dropout) = (4, 2, 2, 0)
    return options
  }

  @Test("the model of nodes is the same network in PyTorch, for any of the nodes")
  func network() throws {
    let model = try GraphTransformer(options, shape: .init(features: 6), task: .classification(classes: 3))
    try load("network", into: model)
    let graph = try graph()
    let all = try model(GraphBatch(graph: graph, nodes: Tensor((0..<7).map { Int64($0) })), .evaluate).prediction
    #expect(try error(all, "network/output") < 1e-5)
    let some = try model(GraphBatch(graph: graph, nodes: Tensor([Int64(5), 2, 5])), .evaluate).prediction
    #expect(try some.values(Float.self) == all.rows(Tensor([Int64(5), 2, 5])).values(Float.self))
    try (all * tensor("network/weighting")).sum().backward()
    try checkGradients("network", of: model)
  }

  @Test("weights of the edges to a node sum to 1, whatever the scores are")
  func softmax() throws {
    let edges = try edges(features: false)
    let scores = try Tensor((0..<24).map { Float(($0 * 37) % 11) * 200 - 1000 }, shape: [12, 2])
    let weights = try edges.softmax(scores)
    let sums: [Float] = try edges.sums(weights).values()
    for node in 0..<7 {
      // Node 6 has no neighbour.
      for head in 0..<2 { #expect(abs(sums[node * 2 + head] - (node == 6 ? 0 : 1)) < 1e-6) }
    }
  }

  @Test("a graph's prediction does not depend on the graphs beside it; one without an edge is a graph too")
  func packing() throws {
    // Two triangles of which one lacks an edge, and a single node.
    let columns: [[Int32]] = [[1, 2], [0, 2], [0, 1], [4], [3, 5], [4], []]
    let adjacency = try SparseMatrix(
      rows: 7, columns: 7, rowPointers: columns.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.count) },
      columnIndices: columns.flatMap { $0 }, values: [Float](repeating: 1, count: 10))
    let graph = try GraphBatch.Graph(
      features: SparseMatrix(identity: 7), adjacency: adjacency, graphPointers: [0, 3, 6, 7])
    let model = try GraphTransformer(
      options, shape: .init(features: 7, level: .graph, meanNodes: 7.0 / 3), task: .classification(classes: 2))
    try model.initialize(Random(seed: 3))
    let together: [Float] = try model(GraphBatch(graph: graph, graphs: Tensor([Int64(2), 0, 1])), .evaluate).prediction.values()
    for (place, number) in [2, 0, 1].enumerated() {
      let alone: [Float] = try model(GraphBatch(graph: graph, graphs: Tensor([Int64(number)])), .evaluate).prediction.values()
      for output in 0..<2 { #expect(abs(alone[output] - together[place * 2 + output]) < 1e-6) }
    }
    #expect(throws: BasinError.self) { try model(GraphBatch(graph: graph, graphs: Tensor([Int64(3)])), .evaluate) }
  }
}
