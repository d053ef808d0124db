import PluginAPI
import Testing

/// What the tests of the graph readers leave out.
struct SparseMatrixTests {
  private func dense(_ matrix: SparseMatrix) -> [[Float]] {
    (0..<matrix.rows).map { row in
      var values = [Float](repeating: 0, count: matrix.columns)
      for (column, value) in matrix.row(row) { values[column] += value }
      return values
    }
  }

  @Test func transposingTwiceGivesTheMatrixBack() throws {
    var source = SplitMix(seed: 3)
    for _ in 0..<20 {
      let rows = source.below(9)
      let columns = 1 + source.below(9)
      var pointers = [0]
      var indices: [Int32] = []
      var values: [Float] = []
      for _ in 0..<rows {
        for column in 0..<columns where source.below(3) == 0 {
          indices.append(Int32(column))
          values.append(Float(source.signed()))
        }
        pointers.append(indices.count)
      }
      let matrix = try SparseMatrix(
        rows: rows, columns: columns, rowPointers: pointers, columnIndices: indices, values: values)
      let turned = dense(matrix.transposed())
      #expect(matrix.transposed().transposed() == matrix)
      for row in 0..<rows { for column in 0..<columns { #expect(turned[column][row] == dense(matrix)[row][column]) } }
    }
  }

  @Test func blocksAreScatteredToTheirRows() throws {
    let identity = SparseMatrix(identity: 3)
    let matrix = try SparseMatrix.scattering([(identity, [4, 0, 2])], rows: 5, columns: 3)
    #expect(dense(matrix) == [[0, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0], [1, 0, 0]])
    #expect(throws: BasinError.self) { _ = try SparseMatrix.scattering([(identity, [0, 0, 1])], rows: 5, columns: 3) }
    #expect(throws: BasinError.self) { _ = try SparseMatrix.scattering([(identity, [0, 1, 5])], rows: 5, columns: 3) }
    #expect(throws: BasinError.self) { _ = try SparseMatrix.scattering([(identity, [0, -1, 2])], rows: 5, columns: 3) }
    #expect(throws: BasinError.self) { _ = try SparseMatrix.scattering([(identity, [0, 1, 2])], rows: 5, columns: 4) }
  }

  @Test func indicatorsHoldEachPairOnce() {
    let matrix = SparseMatrix.indicator(rows: 2, columns: 3, pairs: [(1, 2), (0, 1), (1, 2), (1, 0)])
    #expect(matrix.rowPointers == [0, 1, 3] && matrix.columnIndices == [1, 0, 2] && matrix.values == [1, 1, 1])
  }
}
