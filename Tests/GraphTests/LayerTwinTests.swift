import Graph
import PluginAPI
import Testing

/// Fused layers against their twins by LibTorch's operators: results and every gradient.
@Suite("Graph layers against their twins")
struct LayerTwinTests {
  /// What a test's aggregations are of: some nodes of a directed graph, some of them twice; whole graphs; drawn neighbours.
  enum Source: String, CaseIterable { case nodes, graphs, sampled }

  private func field(_ source: Source, _ weighting: Weighting, seed: UInt64 = 1) throws -> ReceptiveField {
    let random = Random(seed: seed)
    let cache = ReceptiveFieldCache(weighting: weighting)
    switch source {
    case .nodes, .sampled:
      let graph = try GraphTestData.graph(60, features: 5, directed: true, random["graph"])
      let nodes = random["nodes"].integers(17, below: 60).map { Int64($0) } + [3, 3]
      let fanouts = source == .sampled ? ([2], random["draws"]) : nil
      return try cache.field(of: GraphBatch(graph: graph, nodes: Tensor(nodes)), depth: 1, fanouts: fanouts)
    case .graphs:
      let graph = try GraphTestData.graphs([7, 1, 0, 12, 5], features: 5, random["graphs"])
      return try cache.field(of: GraphBatch(graph: graph, graphs: Tensor([Int64(3), 1, 0, 2, 3])), depth: 1)
    }
  }

  private func numbers(_ shape: [Int], _ random: Random) throws -> Tensor {
    let x = try Tensor(random.uniform(shape.reduce(1, *)).map { 2 * $0 - 1 }, shape: shape)
    try x.setRequiresGradient(true)
    return x
  }

  /// The results of `body` and the gradients of a weighted sum of it.
  private func differentiated(_ inputs: [Tensor], _ body: ([Tensor]) throws -> Tensor) throws -> [Tensor] {
    let result = try body(inputs)
    let weights = try Tensor(
      Random(seed: 9)["weights"].uniform(result.count).map { $0 - 0.3 }, shape: result.shape)
    let gradients = try (result * weights.to(result.dtype)).sum().gradients(of: inputs)
    return [try result.detached()] + (try gradients.map { try #require($0) })
  }

  private func expectSame(
    _ inputs: [Tensor], tolerance: Double = 2e-6, _ fast: ([Tensor]) throws -> Tensor, _ plain: ([Tensor]) throws -> Tensor,
    _ comment: Comment
  ) throws {
    // The twin in float64 is the truth.
    let exact = try inputs.map { input in
      let wide = try input.detached().to(.float64)
      try wide.setRequiresGradient(true)
      return wide
    }
    let (found, expected) = (try differentiated(inputs, fast), try differentiated(exact, plain))
    // Relative to the largest gradient of all: one that vanishes mathematically has nothing of its own to compare with.
    func largest(_ tensors: ArraySlice<Tensor>) throws -> Double {
      try tensors.map { $0.count == 0 ? 0 : try $0.abs().max().item() }.max() ?? 0
    }
    let scale = try max(largest(expected.dropFirst()), 1e-30)
    #expect(try GraphTestData.error(found[0], expected[0]) < tolerance, comment)
    for (found, expected) in zip(found, expected).dropFirst() {
      #expect(found.shape == expected.shape, comment)
      #expect(try largest([found.to(.float64) - expected]) / scale < tolerance, comment)
    }
  }

  @Test(
    "sums and maxima over neighbours", arguments: Source.allCases, [Weighting.sum, .sumWithSelf, .mean, .renormalized, .looped])
  func sums(source: Source, weighting: Weighting) throws {
    let layer = try field(source, weighting).layers[0]
    for width in [1, 3, 8, 19, 40] {
      let x = try numbers([layer.inputCount, width], Random(seed: UInt64(width)))
      try expectSame(
        [x], { try layer.neighborSums($0[0]) }, { try layer.neighborSumsPlainly($0[0]) }, "sums of \(width)")
      try expectSame(
        [x], { try layer.neighborMaxima($0[0]) }, { try layer.neighborMaximaPlainly($0[0]) }, "maxima of \(width)")
    }
  }

  @Test("readouts and products of segments", arguments: Readout.allCases)
  func readouts(readout: Readout) throws {
    for lengths in [[4, 1, 0, 30, 7], [], [0], [100]] {
      let segments = try Segments(lengths: lengths)
      for width in [1, 7, 16] {
        let x = try numbers([segments.rows, width], Random(seed: 3))
        try expectSame(
          [x], { try segments.reduce($0[0], readout) }, { try segments.reducePlainly($0[0], readout) },
          "\(lengths) \(width)")
        guard !lengths.isEmpty else { continue }
        let y = try numbers([segments.rows, 5], Random(seed: 4))
        try expectSame(
          [x, y], { try segments.products($0[0], $0[1]) }, { try segments.productsPlainly($0[0], $0[1]) },
          "products \(lengths) \(width)")
      }
    }
  }

  @Test(
    "attention over neighbours", arguments: Source.allCases, [(1, 1), (1, 7), (8, 8), (3, 5), (9, 16), (16, 3)])
  func attention(source: Source, shape: (heads: Int, width: Int)) throws {
    let layer = try field(source, .looped).layers[0]
    let (heads, width) = shape
    for dropout in [0, 0.6] {
      let attention = try NeighborAttention(
        layer, heads: heads, width: width, dropout: dropout, RandomStream(Random(seed: 5)))
      let x = try numbers([layer.inputCount, heads * width], Random(seed: 6))
      let y = try numbers([layer.inputCount, heads * width], Random(seed: 7))
      let (a, b) = (try numbers([1, heads, width], Random(seed: 8)), try numbers([1, heads, width], Random(seed: 9)))
      try expectSame(
        [x, a, b], tolerance: 1e-5, { try attention($0[0], source: $0[1], target: $0[2]) },
        { try attention.plainly($0[0], source: $0[1], target: $0[2]) }, "GAT, dropout \(dropout)")
      try expectSame(
        [x, y, a], tolerance: 1e-5, { try attention($0[0], $0[1], vector: $0[2]) },
        { try attention.plainly($0[0], $0[1], vector: $0[2]) }, "GATv2, dropout \(dropout)")
    }
  }

  @Test("attention with scores far apart stays finite and exact")
  func largeScores() throws {
    let layer = try field(.nodes, .looped).layers[0]
    let attention = try NeighborAttention(layer, heads: 2, width: 4, dropout: 0, nil)
    let x = try (numbers([layer.inputCount, 8], Random(seed: 6)).detached() * 300)
    try x.setRequiresGradient(true)
    let (a, b) = (try numbers([1, 2, 4], Random(seed: 8)), try numbers([1, 2, 4], Random(seed: 9)))
    try expectSame(
      [x, a, b], tolerance: 1e-3, { try attention($0[0], source: $0[1], target: $0[2]) },
      { try attention.plainly($0[0], source: $0[1], target: $0[2]) }, "scores of hundreds")
  }

  @Test("the greatest of each graph, rounded up; ties go to the first; NaN last")
  func top() throws {
    let segments = try Segments(lengths: [5, 0, 1, 4])
    let scores: [Float] = [1, 3, 3, 2, -1, 0.5, .nan, 1, 1, 1]
    func rows(_ ratio: Double) throws -> [Int32] { try segments.topRows(Tensor(scores, shape: [10, 1]), ratio: ratio).rows }
    #expect(try rows(0.5) == [1, 2, 3, 5, 7, 8])
    #expect(try rows(1) == Array(0..<10))
    #expect(try rows(0.01) == [1, 5, 7])
    #expect(try rows(0.2) == [1, 5, 7])
    let kept = try segments.topRows(Tensor(scores, shape: [10, 1]), ratio: 0.5).segments
    #expect((0..<4).map { kept.length($0) } == [3, 0, 1, 2])
  }
}

/// Which rows and entries neighbourhoods have, against loops over the adjacency.
@Suite("Neighbourhoods")
struct NeighborhoodTests {
  private func entries(_ aggregation: Aggregation) throws -> [[Int: Float]] {
    // Read out by a product with the identity.
    let count = aggregation.inputCount
    let eye = try Tensor((0..<(count * count)).map { Float($0 / count == $0 % count ? 1 : 0) }, shape: [count, count])
    let rows: [Float] = try aggregation.neighborSums(eye).values()
    let nodes = Array(aggregation.inputs)
    return (0..<aggregation.outputCount).map { row in
      var line: [Int: Float] = [:]
      for place in 0..<count where rows[row * count + place] != 0 { line[Int(nodes[place])] = rows[row * count + place] }
      return line
    }
  }

  @Test("whole neighbourhoods, node by node")
  func whole() throws {
    let graph = try GraphTestData.graph(50, features: 3, directed: true, Random(seed: 2))
    let nodes: [Int64] = [7, 49, 7, 0, 23]
    for (weighting, matrix) in [
      (Weighting.sum, graph.adjacency), (.mean, graph.adjacency.rowNormalized()),
      (.renormalized, try graph.adjacency.renormalized()),
    ] {
      let cache = ReceptiveFieldCache(weighting: weighting)
      let layer = try cache.field(of: GraphBatch(graph: graph, nodes: Tensor(nodes)), depth: 1).layers[0]
      #expect(layer.outputs.map { Int64($0) } == nodes)
      #expect(zip(layer.selves, nodes).allSatisfy { Int64(layer.inputs[Int($0)]) == $1 })
      #expect(Array(layer.inputs) == layer.inputs.sorted())
      for (line, node) in zip(try entries(layer), nodes) {
        #expect(line == Dictionary(uniqueKeysWithValues: matrix.row(Int(node)).map { ($0.column, $0.value) }))
      }
    }
  }

  @Test("drawn neighbours: as many as wanted, without replacement, evenly, the same for the same stream")
  func drawn() throws {
    // A star: node 0 has the neighbours 1...20, its weights rise.
    let star = try SparseMatrix(
      rows: 21, columns: 21, rowPointers: [0] + Array(repeating: 20, count: 21), columnIndices: (1...20).map { Int32($0) },
      values: (1...20).map { Float($0) })
    let graph = GraphBatch.Graph(features: SparseMatrix(identity: 21), adjacency: star)
    let cache = ReceptiveFieldCache(weighting: .sum)
    let batch = try GraphBatch(graph: graph, nodes: Tensor([Int64(0)]))
    var counts = [Int](repeating: 0, count: 21)
    let rounds = 4000
    for round in 0..<rounds {
      func draw() throws -> [Int: Float] {
        try entries(cache.field(of: batch, depth: 1, fanouts: ([5], Random(seed: 3)[round])).layers[0])[0]
      }
      let line = try draw()
      #expect(line.count == 5)
      #expect(abs(line.values.reduce(0, +) - 210) < 1e-2, "the sum of the weights stays")
      if round < 50 { #expect(try draw() == line) }
      for node in line.keys { counts[node] += 1 }
    }
    // Each is expected rounds / 4 times, with a deviation of 27.
    #expect(counts[0] == 0 && counts.dropFirst().allSatisfy { abs($0 - rounds / 4) < 140 }, "\(counts)")
    let all = try cache.field(of: batch, depth: 1, fanouts: ([20], Random(seed: 3))).layers[0]
    #expect(try entries(all)[0].count == 20)
  }

  @Test("graphs of a packing are those rows; what is induced and renormalized is as if made from the matrix")
  func graphs() throws {
    let graph = try GraphTestData.graphs([7, 1, 0, 12, 5], features: 4, Random(seed: 5))
    let cache = ReceptiveFieldCache(weighting: .sum)
    let field = try cache.field(of: GraphBatch(graph: graph, graphs: Tensor([Int64(3), 0])), depth: 2)
    let layer = field.layers[0]
    let nodes = Array(8..<20) + Array(0..<7)
    #expect(layer.outputs.map { Int($0) } == nodes)
    #expect(field.segments?.count == 2 && field.segments?.length(0) == 12)
    // A product with the identity gives columns in batch order, so nodes are compared by row.
    func line(_ matrix: SparseMatrix, _ node: Int) -> [Int: Float] {
      Dictionary(uniqueKeysWithValues: matrix.row(node).map { ($0.column, $0.value) })
    }
    for (found, node) in zip(try entries(layer), nodes) { #expect(found == line(graph.adjacency, node)) }
    let renormalized = try graph.adjacency.renormalized()
    for (found, node) in zip(try entries(layer.renormalized()), nodes) { #expect(found == line(renormalized, node)) }
    let kept: [Int32] = [0, 3, 4, 11, 12, 18]
    let left = Set(kept.map { nodes[Int($0)] })
    let induced = try layer.induced(kept)
    #expect(induced.isSquare || kept.isEmpty)
    for (found, row) in zip(try entries(induced), kept) {
      #expect(found == line(graph.adjacency, nodes[Int(row)]).filter { left.contains($0.key) })
    }
  }

  @Test("graphs and nodes that are not there, packings that do not fit")
  func errors() throws {
    let graph = try GraphTestData.graphs([3, 2], features: 4, Random(seed: 5))
    let cache = ReceptiveFieldCache(weighting: .sum)
    for number in [Int64(2), -1, .max] {
      #expect(throws: BasinError.self) {
        try cache.field(of: GraphBatch(graph: graph, graphs: Tensor([number])), depth: 1)
      }
    }
    let edge = SparseMatrix.indicator(rows: 4, columns: 4, pairs: [(0, 3)])
    for pointers in [[0, 2, 4], [0, 5], [1, 4], [0, 3, 2, 4], []] {
      #expect(throws: BasinError.self) {
        try GraphBatch.Graph(features: SparseMatrix(identity: 4), adjacency: edge, graphPointers: pointers)
      }
    }
    #expect(throws: Never.self) {
      try GraphBatch.Graph(features: SparseMatrix(identity: 4), adjacency: edge, graphPointers: [0, 4, 4])
    }
  }
}
