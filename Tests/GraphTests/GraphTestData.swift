import Foundation
import Graph
import PluginAPI

/// Inputs for tests of the graph module's models.
enum GraphTestData {
  /// The checkout.
  static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// Where the real data sets lie, if they are there: `$BASIN_TEST_DATA`, else `shared/data` beside the checkout.
  static let data: String? = {
    let beside = URL(fileURLWithPath: root).deletingLastPathComponent().appendingPathComponent("shared/data").path
    let path = ProcessInfo.processInfo.environment["BASIN_TEST_DATA"] ?? beside
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()

  /// Says that a test is skipped; for `.enabled(if:)`.
  static func has(_ name: String) -> Bool {
    if let data, FileManager.default.fileExists(atPath: data + "/" + name) { return true }
    print("skipped: \(name) is not under ../shared/data (or $BASIN_TEST_DATA)")
    return false
  }

  /// A random sparse matrix; about one row in five is empty.
  static func sparse(_ rows: Int, _ columns: Int, density: Double, _ random: Random) throws -> SparseMatrix {
    let chances = random["chances"].uniform(rows * columns)
    let numbers = random["values"].uniform(rows * columns)
    let empty = random["empty"].uniform(rows)
    var pointers = [0]
    var indices: [Int32] = []
    var values: [Float] = []
    for row in 0..<rows {
      for column in 0..<columns where empty[row] > 0.2 && Double(chances[row * columns + column]) < density {
        indices.append(Int32(column))
        values.append(2 * numbers[row * columns + column] - 1)
      }
      pointers.append(values.count)
    }
    return try SparseMatrix(rows: rows, columns: columns, rowPointers: pointers, columnIndices: indices, values: values)
  }

  /// A random graph of 0/1 edges, self-loops and isolated nodes included.
  static func graph(_ nodes: Int, features: Int, directed: Bool, _ random: Random) throws -> GraphBatch.Graph {
    var pairs: [(row: Int32, column: Int32)] = []
    for (a, b) in zip(
      random["a"].integers(2 * nodes, below: max(nodes * 4 / 5, 1)),
      random["b"].integers(2 * nodes, below: max(nodes * 4 / 5, 1)))
    {
      pairs.append((Int32(a), Int32(b)))
      if !directed { pairs.append((Int32(b), Int32(a))) }
    }
    return GraphBatch.Graph(
      features: try sparse(nodes, features, density: 0.2, random["features"]),
      adjacency: SparseMatrix.indicator(rows: nodes, columns: nodes, pairs: nodes == 0 ? [] : pairs))
  }

  /// Undirected graphs of the given sizes in one packing, self-loops and isolated nodes included.
  static func graphs(_ sizes: [Int], features: Int, _ random: Random) throws -> GraphBatch.Graph {
    var pairs: [(row: Int32, column: Int32)] = []
    var pointers = [0]
    for (number, size) in sizes.enumerated() {
      let begin = pointers[number]
      pointers.append(begin + size)
      guard size > 0 else { continue }
      let random = random[number]
      for (a, b) in zip(random["a"].integers(2 * size, below: size), random["b"].integers(2 * size, below: size)) {
        pairs.append((Int32(begin + a), Int32(begin + b)))
        pairs.append((Int32(begin + b), Int32(begin + a)))
      }
    }
    let nodes = pointers[sizes.count]
    return try GraphBatch.Graph(
      features: sparse(nodes, features, density: 0.4, random["features"]),
      adjacency: SparseMatrix.indicator(rows: nodes, columns: nodes, pairs: pairs), graphPointers: pointers)
  }

  /// max |a - b| / max |b|.
  static func error(_ a: Tensor, _ b: Tensor) throws -> Double {
    guard a.shape == b.shape else { return .infinity }
    let (a, b): ([Double], [Double]) = try (a.to(.float64).values(), b.to(.float64).values())
    let scale = b.reduce(0) { max($0, abs($1)) }
    let difference = zip(a, b).reduce(0.0) { abs($1.0 - $1.1) > $0 || ($1.0 - $1.1).isNaN ? abs($1.0 - $1.1) : $0 }
    return difference == 0 ? 0 : difference / max(scale, 1e-30)
  }

  /// The logits, the loss and the gradient of every parameter.
  static func run(
    _ model: GCN, _ batch: GraphBatch, _ targets: [Int64], mode: () -> Mode, plainly: Bool
  ) throws -> (logits: Tensor, loss: Tensor, gradients: [String: Tensor]) {
    for item in model.tensors() { try item.tensor.clearGradient() }
    let logits = try (plainly ? model.referenceForward(batch, mode()) : model(batch, mode())).prediction
    let loss = try crossEntropy(logits, Tensor(targets))
    try loss.backward()
    var gradients: [String: Tensor] = [:]
    for item in model.tensors() { gradients[item.path] = try item.tensor.gradient()?.clone() }
    return (logits, loss, gradients)
  }
}
