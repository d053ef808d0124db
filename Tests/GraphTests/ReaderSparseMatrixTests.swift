import Graph
import PluginAPI
import Testing

@Suite("Sparse matrix and graph values")
struct ReaderSparseMatrixTests {
  @Test func transposing() throws {
    let matrix = try SparseMatrix(
      rows: 2, columns: 3, rowPointers: [0, 2, 3], columnIndices: [0, 2, 1], values: [1, 2, 3])
    let transposed = matrix.transposed()
    #expect(transposed.rows == 3 && transposed.columns == 2)
    #expect(transposed.rowPointers == [0, 1, 2, 3])
    #expect(transposed.columnIndices == [0, 1, 0])
    #expect(transposed.values == [1, 3, 2])
    #expect(transposed.transposed() == matrix)
  }

  @Test func rowsAreSorted() throws {
    let matrix = try SparseMatrix(
      rows: 2, columns: 3, rowPointers: [0, 3, 3], columnIndices: [2, 0, 1], values: [3, 1, 2])
    #expect(matrix.columnIndices == [0, 1, 2] && matrix.values == [1, 2, 3])
  }

  @Test func rowNormalization() throws {
    let matrix = try SparseMatrix(
      rows: 3, columns: 2, rowPointers: [0, 2, 2, 4], columnIndices: [0, 1, 0, 1], values: [1, 3, 1, -1]
    ).rowNormalized()
    #expect(matrix.values == [0.25, 0.75, 0, 0])
    #expect(matrix.rowPointers == [0, 2, 2, 4])
  }

  @Test func whatDoesNotFitIsRefused() {
    let bad: [(Int, Int, [Int], [Int32], [Float])] = [
      (2, 2, [0, 1], [0], [1]), (1, 2, [0, 1], [2], [1]), (1, 2, [0, 1], [-1], [1]), (2, 2, [0, 1, 0], [], []),
      (1, 2, [0, 1], [0], []), (1, 2, [0, 2], [0, 0], [1, 1]), (1, 2, [0, 1], [0], [.nan]),
      (1, 2, [0, 1], [0], [.infinity]),
      (-1, 2, [], [], []), (Int.max, 2, [0], [], []), (2, 2, [0, 5, 1], [0], [1]), (1, 2, [1, 1], [0], [1]),
    ]
    for (rows, columns, pointers, indices, values) in bad {
      let error = ReaderTestData.error {
        _ = try SparseMatrix(
          rows: rows, columns: columns, rowPointers: pointers, columnIndices: indices, values: values)
      }
      #expect(error?.kind == .badData)
    }
  }

  @Test func identityAndEmpty() {
    #expect(SparseMatrix(identity: 3).rowPointers == [0, 1, 2, 3])
    #expect(SparseMatrix(identity: 0).entryCount == 0)
    #expect(SparseMatrix(emptyRows: 2, columns: 5).rowPointers == [0, 0, 0])
  }

  @Test func symmetricAdjacencyIsASet() {
    let graph = NodeGraph(
      nodeCount: 4, sources: [0, 1, 0, 2, 2], targets: [1, 0, 1, 2, 0], isDirected: false,
      features: SparseMatrix(identity: 4), labels: [-1, -1, -1, -1], classNames: [], trainIndices: [],
      validationIndices: [], testIndices: [])
    let adjacency = graph.symmetricAdjacency()
    #expect(adjacency.rowPointers == [0, 2, 3, 5, 5])
    #expect(adjacency.columnIndices == [1, 2, 0, 0, 2])
    #expect(adjacency.values == [1, 1, 1, 1, 1])
    #expect(adjacency.transposed() == adjacency)
    #expect(graph.edgeStatistics == NodeGraph.EdgeStatistics(uniqueEdges: 2, selfLoops: 1))
    #expect(graph.symmetricAdjacency(keepingSelfLoops: false).entryCount == 4)
  }

  @Test func graphValidation() throws {
    let good = NodeGraph(
      nodeCount: 2, sources: [0], targets: [1], isDirected: false, features: SparseMatrix(identity: 2),
      labels: [0, -1],
      classNames: ["a"], trainIndices: [0], validationIndices: [], testIndices: [])
    try good.validate()
    var changes: [NodeGraph] = []
    for change in 0..<7 {
      var bad = good
      switch change {
      case 0: bad.targets = [2]
      case 1: bad.targets = []
      case 2: bad.features = SparseMatrix(identity: 3)
      case 3: bad.labels = [1, -1]
      case 4: bad.trainIndices = [1]
      case 5: bad.testIndices = [0]
      default: bad.validationIndices = [-1]
      }
      changes.append(bad)
    }
    for bad in changes { #expect(ReaderTestData.error { try bad.validate() }?.kind == .badData) }
  }
}
