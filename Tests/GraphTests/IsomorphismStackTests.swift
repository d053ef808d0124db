import Graph
import PluginAPI
import Testing

/// GIN's layers as one function against the same layers one by one (`LibTorch.withSecondDerivatives` takes LibTorch's
/// operators).
@Suite("GIN in one pass", .serialized)
struct IsomorphismStackTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let hidden, layers, features: Int
    let readout, jumping, learnEpsilon: String
    var dropout = "0"
    var testDescription: String { "\(hidden) wide, \(layers) layers, \(readout), \(jumping), epsilon \(learnEpsilon)" }

    var settings: [String: String] {
      [
        "hidden": "\(hidden)", "layers": "\(layers)", "readout": readout, "jumping": jumping, "learnEpsilon": learnEpsilon,
        "dropout": dropout, "headDropout": "0",
      ]
    }
  }

  static let cases = [
    Case(hidden: 16, layers: 3, features: 5, readout: "sum", jumping: "cat", learnEpsilon: "false"),
    Case(hidden: 32, layers: 2, features: 40, readout: "mean", jumping: "last", learnEpsilon: "true"),
    Case(hidden: 7, layers: 4, features: 3, readout: "sum", jumping: "last", learnEpsilon: "true"),
    Case(hidden: 50, layers: 1, features: 9, readout: "mean", jumping: "cat", learnEpsilon: "true"),
    Case(hidden: 64, layers: 2, features: 90, readout: "sum", jumping: "cat", learnEpsilon: "false"),
  ]

  /// `sizes.count` random graphs with weighted edges one way and sparse features.
  private static func batch(_ features: Int, sizes: [Int]) throws -> GraphBatch {
    let random = Random(seed: 11)
    let nodes = sizes.reduce(0, +)
    let pointers = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    var rows: [Int] = [0], columns: [Int32] = [], values: [Float] = []
    for (graph, size) in sizes.enumerated() {
      let draws = random["edges"][graph].uniform(size * size)
      for row in 0..<size {
        for column in 0..<size where draws[row * size + column] < 3 / Float(size) {
          columns.append(Int32(pointers[graph] + column))
          values.append(0.5 + draws[row * size + column])
        }
        rows.append(columns.count)
      }
    }
    let given = random["features"].uniform(nodes * features)
    var featureRows: [Int] = [0], featureColumns: [Int32] = [], featureValues: [Float] = []
    for node in 0..<nodes {
      for column in 0..<features where given[node * features + column] < 0.4 {
        featureColumns.append(Int32(column))
        featureValues.append(given[node * features + column] * 5 - 1)
      }
      featureRows.append(featureColumns.count)
    }
    let graph = try GraphBatch.Graph(
      features: SparseMatrix(
        rows: nodes, columns: features, rowPointers: featureRows, columnIndices: featureColumns, values: featureValues),
      adjacency: SparseMatrix(rows: nodes, columns: nodes, rowPointers: rows, columnIndices: columns, values: values),
      graphPointers: pointers)
    // In another order than they are stored in, and not all.
    return GraphBatch(graph: graph, graphs: try Tensor(sizes.indices.dropLast().reversed().map { Int64($0) }))
  }

  /// Some hundred nodes: several blocks and lanes. Among the graphs one node alone, none, and many.
  private static let sizes = [12, 1, 30, 0, 150, 25, 18] + (0..<50).map { 5 + $0 % 23 } + [9]

  private struct Result {
    var prediction: Tensor
    var gradients: [(name: String, value: Tensor)]
    var buffers: [(name: String, value: Tensor)]
  }

  private func run(_ item: Case, _ mode: Mode, plainly: Bool, threads: Int = 2) throws -> Result {
    let input = try Self.batch(item.features, sizes: Self.sizes)
    let settings = try GIN.Settings(settings: item.settings, of: "gin")
    let model = try GIN(
      settings, shape: .init(features: item.features, level: .graph, meanNodes: 20), task: .classification(classes: 3))
    try model.initialize(Random(seed: 5))
    let tensors = model.tensors()
    // Normalizations and epsilons that are not their beginnings.
    for (index, tensor) in tensors.enumerated() where tensor.tensor.dtype == .float32 && tensor.tensor.shape.count == 1 {
      let values = Random(seed: 6)[index].uniform(tensor.tensor.count)
      try tensor.tensor.copy(from: Tensor(values.map { 0.4 + $0 }, shape: tensor.tensor.shape))
    }
    try LibTorch.setThreads(threads)
    let parameters = tensors.filter { $0.role == .parameter }
    func pass() throws -> (Tensor, [Tensor?]) {
      let output = try model(input, mode).prediction
      let weights = try Tensor(Random(seed: 7).uniform(output.count).map { $0 - 0.3 }, shape: output.shape)
      return (output, try (output * weights).sum().gradients(of: parameters.map(\.tensor)))
    }
    let (output, gradients) = try plainly ? LibTorch.withSecondDerivatives(pass) : pass()
    return Result(
      prediction: output,
      gradients: try zip(parameters, gradients).map { ($0.path, try #require($1)) },
      buffers: tensors.filter { $0.role != .parameter }.map { ($0.path, $0.tensor) })
  }

  @Test("outputs, gradients and running moments are those of the layers one by one", arguments: cases, [true, false])
  func twin(item: Case, trains: Bool) throws {
    func mode() -> Mode { trains ? .train(RandomStream(Random(seed: 2))) : .evaluate }
    let fast = try run(item, mode(), plainly: false), plain = try run(item, mode(), plainly: true)
    #expect(try GraphTestData.error(fast.prediction, plain.prediction) < 2e-5)
    let largest = try plain.gradients.map { try $0.value.abs().max().item() }.max() ?? 0
    for (a, b) in zip(fast.gradients, plain.gradients) {
      // A bias before a normalization by the batch has no effect: both gradients are rounding.
      if trains, a.name.contains("lins"), a.name.hasSuffix("bias"), a.name.hasPrefix("convs") {
        #expect(try a.value.abs().max().item() < 1e-4 * largest, "\(a.name)")
      } else {
        #expect(try GraphTestData.error(a.value, b.value) < 5e-5, "\(a.name)")
      }
    }
    for (a, b) in zip(fast.buffers, plain.buffers) {
      #expect(try GraphTestData.error(a.value.to(.float32), b.value.to(.float32)) < 1e-5, "\(a.name)")
    }
  }

  @Test("the bits do not depend on the number of threads", arguments: cases)
  func threads(item: Case) throws {
    let one = try run(item, .train(RandomStream(Random(seed: 2))), plainly: false, threads: 1)
    for threads in [2, 3, 5] {
      let many = try run(item, .train(RandomStream(Random(seed: 2))), plainly: false, threads: threads)
      #expect(try one.prediction.values(Float.self) == many.prediction.values(Float.self))
      // The last two layers are LibTorch's.
      for (a, b) in zip(one.gradients, many.gradients) where !a.name.hasPrefix("lin") {
        #expect(try a.value.values(Float.self) == b.value.values(Float.self), "\(a.name), \(threads) threads")
      }
    }
    try LibTorch.setThreads(2)
  }

  @Test("two batches in flight keep their own memory")
  func twoAtOnce() throws {
    let item = Self.cases[0]
    let settings = try GIN.Settings(settings: item.settings, of: "gin")
    let model = try GIN(
      settings, shape: .init(features: item.features, level: .graph, meanNodes: 20), task: .classification(classes: 3))
    try model.initialize(Random(seed: 5))
    let parameters = model.tensors().filter { $0.role == .parameter }.map(\.tensor)
    let first = try Self.batch(item.features, sizes: [9, 20, 4]), second = try Self.batch(item.features, sizes: [30, 8, 5, 6])
    func loss(_ batch: GraphBatch) throws -> Tensor { try model(batch, .train(RandomStream(Random(seed: 2)))).prediction.abs().sum() }
    func gradients(_ loss: Tensor) throws -> [[Float]] { try loss.gradients(of: parameters).map { try #require($0).values() } }
    let alone = (try gradients(loss(first)), try gradients(loss(second)))
    let (a, b) = (try loss(first), try loss(second))
    #expect(try gradients(a) == alone.0)
    #expect(try gradients(b) == alone.1)
  }
}
